import { SchemaIncompatible } from '../../errors.ts';
import { icebergTypeOf } from './duckdb-types.ts';
import { isNested } from './schema.ts';
import { assignIds, changeType, FieldIds, type Obstacle } from './type-change.ts';
import type { Field, Schema, UnassignedType } from './types.ts';

/** Columns have DuckDB types that no Iceberg type can hold. */
export class UnsupportedTypes extends Error {
  override readonly name = 'UnsupportedTypes';
}

export interface WantedColumn {
  /** Stays the same when the column is renamed. */
  identity: string;
  name: string;
  /** The DuckDB type, as DESCRIBE prints it. */
  type: string;
  required: boolean;
  doc?: string;
}

export interface EvolveOptions {
  /** Names the table in messages. */
  where: string;
  /** The highest field id that the table has ever used. No id is used twice. */
  lastColumnId: number;
  /** Names of the columns of the primary key. */
  identifier: readonly string[];
  /** All schemas of the table, the oldest first: a struct's field that returns gets its former id. */
  history?: readonly Schema[];
  /** No existing file stays: a column whose type cannot change becomes a new field of the same name. */
  replace?: boolean;
}

export interface Evolved {
  /** Has the `schema-id` of the base, 0 for a new table. The caller numbers it if it differs from the base. */
  schema: Schema;
  /** Field ids of the columns, by identity. */
  columnIds: Record<string, number>;
  lastColumnId: number;
}

/**
 * The table's next schema: columns are added, dropped, renamed (the identity stays), moved, widened, and become
 * optional. An optional column stays optional, and a column that is added to an existing table is optional. The same
 * input gives the same ids.
 *
 * @throws UnsupportedTypes when Iceberg has no type for a column
 * @throws SchemaIncompatible when Iceberg does not allow a change of type
 */
export const evolveSchema = (
  base: { schema: Schema; columnIds: Readonly<Record<string, number>> } | undefined,
  wanted: readonly WantedColumn[],
  options: EvolveOptions,
): Evolved => {
  const types = typesOf(wanted, options.where);
  const ids = new FieldIds(options.lastColumnId);
  const obstacles: Obstacle[] = [];
  const columnIds: [string, number][] = [];
  const fields = wanted.map((column, at): Field => {
    const type = types[at] ?? 'string';
    const known = knownField(base, column.identity);
    const found: Obstacle[] = [];
    const change = { ids, obstacles: found, history: options.history ?? [] };
    const next = known === undefined ? undefined : changeType(known, type, change, [column.name]);
    const stays = known !== undefined && (found.length === 0 || options.replace !== true);
    if (stays) obstacles.push(...found);
    const id = stays ? known.id : ids.next();
    columnIds.push([column.identity, id]);
    return {
      id,
      name: column.name,
      required: column.required && (base === undefined || (stays && known.required)),
      type: stays && next !== undefined ? next : assignIds(type, ids),
      ...(column.doc !== undefined && { doc: column.doc }),
    };
  });
  if (obstacles.length > 0) throw new SchemaIncompatible(describe(obstacles, options.where));
  const identifier = identifierIds(fields, options.identifier);
  const schema: Schema = {
    type: 'struct',
    'schema-id': base?.schema['schema-id'] ?? 0,
    ...(identifier.length > 0 && { 'identifier-field-ids': identifier }),
    fields,
  };
  return { schema, columnIds: Object.fromEntries(columnIds), lastColumnId: ids.last };
};

const typesOf = (wanted: readonly WantedColumn[], where: string): UnassignedType[] => {
  const types = wanted.map(({ type }) => icebergTypeOf(type));
  const without = wanted.filter((_, at) => types[at] === undefined);
  if (without.length > 0)
    throw new UnsupportedTypes(
      `${where}: Iceberg tables have no type for ${without
        .map(({ name, type }) => `column "${name}" (${type})`)
        .join(', ')}. Cast it to a type that they have, such as VARCHAR or DECIMAL(38, 0).`,
    );
  return types.filter((type) => type !== undefined);
};

const knownField = (
  base: { schema: Schema; columnIds: Readonly<Record<string, number>> } | undefined,
  identity: string,
): Field | undefined =>
  base !== undefined && Object.hasOwn(base.columnIds, identity)
    ? base.schema.fields.find(({ id }) => id === base.columnIds[identity])
    : undefined;

/** The field ids of the key; none if Iceberg cannot have all of its columns in one, since a part identifies no row. */
const identifierIds = (fields: readonly Field[], names: readonly string[]): number[] => {
  const key = names.map((name) => fields.find((field) => field.name === name));
  const fit = key.filter(
    (field) =>
      field?.required === true && !isNested(field.type) && field.type !== 'float' && field.type !== 'double',
  );
  return fit.length === names.length ? fit.flatMap((field) => field?.id ?? []) : [];
};

const describe = (obstacles: readonly Obstacle[], where: string): string => {
  const all = obstacles.map(
    ({ path, has, wanted }) => `column "${path.join('.')}" is ${has} in the table, wanted is ${wanted}`,
  );
  return `${where}: the table's data cannot take the wanted types: ${all.join('; ')}. ${WHAT_TO_DO}`;
};

const WHAT_TO_DO =
  'A column can only become wider: int to long, float to double, a decimal more digits at the same scale; ' +
  "a map's keys cannot change, and a struct keeps one of its fields. Give such a column the table's type again; or " +
  'another id (or name), which makes it a new column that is empty in older rows; or load the files into a new dataset.';
