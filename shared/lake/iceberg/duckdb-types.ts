import { ident, literal } from '../../engine/sql.ts';
import { parseDuckDbType } from './parse-duckdb-type.ts';
import { childrenOf, decimalOf, fixedLength, isNested } from './schema.ts';
import type { Field, Schema, Type, UnassignedType } from './types.ts';

/**
 * The Iceberg type for a DuckDB type, spelled as DESCRIBE prints it. A type that Iceberg lacks becomes one that holds its
 * values: small and unsigned integers are widened, JSON and ENUM become text, all timestamps count microseconds.
 * Undefined if no type holds all values: HUGEINT, INTERVAL, TIME WITH TIME ZONE, UNION, …
 */
export const icebergTypeOf = (duckdbType: string): UnassignedType | undefined => parseDuckDbType(duckdbType);

const STORED: Record<string, string> = {
  boolean: 'BOOLEAN',
  int: 'INTEGER',
  long: 'BIGINT',
  float: 'FLOAT',
  double: 'DOUBLE',
  date: 'DATE',
  time: 'TIME',
  timestamp: 'TIMESTAMP',
  timestamptz: 'TIMESTAMP WITH TIME ZONE',
  string: 'VARCHAR',
  uuid: 'UUID',
  binary: 'BLOB',
};

/** The DuckDB type in which a field's values are written and read. */
export const storedType = (type: Type): string => {
  if (!isNested(type)) {
    const decimal = decimalOf(type);
    if (decimal !== undefined) return `DECIMAL(${decimal.precision},${decimal.scale})`;
    return STORED[fixedLength(type) === undefined ? type : 'binary'] ?? 'VARCHAR';
  }
  if (type.type === 'list') return `${storedType(type.element)}[]`;
  if (type.type === 'map') return `MAP(${storedType(type.key)}, ${storedType(type.value)})`;
  return `STRUCT(${type.fields.map((field) => `${ident(field.name)} ${storedType(field.type)}`).join(', ')})`;
};

/** SQL of COPY's option FIELD_IDS, which writes the ids of all fields, including nested ones, into the Parquet file. */
export const fieldIds = (schema: Schema): string => idsSql(schema.fields);

const idsSql = (fields: readonly Field[], own: readonly string[] = []): string =>
  `{${[...own, ...fields.map((field) => `${literal(field.name)}: ${idSql(field)}`)].join(', ')}}`;

const idSql = (field: Field): string => {
  const children = childrenOf(field.type);
  return children.length === 0
    ? String(field.id)
    : idsSql(children, [`${literal('__duckdb_field_id')}: ${field.id}`]);
};

/**
 * SQL of the option `schema` of DuckDB's `read_parquet`: it finds fields by id, whatever their names in a file, and gives
 * NULL for fields that a file lacks. Fields inside a struct are found by name.
 */
export const readSchema = (fields: readonly Field[]): string =>
  `MAP {${fields
    .map(
      ({ id, name, type }) =>
        `${id}: {name: ${literal(name)}, type: ${literal(storedType(type))}, default_value: NULL}`,
    )
    .join(', ')}}`;
