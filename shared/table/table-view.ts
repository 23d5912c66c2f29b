import { ident, literal, literalList } from '../duckdb/sql.ts';
import type { Db } from '../duckdb/with-duckdb.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import type { DataFile } from './snapshot.ts';

/** How many objects are fetched at once. */
const PARALLEL = 8;

export interface ViewColumn {
  name: string;
  type: string;
}

/**
 * Creates a view of a table's committed rows: its data files without the rows that their masks hide. A table
 * without files is an empty view with the right columns, so that models run before a dataset has arrived.
 *
 * Every column is cast to its type in the given list, and a column that older files lack is NULL.
 *
 * @param name schema and name of the view
 * @param files the snapshot's files, or those of the partitions wanted
 */
export const createTableView = async (
  db: Db,
  name: { schema: string; table: string },
  columns: readonly ViewColumn[],
  files: readonly DataFile[],
  store: ObjectStore,
  scratch: string,
): Promise<void> => {
  const rows = await rowsOf(files, store, scratch);
  await db.run(`CREATE SCHEMA IF NOT EXISTS ${ident(name.schema)}`);
  await db.run(
    `CREATE OR REPLACE VIEW ${ident(name.schema)}.${ident(name.table)} AS ${typed(columns, rows)}`,
  );
};

/** A SELECT of exactly these columns in these types, of rows that may lack some or have them in other types. */
export const typed = (columns: readonly ViewColumn[], rows: string | undefined): string => {
  const select = columns.map(({ name, type }) => `CAST(${ident(name)} AS ${type}) AS ${ident(name)}`);
  const nulls = columns.map(({ name, type }) => `CAST(NULL AS ${type}) AS ${ident(name)}`);
  // The empty row set first: by name, it gives every column to files written before the column existed.
  const empty = `SELECT ${nulls.join(', ')} WHERE false`;
  return `SELECT ${select.join(', ')} FROM (${rows === undefined ? empty : `${empty} UNION ALL BY NAME (${rows})`})`;
};

/**
 * A SELECT of all rows of local data files. With `positions`, also `_path` and the row's number in its file as
 * `file_row_number`, counted from 0: what masks hide rows by.
 */
export const readFiles = (paths: readonly string[], { positions = false } = {}): string =>
  `SELECT * FROM read_parquet(${literalList(paths)}, union_by_name = true, hive_partitioning = false${
    positions ? `, filename = '_path', file_row_number = true` : ''
  })`;

/** SQL of all visible rows of the files, or undefined when there are none. */
const rowsOf = async (
  files: readonly DataFile[],
  store: ObjectStore,
  scratch: string,
): Promise<string | undefined> => {
  if (files.length === 0) return undefined;
  const paths = await localPaths(
    store,
    scratch,
    files.map(({ key }) => key),
  );
  const masks = await localPaths(store, scratch, [
    ...new Set(files.flatMap(({ mask }) => (mask === undefined ? [] : [mask.key]))),
  ]);
  const path = (key: string): string => paths.get(key) ?? '';
  const plain = files.filter(({ mask }) => mask === undefined).map(({ key }) => path(key));
  const masked = files.filter(({ mask }) => mask !== undefined);
  const parts = plain.length === 0 ? [] : [readFiles(plain)];
  if (masked.length > 0) {
    const pairs = masked.map(
      ({ key, mask }) =>
        `(${literal(path(key))}, ${literal(key)}, ${literal(masks.get(mask?.key ?? '') ?? '')})`,
    );
    parts.push(`
      SELECT * EXCLUDE (_path, file_row_number)
      FROM (${readFiles(
        masked.map(({ key }) => path(key)),
        { positions: true },
      )})
      WHERE (_path, file_row_number) NOT IN (
        SELECT (pair.path, mask.pos)
        FROM read_parquet(${literalList([...masks.values()])}, filename = '_path') AS mask
        JOIN (VALUES ${pairs.join(', ')}) AS pair(path, key, mask_path)
          ON mask.file = pair.key AND mask._path = pair.mask_path)`);
  }
  return parts.join('\nUNION ALL BY NAME\n');
};

/** Local paths of objects by key, fetched a few at a time. */
export const localPaths = async (
  store: ObjectStore,
  scratch: string,
  keys: readonly string[],
): Promise<Map<string, string>> => {
  const paths = new Map<string, string>();
  for (let start = 0; start < keys.length; start += PARALLEL) {
    const batch = keys.slice(start, start + PARALLEL);
    const fetched = await Promise.all(batch.map((key) => store.localPath(key, scratch)));
    for (const [index, key] of batch.entries()) paths.set(key, fetched[index] ?? '');
  }
  return paths;
};
