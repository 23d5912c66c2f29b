import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ident, identList, literal } from '../duckdb/sql.ts';
import type { Db } from '../duckdb/with-duckdb.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import type { DataFile } from './snapshot.ts';

interface WrittenFile {
  filename: string;
  count: number;
  file_size_bytes: number;
  column_statistics: Record<string, Record<string, string>>;
  partition_keys: Record<string, string | null> | null;
}

/** Keys a file's rows span, from Parquet's own statistics; see `DataFile.keyBounds`. */
export interface BoundsOf {
  column: string;
  /** The column's DuckDB type in the query. */
  type: string;
}

export interface WriteOptions {
  /** The files' folder: `keyOf('year=2012/x.parquet')` is the object's key. */
  keyOf: (file: string) => string;
  /** First part of every file's name; the hash of its content follows. */
  prefix: string;
  partitionedBy: readonly string[];
  bounds?: BoundsOf;
  scratch: string;
}

/**
 * Writes a query's rows as zstd Parquet, one folder per partition, and uploads the files under names made of
 * their content: what an earlier attempt wrote is never overwritten with something else, and the same content
 * is stored once. Nothing is visible before a snapshot names the files.
 */
export const writeFiles = async (
  db: Db,
  query: string,
  store: ObjectStore,
  options: WriteOptions,
): Promise<DataFile[]> => {
  const folder = path.join(options.scratch, `write-${options.prefix}`);
  await mkdir(folder, { recursive: true });
  const partitioned = options.partitionedBy.length > 0;
  const target = partitioned ? folder : path.join(folder, 'all.parquet');
  // A folder may serve two partitions: NULL and the text that stands for it, or `a` and `A` where the file system
  // does not tell case apart. Random names keep their files from replacing each other.
  const partitionOptions = partitioned
    ? `, PARTITION_BY (${identList(options.partitionedBy)}), WRITE_PARTITION_COLUMNS true, OVERWRITE_OR_IGNORE true, FILENAME_PATTERN '{uuid}'`
    : '';
  const written = await db.all<WrittenFile>(
    `COPY (${query}) TO ${literal(target)} (FORMAT parquet, COMPRESSION zstd, RETURN_STATS true${partitionOptions})`,
  );
  const files: DataFile[] = [];
  for (const file of written) {
    if (file.count === 0) continue;
    const name = `${options.prefix}-${await contentHash(file.filename)}.parquet`;
    const key = options.keyOf(path.posix.join(path.relative(folder, path.dirname(file.filename)), name));
    await store.upload(file.filename, key);
    files.push({
      key,
      partition: partitionOf(file, options.partitionedBy),
      rows: file.count,
      bytes: file.file_size_bytes,
      ...boundsOf(file, options.bounds),
    });
  }
  return files;
};

const partitionOf = (file: WrittenFile, columns: readonly string[]): Record<string, string | null> =>
  Object.fromEntries(columns.map((column) => [column, file.partition_keys?.[column] ?? null]));

const boundsOf = (file: WrittenFile, bounds: BoundsOf | undefined): Pick<DataFile, 'keyBounds'> => {
  if (bounds === undefined) return {};
  const statistics = file.column_statistics[ident(bounds.column)];
  const { min, max } = statistics ?? {};
  return min === undefined || max === undefined ? {} : { keyBounds: { min, max, ...bounds } };
};

const contentHash = async (file: string): Promise<string> => {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex').slice(0, 16);
};
