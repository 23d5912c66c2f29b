import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { inParallel } from '../../../base/in-parallel.ts';
import { ident, identList, literal } from '../../../engine/sql.ts';
import type { Db } from '../../../engine/with-duckdb.ts';
import { registerTransforms } from '../../iceberg/bucket.ts';
import { fieldIds, storedType } from '../../iceberg/duckdb-types.ts';
import { columnMetrics } from '../../iceberg/metrics.ts';
import type { PartitionSpec, Schema } from '../../iceberg/types.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import type { DataFile, PositionDeletes } from '../data-file.ts';
import { DELETES } from '../position-deletes.ts';
import type { Workbench } from '../workbench.ts';
import { partitionColumns } from './partition-columns.ts';
import { partitionFolder } from './partition-folder.ts';

/** COPY's report of a file that it wrote. */
interface WrittenFile {
  filename: string;
  count: number;
  file_size_bytes: number;
  column_statistics: Record<string, Record<string, string>>;
  partition_keys: Record<string, string | null> | null;
}

interface Target {
  /** The files' folder: `keyOf('year=2012/x.parquet')` is the object's key. */
  keyOf: (file: string) => string;
  /** First part of every file's name; the hash of its content follows. */
  prefix: string;
}

type Constants = ReadonlyMap<string, string | null>;

export interface WriteOptions extends Target {
  schema: Schema;
  spec: PartitionSpec;
  /** Names of columns whose bounds are not shortened. */
  wholeBounds?: readonly string[];
  /**
   * Text that a column has in all rows, by the column's name; null for NULL. DuckDB copies a text with every row to its
   * partition, which took a quarter of the time of writing. As a constant it is copied as a number.
   */
  constants?: Constants;
  /**
   * SQL of an ORDER BY over the schema's columns. Without partitions the file's rows have exactly this order; in
   * partitions DuckDB writes sorted runs.
   */
  order?: string;
}

/**
 * Writes a query's rows as an Iceberg table's data files: zstd Parquet with field ids, one or more files per partition.
 * The query must have a column for each field of the schema, of the same name, which is cast to the stored type; other
 * columns are ignored.
 *
 * The files are uploaded under names made of their content, so that an attempt never overwrites another's file with
 * different content, and equal content is stored once. Readers see nothing before a snapshot names the files.
 */
export const writeFiles = async (
  { db, store, scratch }: Workbench,
  query: string,
  options: WriteOptions,
): Promise<DataFile[]> =>
  await inFolder(scratch, async (folder) =>
    uploadFiles(store, await writeLocally(db, query, folder, options), options),
  );

/** A data file on its way to the store. */
export interface LocalFile extends Omit<DataFile, 'key'> {
  path: string;
}

/** The first half of `writeFiles`, for callers that inspect the files before they are uploaded. */
export const writeLocally = async (
  db: Db,
  query: string,
  folder: string,
  {
    schema,
    spec,
    wholeBounds = [],
    constants = new Map(),
    order,
  }: Pick<WriteOptions, 'schema' | 'spec' | 'wholeBounds' | 'constants' | 'order'>,
): Promise<LocalFile[]> => {
  const whole = schema.fields.filter(({ name }) => wholeBounds.includes(name));
  const fullBounds = new Set(whole.map(({ id }) => id));
  if (spec.fields.some(({ transform }) => transform.startsWith('bucket'))) registerTransforms(db);
  const partitioning = partitionColumns(schema, spec);
  const { aliases } = partitioning;
  const rows = `SELECT ${['*', ...partitioning.select].join(', ')} FROM (${storedRows(query, schema, constants)})`;
  const ordered = order === undefined ? rows : `${rows} ORDER BY ${order}`;
  await mkdir(folder, { recursive: true });
  const files: LocalFile[] = [];
  for (const file of await copy(db, ordered, folder, schema, aliases)) {
    if (file.count === 0) continue;
    files.push({
      path: file.filename,
      specId: spec['spec-id'],
      partition: await partitioning.valuesOf(db, file.filename, file.partition_keys ?? {}),
      rows: file.count,
      bytes: file.file_size_bytes,
      columns: columnMetrics(schema, withConstants(file.column_statistics, constants), file.count, {
        fullBounds,
      }),
    });
  }
  return files;
};

/** Files uploaded at a time. A large one has several of its parts in memory. */
const MAX_UPLOADS = 4;

