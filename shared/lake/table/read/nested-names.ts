import { ident, literal, literalList } from '../../../engine/sql.ts';
import type { Db } from '../../../engine/with-duckdb.ts';
import { storedType } from '../../iceberg/duckdb-types.ts';
import { childrenOf } from '../../iceberg/schema.ts';
import type { Field, MapType, StructType, Type } from '../../iceberg/types.ts';

/** Files with the same fields, and the wanted columns in types in which DuckDB can read these files. */
export interface FileGroup {
  paths: string[];
  fields: Field[];
}

/** A node of a Parquet schema. Schemas list their nodes depth first. */
interface Node {
  id: number | null;
  name: string;
  children: number;
}

/** The nodes directly inside a struct of a file, by the struct's id. */
type Members = ReadonlyMap<number, readonly Node[]>;

/**
 * Groups files by the members of their structs, and gives each group the types to read it in.
 *
 * DuckDB finds columns by field id, but members of a struct by name. A renamed member would be NULL, a member that took a
 * dropped one's name would get that one's values, and a struct without a single known member is an error. So each group
 * is read with its own members, and `convertSql` converts the values to the current type.
 *
 * If no column has a struct, no file is opened.
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

/** SQL that converts a value from the type that `groupByStructs` gives to the type `to`. NULL stays NULL at every depth. */
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

/** The type itself if DuckDB reads it correctly from such a file, else one with the file's members. */
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
  // The member's value is not used, but DuckDB needs one to tell whether the struct is NULL. Any type can be read as text.
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
