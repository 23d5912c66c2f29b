import { ident, literalList } from '../../../engine/sql.ts';
import type { Db } from '../../../engine/with-duckdb.ts';
import { transformSql } from '../../iceberg/partition-sql.ts';
import { isNested } from '../../iceberg/schema.ts';
import { resultType } from '../../iceberg/transforms.ts';
import type { PartitionSpec, Schema } from '../../iceberg/types.ts';
import { type Partition, partitionNames } from '../partition-names.ts';

/** Bytes of a value as it stands in the name of DuckDB's folder, where each may take three: names have 255. */
const MAX_BYTES = 64;

/** In front of a value that stands for itself, and of one that a hash stands for. */
const WHOLE = 'v';
const HASHED = 'h';

/** Types whose values may be long. */
const TEXTS = /^(string|binary|fixed)/;

/** What COPY is to partition by, and how its answer reads. */
export interface Partitioning {
  /** Columns for a SELECT over rows in stored types, one per field of the spec. */
  select: string[];
  /** Their names, which no column of the schema has. */
  aliases: string[];
  /** The partition's values, from the aliases' values that COPY reports of a file. */
  valuesOf(db: Db, file: string, keys: Readonly<Record<string, string | null>>): Promise<Partition>;
}

/**
 * Columns with the values of a spec's fields. DuckDB names folders for them, so a long text is replaced by its hash,
 * and read back from the file's first row.
 */
export const partitionColumns = (schema: Schema, spec: PartitionSpec): Partitioning => {
  const taken = new Set(schema.fields.map(({ name }) => name.toLowerCase()));
  const names = partitionNames(spec, schema);
  const columns = spec.fields.map((field, at) => {
    const source = schema.fields.find(({ id }) => id === field['source-id']);
    if (source === undefined || isNested(source.type))
      throw new TypeError(
        `Partition field ${field.name} is of no column with values (${field['source-id']})`,
      );
    let alias = `p${at}`;
    while (taken.has(alias)) alias = `_${alias}`;
    const value = transformSql(field.transform, ident(source.name), source.type);
    const isText = TEXTS.test(resultType(field.transform, source.type));
    return { name: names[at] ?? field.name, alias, isText, text: `CAST(${value} AS VARCHAR)`, value };
  });
  return {
    select: columns.map(
      ({ alias, isText, text, value }) => `${isText ? shortened(text) : value} AS ${ident(alias)}`,
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

const shortened = (text: string): string =>
  `CASE WHEN strlen(${text}) <= ${MAX_BYTES} THEN '${WHOLE}' || ${text} ELSE '${HASHED}' || sha256(${text}) END`;