/** The second half of `writeFiles`. */
export const uploadFiles = async (
  store: ObjectStore,
  files: readonly LocalFile[],
  { keyOf, prefix }: Target,
): Promise<DataFile[]> => {
  const names = await inParallel(
    files,
    async (file) => path.posix.join(partitionFolder(file.partition), await nameOf(file.path, prefix)),
    MAX_UPLOADS,
  );
  const copies = new Map<string, number>();
  const keyed = files.map((file, i) => {
    const name = names[i] ?? '';
    const nth = (copies.get(name) ?? 0) + 1;
    copies.set(name, nth);
    // DuckDB may split a partition into several files, and their content may be equal.
    return { ...file, key: keyOf(`${name}${nth === 1 ? '' : `-${nth}`}.parquet`) };
  });
  return await inParallel(
    keyed,
    async ({ path: file, ...known }) => {
      await store.upload(file, known.key);
      return known;
    },
    MAX_UPLOADS,
  );
};

/**
 * Writes the positions of one data file's deleted rows (specification, "Position Delete Files"); undefined if there are
 * none.
 *
 * @param of the data file's URI
 * @param positions a SELECT of `pos`, from 0, in any order
 */
export const writeDeletes = async (
  { db, store, scratch }: Workbench,
  of: string,
  positions: string,
  options: Target,
): Promise<PositionDeletes | undefined> =>
  await inFolder(scratch, async (folder) => {
    // The specification requires the order of file and position. There is one file, so the position is enough: sorting
    // the URI with each of ten million positions would take a gigabyte.
    const ordered = `${storedRows(positions, DELETES, new Map([['file_path', of]]))} ORDER BY pos`;
    const [file] = await copy(db, ordered, folder, DELETES, []);
    if (file === undefined || file.count === 0) return undefined;
    const key = options.keyOf(`${await nameOf(file.filename, options.prefix)}.parquet`);
    await store.upload(file.filename, key);
    return { key, rows: file.count, bytes: file.file_size_bytes };
  });

/** Runs work with a new folder for files to upload, and removes the folder afterwards. */
const inFolder = async <T>(scratch: string, work: (folder: string) => Promise<T>): Promise<T> => {
  const folder = path.join(scratch, `write-${randomUUID()}`);
  await mkdir(folder, { recursive: true });
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** A SELECT of the schema's columns, in its order and in stored types. */
const storedRows = (query: string, schema: Schema, constants: Constants = new Map()): string => {
  const columns = schema.fields.map(({ name, type }) => {
    const constant = constants.get(name);
    const value =
      constant === undefined
        ? `CAST(source.${ident(name)} AS ${storedType(type)})`
        : `CAST(${constant === null ? 'NULL' : literal(constant)} AS ENUM (${literal(constant ?? '')}))`;
    return `${value} AS ${ident(name)}`;
  });
  return `SELECT ${columns.join(', ')} FROM (${query}) AS source`;
};

/** Adds the bounds of constants, since DuckDB stores an ENUM as text and does not report its bounds. */
const withConstants = (
  statistics: WrittenFile['column_statistics'],
  constants: Constants,
): WrittenFile['column_statistics'] => {
  const known = [...constants].flatMap(([name, value]) =>
    value === null ? [] : [[ident(name), { ...statistics[ident(name)], min: value, max: value }]],
  );
  return { ...statistics, ...Object.fromEntries(known) };
};

/** Takes a quarter less CPU time than DuckDB's default, 3, and the files are no larger (docs/performance.md). */
const ZSTD_LEVEL = 1;

/** @param aliases columns to partition by, which are not written */
const copy = async (
  db: Db,
  rows: string,
  folder: string,
  schema: Schema,
  aliases: readonly string[],
): Promise<WrittenFile[]> => {
  const target = aliases.length === 0 ? path.join(folder, 'all.parquet') : folder;
  const options = [
    'FORMAT parquet',
    'COMPRESSION zstd',
    `COMPRESSION_LEVEL ${ZSTD_LEVEL}`,
    `FIELD_IDS ${fieldIds(schema)}`,
    'RETURN_STATS true',
  ];
  // Two partitions may share one of DuckDB's folders. Random names keep their files from overwriting each other.
  if (aliases.length > 0)
    options.push(
      `PARTITION_BY (${identList(aliases)})`,
      'WRITE_PARTITION_COLUMNS false',
      'OVERWRITE_OR_IGNORE true',
      "FILENAME_PATTERN '{uuid}'",
    );
  return await db.all<WrittenFile>(`COPY (${rows}) TO ${literal(target)} (${options.join(', ')})`);
};

const nameOf = async (file: string, prefix: string): Promise<string> =>
  `${prefix}-${await contentHash(file)}`;

const contentHash = async (file: string): Promise<string> => {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex').slice(0, 16);
};
