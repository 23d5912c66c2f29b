import { identList, literal } from '../duckdb/sql.ts';
import type { Db } from '../duckdb/with-duckdb.ts';
import type { PartitionSpec, Schema } from '../iceberg/types.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import type { DataFile, Mask } from './data-file.ts';
import { hiddenRows, localPaths, maskPairs, readFiles } from './table-view.ts';
import { writeDeletes, writeFiles } from './write-files.ts';

export interface RewriteOptions {
  store: ObjectStore;
  scratch: string;
  schema: Schema;
  spec: PartitionSpec;
  /** First part of the new files' names. */
  prefix: string;
  dataKey: (file: string) => string;
  deletesKey: (file: string) => string;
  uriOf: (key: string) => string;
  /** Columns that tell one row from all others; needed where files hide rows. */
  identity: readonly string[];
  /** SQL condition on the rows that are kept; all when absent. */
  keep?: string;
}

export interface Rewritten {
  file: DataFile;
  mask: Mask | undefined;
}

/**
 * Writes the rows of some files of one partition into new ones, hidden rows as well: they stay hidden there, since
 * what hides them may go away. In memory are only the identities of hidden rows.
 */
export const rewriteFiles = async (
  db: Db,
  files: readonly DataFile[],
  options: RewriteOptions,
): Promise<Rewritten[]> => {
  const { store, scratch, schema, identity } = options;
  const paths = await localPaths(
    store,
    scratch,
    files.map(({ key }) => key),
  );
  const pairs = await maskPairs(files, paths, store, scratch);
  if (pairs.length > 0)
    await db.run(`
      CREATE OR REPLACE TEMP TABLE hidden_rows AS
      SELECT ${identList(identity)} FROM (${identities([...paths.values()], options)})
      WHERE (_path, file_row_number) IN (${hiddenRows(pairs)})`);
  const rows = readFiles([...paths.values()], schema.fields);
  const written = await writeFiles(
    db,
    options.keep === undefined ? rows : `SELECT * FROM (${rows}) WHERE ${options.keep}`,
    store,
    {
      keyOf: options.dataKey,
      prefix: options.prefix,
      schema,
      spec: options.spec,
      wholeBounds: identity,
      scratch,
    },
  );
  const rewritten: Rewritten[] = [];
  for (const file of written)
    rewritten.push({ file, mask: pairs.length === 0 ? undefined : await remask(db, file, options) });
  return rewritten;
};

/** Hides in a new file the rows that were hidden where they came from. */
const remask = async (db: Db, file: DataFile, options: RewriteOptions): Promise<Mask | undefined> => {
  const { store, scratch, identity } = options;
  const path = await store.localPath(file.key, scratch);
  const hidden = `SELECT ${literal(options.uriOf(file.key))} AS file_path, file_row_number AS pos
    FROM (${identities([path], options)}) SEMI JOIN hidden_rows USING (${identList(identity)})`;
  return await writeDeletes(db, hidden, store, {
    keyOf: options.deletesKey,
    prefix: options.prefix,
    scratch,
  });
};

/** The identity of each row, and where it lies. */
const identities = (paths: readonly string[], { schema, identity }: RewriteOptions): string =>
  readFiles(
    paths,
    schema.fields.filter(({ name }) => identity.includes(name)),
    { positions: true },
  );
