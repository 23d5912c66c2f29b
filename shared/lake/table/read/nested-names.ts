import { ident, literal, literalList } from '../../../engine/sql.ts';
import type { Db } from '../../../engine/with-duckdb.ts';
import { storedType } from '../../iceberg/duckdb-types.ts';
import { childrenOf } from '../../iceberg/schema.ts';
import type { Field, MapType, StructType, Type } from '../../iceberg/types.ts';

/** Files with the same fields, and the wanted columns in types that these files can be read in. */
export interface FileGroup {
  paths: string[];
  fields: Field[];
}

/** A node of a Parquet schema; the nodes follow each other depth first. */
interface Node {
  id: number | null;
  name: string;
  children: number;
}

/** What is directly inside a struct of a file, by the struct's id. */
type Members = ReadonlyMap<number, readonly Node[]>;

/**
 * DuckDB finds columns by field id, but members of a struct by name: one that was renamed would be NULL, one that took
 * a dropped one's name would have the other's values, and a struct without a single known member is an error. So files
 * with structs are read as they are, each kind by itself, and `asToday` makes today's type of their values.
 *
 * Where no column has a struct, no file is opened.
 */
export const groupByStructs = async (
  db: Db,
  paths: readonly string[],
  fields: readonly Field[],
): Promise<FileGroup[]> => {
  if (!fields.some(({ type }) => hasStruct(type))) return [{ paths: [...paths], fields: [...fields] }];
  const kinds = await db.all<{ paths: string[]; nodes: Node[] }>(`
    SELECT list(file_name) AS paths, nodes FROM (
      SELECT file_name, list({
        'id': field_id, 'name': name, 'children': coalesce(num_children, 0)
      } ORDER BY column_id) AS nodes
      FROM parquet_schema(${literalList(paths)}) GROUP BY file_name)
    GROUP BY nodes`);
  return kinds.map(({ paths, nodes }) => {
    const members = membersOf(nodes);
    return {
      paths,
      fields: fields.map((field) => ({ ...field, type: readable(field.type, field.id, members) })),
    };
  });
};

/** SQL that makes a value of type `from`, as `alikeFiles` gives it, one of type `to`. NULL stays NULL at every depth. */
export const convertSql = (value: string, from: Type, to: Type): string =>
  from === to ? value : convertedSql(value, from, to, 0);

const hasStruct = (type: Type): boolean =>
  typeof type !== 'string' &&
  (type.type === 'struct' || childrenOf(type).some((child) => hasStruct(child.type)));

const membersOf = (nodes: readonly Node[]): Members => {
  const members = new Map<number, Node[]>();
  const queue = nodes.values();
  const take = (count: number): Node[] =>
    Array.from({ length: count }, () => {
      const node = queue.next().value as Node;
      const children = take(node.children);
      if (node.id !== null) members.set(node.id, children);
      return node;
    });
  take(1);
  return members;
};

/** The type itself where DuckDB reads it rightly from such a file, else one with the file's own members. */
const readable = (type: Type, id: number, members: Members): Type => {
  if (typeof type === 'string') return type;
  if (type.type === 'list') {
    const element = readable(type.element, type['element-id'], members);
    return element === type.element ? type : { ...type, element };
  }
  if (type.type === 'map') {
    const key = readable(type.key, type['key-id'], members);
    const value = readable(type.value, type['value-id'], members);
    return key === type.key && value === type.value ? type : { ...type, key, value };
  }
  const nodes = members.get(id);
  return nodes === undefined ? type : readableStruct(type, nodes, members);
};

const readableStruct = (type: StructType, nodes: readonly Node[], members: Members): StructType => {
  const present = type.fields.flatMap((field) => {
    const node = nodes.find((each) => each.id === field.id);
    return node === undefined
      ? []
      : [{ ...field, name: node.name, type: readable(field.type, field.id, members) }];
  });
  const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
  const isPlain = type.fields.every((field) => {
    const found = present.find(({ id }) => id === field.id);
    if (found === undefined) return !nodes.some(({ name }) => sameName(name, field.name));
    return found.name === field.name && found.type === field.type;
  });
  if (present.length > 0) return isPlain ? type : { type: 'struct', fields: present };
  // Nobody wants its value, but only with a member does DuckDB tell whether the struct is NULL. Text holds any type.
  const [any] = nodes;
  return {
    type: 'struct',
    fields: [{ id: any?.id ?? 0, name: any?.name ?? '', required: false, type: 'string' }],
  };
};

const convertedSql = (value: string, from: Type, to: Type, depth: number): string => {
  if (from === to || typeof from === 'string' || typeof to === 'string') return value;
  const item = `x${depth}`;
  if (from.type === 'list' && to.type === 'list')
    return `list_transform(${value}, lambda ${item}: ${convertedSql(item, from.element, to.element, depth + 1)})`;
  if (from.type === 'map' && to.type === 'map') return convertedMapSql(value, from, to, depth);
  if (from.type !== 'struct' || to.type !== 'struct') return value;
  const members = to.fields.map((field) => {
    const source = from.fields.find(({ id }) => id === field.id);
    const member =
      source === undefined
        ? `CAST(NULL AS ${storedType(field.type)})`
        : convertedSql(`struct_extract(${value}, ${literal(source.name)})`, source.type, field.type, depth);
    return `${ident(field.name)} := ${member}`;
  });
  return `CASE WHEN ${value} IS NOT NULL THEN struct_pack(${members.join(', ')}) END`;
};

const convertedMapSql = (value: string, from: MapType, to: MapType, depth: number): string => {
  const item = `x${depth}`;
  const key = convertedSql(`struct_extract(${item}, 'key')`, from.key, to.key, depth + 1);
  const mapped = convertedSql(`struct_extract(${item}, 'value')`, from.value, to.value, depth + 1);
  return `map_from_entries(list_transform(map_entries(${value}), lambda ${item}: struct_pack(k := ${key}, v := ${mapped})))`;
};
