import { inParallel } from '../../../base/in-parallel.ts';
import { createBitmap, isIn } from '../../../engine/bitmap.ts';
import { ident, literal, literalList } from '../../../engine/sql.ts';
import type { Db } from '../../../engine/with-duckdb.ts';
import { readSchema } from '../../iceberg/duckdb-types.ts';
import type { Field } from '../../iceberg/types.ts';
import type { DataFile, TableColumn, ViewColumn } from '../data-file.ts';
import { DELETES } from '../position-deletes.ts';
import type { Workbench } from '../workbench.ts';
import { convertSql, groupByStructs } from './nested-names.ts';

/**
 * Creates a view of a table's committed rows: those of its data files without the deleted ones. A table without files
 * becomes an empty view with the right columns, so that models run before the first file of a dataset.
 *
 * Columns are found by field id, whatever their names in a file, and cast to their types. A column that older files lack
 * is NULL in their rows.
 *
 * @param name schema and name of the view
 * @param files the snapshot's files, or those of the wanted partitions
 */
export const createTableView = async (
  workbench: Workbench,
  name: { schema: string; table: string },
  columns: readonly TableColumn[],
  files: readonly DataFile[],
): Promise<void> => {
  const { db } = workbench;
  const rows = await rowsOf(workbench, columns, files);
  await db.run(`CREATE SCHEMA IF NOT EXISTS ${ident(name.schema)}`);
  await db.run(`CREATE OR REPLACE VIEW ${ident(name.schema)}.${ident(name.table)} AS ${rows}`);
};

/** A SELECT of exactly these columns in these types, from rows that may lack some or have them in other types. */
export const typed = (columns: readonly ViewColumn[], rows: string | undefined): string => {
  const select = columns.map(({ name, type }) => `CAST(${ident(name)} AS ${type}) AS ${ident(name)}`);
  // UNION ALL BY NAME with an empty row set adds the columns that the rows lack.
  const empty = emptyRows(columns);
  return `SELECT ${select.join(', ')} FROM (${rows === undefined ? empty : `${empty} UNION ALL BY NAME (${rows})`})`;
};

/**
 * A SELECT of columns of local data files, with the fields' names and in stored types. The files' structs must have the
 * current names of their members.
 *
 * @param positions adds `_path` and `file_row_number`, the row's number in its file from 0, which identify a row for
 *   position deletes. No column may have one of these names then
 */
export const readFiles = (
  paths: readonly string[],
  fields: readonly Field[],
  { positions = false } = {},
): string => {
  const columns = fields.map(({ id, name }) => `${inner(id)} AS ${ident(name)}`);
  if (positions) columns.push('filename AS _path', 'file_row_number');
  return `SELECT ${columns.join(', ')} FROM ${scan(paths, fields)}`;
};

/** Local paths of objects, by key. Objects are fetched a few at a time. */
export const localPaths = async (
  { store, scratch }: Omit<Workbench, 'db'>,
  keys: readonly string[],
): Promise<Map<string, string>> =>
  new Map(
    await inParallel(
      keys,
      async (key): Promise<[string, string]> => [key, await store.localPath(key, scratch)],
    ),
  );

const emptyRows = (columns: readonly ViewColumn[]): string =>
  `SELECT ${columns.map(({ name, type }) => `CAST(NULL AS ${type}) AS ${ident(name)}`).join(', ')} WHERE false`;

/** A column's name while it is read, so that users' names cannot clash with those that DuckDB adds. */
const inner = (id: number): string => `f${id}`;

/** A field that no file has. A scan without any field would assume the first file's columns for all files. */
const NO_FIELD: Field = { id: 0, name: '', required: false, type: 'int' };

const POSITION = DELETES.fields.filter(({ name }) => name === 'pos');

/** The rows of files, with columns `f<id>`. DuckDB adds `filename` and `file_row_number` if the SELECT names them. */
const scan = (paths: readonly string[], fields: readonly Field[]): string => {
  const wanted = (fields.length === 0 ? [NO_FIELD] : fields).map((field) => ({
    ...field,
    name: inner(field.id),
  }));
  // The files contain the partition values, so DuckDB need not read them from the folders' names.
  const options = [`schema = ${readSchema(wanted)}`, 'hive_partitioning = false'];
  return `read_parquet(${literalList(paths)}, ${options.join(', ')})`;
};

