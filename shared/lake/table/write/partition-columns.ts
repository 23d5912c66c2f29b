import { ident, literalList } from '../../../engine/sql.ts';
import type { Db } from '../../../engine/with-duckdb.ts';
import { transformSql } from '../../iceberg/partition-sql.ts';
import { isNested } from '../../iceberg/schema.ts';
import { resultType } from '../../iceberg/transforms.ts';
import type { PartitionSpec, Schema } from '../../iceberg/types.ts';
import { type Partition, partitionNames } from '../partition-names.ts';

/** Bytes of a value in the name of DuckDB's folder. Each may take three characters there, and names have at most 255. */
const MAX_BYTES = 64;

/** Prefix of a whole value. */
const WHOLE = 'v';
/** Prefix of a hash. */
const HASHED = 'h';

/** Types whose values may be long. */
const TEXTS = /^(string|binary|fixed)/;

/** The columns by which COPY partitions, and how to read the values that it reports. */
export interface Partitioning {
  /** Columns for a SELECT over rows in stored types, one per field of the spec. */
  select: string[];
  /** Names of these columns. No column of the schema has one of them. */
  aliases: string[];
  /** The partition's values, from the aliases' values that COPY reports for a file. */
  valuesOf(db: Db, file: string, keys: Readonly<Record<string, string | null>>): Promise<Partition>;
}

/**
 * Columns with the values of a spec's fields. DuckDB names folders after them, so a long text is replaced by its hash, and
 * its value is read back from the file's first row.
 */
export const partitionColumns = (schema: Schema, spec: PartitionSpec): Partitioning => {
  const taken = new Set(schema.fields.map(({ name }) => name.toLowerCase()));
  const names = partitionNames(spec, schema);
  const columns = spec.fields.map((field, at) => {
    const source = schema.fields.find(({ id }) => id === field['source-id']);
    if (source === undefined || isNested(source.type))
      throw new TypeError(
        `Partition field ${field.name} has no source column with values (${field['source-id']})`,
      );
    let alias = `p${at}`;
    while (taken.has(alias)) alias = `_${alias}`;
    const value = transformSql(field.transform, ident(source.name), source.type);
    const isText = TEXTS.test(resultType(field.transform, source.type));
    return { name: names[at] ?? field.name, alias, isText, text: `CAST(${value} AS VARCHAR)`, value };
  });
  return {
    select: columns.map(
      ({ alias, isText, text, value }) => `${isText ? shortenedSql(text) : value} AS ${ident(alias)}`,
    ),
    aliases: columns.map(({ alias }) => alias),
    valuesOf: async (db, file, keys) => {
      const isHashed = columns.some(({ alias, isText }) => isText && keys[alias]?.startsWith(HASHED));
      if (!isHashed)
        return Object.fromEntries(
          columns.map(({ name, alias, isText }) => {
            const key = keys[alias] ?? null;
            return [name, isText && key !== null ? key.slice(WHOLE.length) : key];
          }),
        );
      const values = columns.map(({ text, name }) => `${text} AS ${ident(name)}`);
      return await db.one<Partition>(
        `SELECT ${values.join(', ')} FROM read_parquet(${literalList([file])}, hive_partitioning = false) LIMIT 1`,
      );
    },
  };
};

const shortenedSql = (text: string): string =>
  `CASE WHEN strlen(${text}) <= ${MAX_BYTES} THEN '${WHOLE}' || ${text} ELSE '${HASHED}' || sha256(${text}) END`;
