import { inParallel } from '../../../base/in-parallel.ts';
import { createBitmap, isIn } from '../../../engine/bitmap.ts';
import { ident, literal, literalList } from '../../../engine/sql.ts';
import type { Db } from '../../../engine/with-duckdb.ts';
import { readSchema } from '../../iceberg/duckdb-types.ts';
import type { Field } from '../../iceberg/types.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import type { DataFile, TableColumn, ViewColumn } from '../data-file.ts';
import { DELETES } from '../position-deletes.ts';
import { convertSql, groupByStructs } from './nested-names.ts';

/**
 * Creates a view of a table's committed rows: its data files without the rows that their position deletes name. A table
 * without files is an empty view with the right columns, so that models run before a dataset has arrived.
 *
 * Columns are found by field id, whatever a file calls them, and cast to their types. A column that older files
 * lack is NULL in their rows.
 *
 * @param name schema and name of the view
 * @param files the snapshot's files, or those of the partitions wanted
 */
export const createTableView = async (
  db: Db,
  name: { schema: string; table: string },
  columns: readonly TableColumn[],
  files: readonly DataFile[],
  store: ObjectStore,
  scratch: string,
): Promise<void> => {
  const rows = await rowsOf(db, columns, files, store, scratch);
  await db.run(`CREATE SCHEMA IF NOT EXISTS ${ident(name.schema)}`);
  await db.run(`CREATE OR REPLACE VIEW ${ident(name.schema)}.${ident(name.table)} AS ${rows}`);
};

/** A SELECT of exactly these columns in these types, of rows that may lack some or have them in other types. */
export const typed = (columns: readonly ViewColumn[], rows: string | undefined): string => {
  const select = columns.map(({ name, type }) => `CAST(${ident(name)} AS ${type}) AS ${ident(name)}`);
  // The empty row set first: by name, it gives every column to files written before the column existed.
  const empty = emptyRows(columns);
  return `SELECT ${select.join(', ')} FROM (${rows === undefined ? empty : `${empty} UNION ALL BY NAME (${rows})`})`;
};

/**
 * A SELECT of columns of local data files, by the fields' names and in the types that Parquet stores. With
 * `positions`, also `_path` and the row's number in its file as `file_row_number`, counted from 0: what is deleted
 * rows by. No column may have one of these names then. Structs must have kept the names of their members.
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

/** Local paths of objects by key, fetched a few at a time. */
export const localPaths = async (
  store: ObjectStore,
  scratch: string,
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

/** A column's name while it is read: users' names cannot meet each other's, or those that DuckDB adds. */
const inner = (id: number): string => `f${id}`;

/** A field that no file has. A scan without any field would take the first file's columns for all files'. */
const NO_FIELD: Field = { id: 0, name: '', required: false, type: 'int' };

const POSITION = DELETES.fields.filter(({ name }) => name === 'pos');

/** Rows as `f<id>`; DuckDB adds `filename` and `file_row_number` where they are asked for. */
const scan = (paths: readonly string[], fields: readonly Field[]): string => {
  const wanted = (fields.length === 0 ? [NO_FIELD] : fields).map((field) => ({
    ...field,
    name: inner(field.id),
  }));
  // Folders are named after partitions; their values lie in the files as well.
  const options = [`schema = ${readSchema(wanted)}`, 'hive_partitioning = false'];
  return `read_parquet(${literalList(paths)}, ${options.join(', ')})`;
};

/** SQL of all visible rows of the files. */
const rowsOf = async (
  db: Db,
  columns: readonly TableColumn[],
  files: readonly DataFile[],
  store: ObjectStore,
  scratch: string,
): Promise<string> => {
  if (files.length === 0) return emptyRows(columns);
  const paths = await localPaths(
    store,
    scratch,
    files.map(({ key }) => key),
  );
  const deletesOf = new Map(await deletePairs(files, paths, store, scratch));
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

/** Positions that one hash table holds for all files of a view; each takes some 150 bytes there. */
const MAX_LISTED = 250_000;

/**
 * Sets of the positions that are hidden, for the files that hide so many that a list of all files' would take memory
 * with the rows: a bit for each row of the file (`shared/engine/bitmap.ts`). Of most files few rows are hidden, and
 * one list serves all of them at once.
 *
 * @returns names of the sets by the files' paths
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
    // Its key tells a file of position deletes from all others, so that views of several snapshots keep their own.
    const name = `_hidden by ${deletes.key}`;
    await createBitmap(db, name, rows, [readPositions(positions)]);
    sets.set(path, name);
  }
  return sets;
};

/** A SELECT of `pos`, from a local file with positions. */
export const readPositions = (positions: string): string => readFiles([positions], POSITION);

/** @param stored the columns as the files that are read have them */
const viewColumn = ({ name, type, field }: TableColumn, stored: readonly Field[]): string => {
  const from = stored.find(({ id }) => id === field?.id);
  const value =
    field === undefined || from === undefined ? 'NULL' : convertSql(inner(field.id), from.type, field.type);
  return `CAST(${value} AS ${type}) AS ${ident(name)}`;
};

/**
 * Local paths of data files, and of what hides rows of them. The position deletes are fetched.
 *
 * @param paths of the data files, by key
 */
export const deletePairs = async (
  files: readonly DataFile[],
  paths: ReadonlyMap<string, string>,
  store: ObjectStore,
  scratch: string,
): Promise<(readonly [path: string, deletes: string])[]> => {
  const withDeletes = files.flatMap(({ key, deletes }) =>
    deletes === undefined ? [] : [[key, deletes.key] as const],
  );
  const local = await localPaths(
    store,
    scratch,
    withDeletes.map(([, deletes]) => deletes),
  );
  return withDeletes.map(([key, deletes]) => [paths.get(key) ?? '', local.get(deletes) ?? '']);
};

/**
 * A SELECT of (path of the data file, position), from files with positions of one data file each: one column, a
 * pair as SQL's `(a, b)`.
 */
export const deletedRows = (deletes: readonly (readonly [path: string, deletes: string])[]): string => {
  const pairs = deletes.map(([path, file]) => `(${literal(path)}, ${literal(file)})`);
  const mask = readFiles(
    deletes.map(([, file]) => file),
    POSITION,
    { positions: true },
  );
  return `SELECT (pair.path, mask.pos) FROM (${mask}) AS mask
    JOIN (VALUES ${pairs.join(', ')}) AS pair(path, mask_path) ON mask._path = pair.mask_path`;
};