/** SQL of all rows of the files that are not deleted. */
const rowsOf = async (
  workbench: Workbench,
  columns: readonly TableColumn[],
  files: readonly DataFile[],
): Promise<string> => {
  const { db } = workbench;
  if (files.length === 0) return emptyRows(columns);
  const paths = await localPaths(
    workbench,
    files.map(({ key }) => key),
  );
  const deletesOf = new Map(await deletePairs(workbench, files, paths));
  const bitsOf = await deletedBitmaps(db, files, paths, deletesOf);
  const fields = columns.flatMap(({ field }) => (field === undefined ? [] : [field]));
  const parts: string[] = [];
  for (const group of await groupByStructs(db, [...paths.values()], fields)) {
    const select = `SELECT ${columns.map((column) => viewColumn(column, group.fields)).join(', ')} FROM`;
    const plain = group.paths.filter((path) => !deletesOf.has(path));
    if (plain.length > 0) parts.push(`${select} ${scan(plain, group.fields)}`);
    for (const path of group.paths) {
      const bits = bitsOf.get(path);
      if (bits !== undefined)
        parts.push(`${select} ${withPositions([path], group.fields)} WHERE NOT ${isIn(bits, 'scan._row')}`);
    }
    const withDeletes = group.paths.filter((path) => deletesOf.has(path) && !bitsOf.has(path));
    if (withDeletes.length > 0)
      parts.push(`${select} ${withPositions(withDeletes, group.fields)} WHERE (scan._path, scan._row) NOT IN (
        ${deletedRows(withDeletes.map((path) => [path, deletesOf.get(path) ?? '']))})`);
  }
  return parts.join('\nUNION ALL\n');
};

const withPositions = (paths: readonly string[], fields: readonly Field[]): string =>
  `(SELECT *, filename AS _path, file_row_number AS _row FROM ${scan(paths, fields)}) AS scan`;

/** Deleted positions that one hash table holds for all files of a view. Each takes about 150 bytes there. */
const MAX_LISTED = 250_000;

/**
 * Makes bitmaps of the deleted positions, one bit per row of the file (`shared/engine/bitmap.ts`), for the files with the
 * most deleted rows. Most files have few deleted rows, and share one list; a list of all would take too much memory.
 *
 * @returns names of the bitmaps, by the files' paths
 */
const deletedBitmaps = async (
  db: Db,
  files: readonly DataFile[],
  paths: ReadonlyMap<string, string>,
  deletesOf: ReadonlyMap<string, string>,
): Promise<Map<string, string>> => {
  const sets = new Map<string, string>();
  let listed = 0;
  for (const { key, rows, deletes } of files.toSorted(
    (a, b) => (a.deletes?.rows ?? 0) - (b.deletes?.rows ?? 0),
  )) {
    listed += deletes?.rows ?? 0;
    const [path, positions] = [paths.get(key) ?? '', deletesOf.get(paths.get(key) ?? '')];
    if (deletes === undefined || positions === undefined || listed <= MAX_LISTED) continue;
    // The key of the position deletes is unique, so views of several snapshots do not share a bitmap.
    const name = `_deleted by ${deletes.key}`;
    await createBitmap(db, name, rows, [readPositions(positions)]);
    sets.set(path, name);
  }
  return sets;
};

/** A SELECT of `pos` from a local file of position deletes. */
export const readPositions = (positions: string): string => readFiles([positions], POSITION);

/** @param stored the columns in the types in which the files are read */
const viewColumn = ({ name, type, field }: TableColumn, stored: readonly Field[]): string => {
  const from = stored.find(({ id }) => id === field?.id);
  const value =
    field === undefined || from === undefined ? 'NULL' : convertSql(inner(field.id), from.type, field.type);
  return `CAST(${value} AS ${type}) AS ${ident(name)}`;
};

/**
 * Local paths of the data files with deleted rows, each with that of its position deletes, which are fetched.
 *
 * @param paths local paths of the data files, by key
 */
export const deletePairs = async (
  workbench: Omit<Workbench, 'db'>,
  files: readonly DataFile[],
  paths: ReadonlyMap<string, string>,
): Promise<(readonly [path: string, deletes: string])[]> => {
  const withDeletes = files.flatMap(({ key, deletes }) =>
    deletes === undefined ? [] : [[key, deletes.key] as const],
  );
  const local = await localPaths(
    workbench,
    withDeletes.map(([, deletes]) => deletes),
  );
  return withDeletes.map(([key, deletes]) => [paths.get(key) ?? '', local.get(deletes) ?? '']);
};

/**
 * A SELECT of the deleted rows, as one column of pairs: SQL's `(path of the data file, position)`. Each file of position
 * deletes must be about a single data file.
 */
export const deletedRows = (deletes: readonly (readonly [path: string, deletes: string])[]): string => {
  const pairs = deletes.map(([path, file]) => `(${literal(path)}, ${literal(file)})`);
  const positions = readFiles(
    deletes.map(([, file]) => file),
    POSITION,
    { positions: true },
  );
  return `SELECT (pair.path, deletes.pos) FROM (${positions}) AS deletes
    JOIN (VALUES ${pairs.join(', ')}) AS pair(path, deletes_path) ON deletes._path = pair.deletes_path`;
};
