import type { Contract } from '../../../contract/model.ts';
import { addToBitmap, combineBitmaps, createBitmap, isIn } from '../../../engine/bitmap.ts';
import { ident, identList, literal } from '../../../engine/sql.ts';
import { planGrouping } from '../../../engine/strategy.ts';
import type { Db } from '../../../engine/with-duckdb.ts';
import type { Field, Schema } from '../../../lake/iceberg/types.ts';
import { lakePaths } from '../../../lake/paths.ts';
import type { DataFile, PositionDeletes } from '../../../lake/table/data-file.ts';
import { deletedRows, deletePairs, localPaths, readFiles } from '../../../lake/table/read/table-view.ts';
import type { Workbench } from '../../../lake/table/workbench.ts';
import { writeDeletes } from '../../../lake/table/write/write-files.ts';
import { firstBy } from '../../transform/order.ts';
import { silverColumns } from '../../transform/silver-table.ts';
import { RELATION } from './relations.ts';
import type { CommittedSource } from './sources.ts';

/** Files whose position deletes change, by key, with their next position deletes. */
export type ChangedDeletes = ReadonlyMap<string, PositionDeletes | undefined>;

export interface MergeInput {
  contract: Contract;
  schema: Schema;
  runId: string;
  uriOf: (key: string) => string;
  /** Files of the table that stay, and may hold the same keys as rows that come, go or are confirmed. */
  rivals: readonly DataFile[];
  /** Files of the table with rows that go. */
  going: readonly DataFile[];
  /** The sources whose rows go from them. */
  replaced: readonly string[];
  /** Files that come. */
  added: readonly DataFile[];
  /** Sources whose rows stay in `rivals`, and are of another age than before. */
  confirmed: readonly string[];
  /** The committed sources as they are after the commit: the later upload wins where the contract's order is equal. */
  committedOf: (sourceIds: readonly string[]) => Promise<ReadonlyMap<string, UploadOf>>;
}

type UploadOf = Pick<CommittedSource, 'uploadedAt' | 'sequencer'>;

/**
 * Decides, for every primary key of a row that comes, goes or is confirmed, which source's row is the latest, and
 * deletes the others by position. `docs/adr/0003-one-row-per-key.md` says why and what it costs.
 *
 * The latest row is the first by the contract's `dedupeOrderBy`, then by the later upload. Rows that lose stay
 * in their files, deleted by position, so that they come back when the winner's file is replaced without them.
 *
 * @returns by the key of the data file
 */
export const mergeKeys = async (workbench: Workbench, input: MergeInput): Promise<ChangedDeletes> => {
  const { db } = workbench;
  const files = withFirstNumbers([...input.rivals, ...input.added]);
  const paths = await localPaths(
    workbench,
    [...input.going, ...files].map(({ key }) => key),
  );
  await createFiles(db, files, paths);
  await rankRows(db, input, files, paths);
  await compareDeletes(workbench, input, files, paths);
  const affected = await db.all<{ file: string }>(`
    SELECT DISTINCT _file AS file FROM (
      SELECT n FROM range(${totalOf(files)}) AS t(n) WHERE ${isIn(RELATION.differing, 'n')}) AS row
    ASOF JOIN ${RELATION.files} AS f ON row.n >= f._first ORDER BY file`);
  const changed = new Set(affected.map(({ file }) => file));
  const changedDeletes = new Map<string, PositionDeletes | undefined>();
  for (const file of files)
    if (changed.has(file.key)) changedDeletes.set(file.key, await deletesOf(workbench, input, file));
  return changedDeletes;
};

/** A file whose rows are numbered through with those of the others: `first` + position in the file. */
type Numbered = DataFile & { first: number };

const withFirstNumbers = (files: readonly DataFile[]): Numbered[] => {
  let first = 0;
  return files.map((file) => {
    const numbered = { ...file, first };
    first += file.rows;
    return numbered;
  });
};

const totalOf = (files: readonly Numbered[]): number =>
  files.reduce((sum, { first, rows }) => Math.max(sum, first + rows), 0);

const createFiles = async (
  db: Db,
  files: readonly Numbered[],
  paths: ReadonlyMap<string, string>,
): Promise<void> => {
  const values = files.map(
    ({ key, first }) => `(${literal(paths.get(key) ?? '')}, ${literal(key)}, ${first}::BIGINT)`,
  );
  await db.run(
    `CREATE OR REPLACE TEMP TABLE ${RELATION.files} AS FROM (VALUES ${values.join(', ')}) AS f(_path, _file, _first)`,
  );
};

/**
 * Estimated bytes per key held during a pass, beside its group: two rows (key, source, row number) plus one copy of the
 * key. Rows of three files that share keys take half as much again.
 */
const BYTES_PER_KEY = 240;

/**
 * Makes the sets `latest` and `ranked` (`RELATION`).
 *
 * A key's latest row is an aggregate over a share of all keys at a time: rows of a key may be any number, and keys more
 * than fit into memory. Nothing is kept of a pass but its bits.
 */
const rankRows = async (
  db: Db,
  input: MergeInput,
  files: readonly Numbered[],
  paths: ReadonlyMap<string, string>,
): Promise<void> => {
  const { contract } = input;
  const { primaryKey } = contract;
  const keys = identList(primaryKey);
  const rows = rowReader(input, paths);
  const changed = changedRows(input, rows);
  const total = totalOf(files);
  // The later upload wins, where the contract's order does not decide.
  const latest = firstBy(contract.dedupeOrderBy, `_rank * ${total} + _number`);
  const { passes } = await planGrouping(db, `(${rows(files)})`, primaryKey, {
    bytes: latest.kept.bytes + BYTES_PER_KEY,
    columns: latest.kept.columns,
    // The sort key's, and those of both rows.
    copies: latest.kept.copies + 2,
  });
  const uploads = new Map<string, UploadOf>();
  for (const name of [RELATION.latest, RELATION.ranked]) await createBitmap(db, name, total, []);
  for (const { where } of passes) {
    await db.run(`
      CREATE OR REPLACE TEMP TABLE ${RELATION.changedKeys} AS SELECT DISTINCT ${keys} FROM (${changed}) WHERE ${where};
      CREATE OR REPLACE TEMP TABLE ${RELATION.contenders} AS
      SELECT contender.* EXCLUDE (_path, file_row_number), _first + file_row_number AS _number
      FROM (SELECT * FROM (${rows(files)}) WHERE ${where}) AS contender
      SEMI JOIN ${RELATION.changedKeys} USING (${keys}) JOIN ${RELATION.files} USING (_path)`);
    await rankSources(db, input, uploads);
    const won = `SELECT (${latest.sql}) % ${total}
      FROM ${RELATION.contenders} JOIN ${RELATION.sourceRanks} USING (_source_id) GROUP BY ${keys}`;
    await addToBitmap(db, RELATION.latest, total, won);
    await addToBitmap(db, RELATION.ranked, total, `SELECT _number FROM ${RELATION.contenders}`);
  }
  await db.run(`DROP TABLE ${RELATION.contenders}; DROP TABLE ${RELATION.changedKeys}`);
};

/** SELECT of the rows that come, go or are confirmed. */
const changedRows = (
  { rivals, going, replaced, added, confirmed }: MergeInput,
  rows: (files: readonly DataFile[]) => string,
): string => {
  const ofSources = (files: readonly DataFile[], sources: readonly string[]): string[] =>
    files.length === 0 || sources.length === 0
      ? []
      : [`SELECT * FROM (${rows(files)}) WHERE _source_id IN (${sources.map(literal).join(', ')})`];
  return [
    ...(added.length === 0 ? [] : [rows(added)]),
    ...ofSources(going, replaced),
    ...ofSources(rivals, confirmed),
  ].join(' UNION ALL ');
};

/**
 * Makes `sourceRanks`: of the sources whose rows meet in this pass, the later upload has the larger rank.
 *
 * @param uploads those that earlier passes have looked up, to which the others are added
 */
const rankSources = async (
  db: Db,
  { committedOf }: MergeInput,
  uploads: Map<string, UploadOf>,
): Promise<void> => {
  const found = await db.all<{ id: string }>(`SELECT DISTINCT _source_id AS id FROM ${RELATION.contenders}`);
  const unknown = found.map(({ id }) => id).filter((id) => !uploads.has(id));
  for (const [id, upload] of await committedOf(unknown)) uploads.set(id, upload);
  const values = found.map(({ id }) => {
    const upload = uploads.get(id);
    return `(${[id, upload?.uploadedAt ?? '', upload?.sequencer ?? ''].map(literal).join(', ')})`;
  });
  await db.run(`
    CREATE OR REPLACE TEMP TABLE ${RELATION.sourceRanks} AS
    SELECT _source_id, row_number() OVER (ORDER BY uploaded_at, sequencer, _source_id) AS _rank
    FROM (VALUES ${values.length === 0 ? "('', '', '')" : values.join(', ')}) AS v(_source_id, uploaded_at, sequencer)`);
};

/** Makes the sets `deletedBefore`, `deletedAfter` and `differing`. */
const compareDeletes = async (
  workbench: Workbench,
  { rivals }: MergeInput,
  files: readonly Numbered[],
  paths: ReadonlyMap<string, string>,
): Promise<void> => {
  const { db } = workbench;
  const { latest, ranked, deletedBefore, deletedAfter, differing } = RELATION;
  const pairs = await deletePairs(workbench, rivals, paths);
  const before =
    pairs.length === 0
      ? []
      : [
          `SELECT _first + d[2] FROM (${deletedRows(pairs)}) AS deleted(d) JOIN ${RELATION.files} AS f ON f._path = d[1]`,
        ];
  await createBitmap(db, deletedBefore, totalOf(files), before);
  await combineBitmaps(
    db,
    deletedAfter,
    `(${deletedBefore}.bits & ~${ranked}.bits) | (${ranked}.bits & ~${latest}.bits)`,
    [deletedBefore, ranked, latest].join(', '),
  );
  await combineBitmaps(
    db,
    differing,
    `xor(${deletedAfter}.bits, ${deletedBefore}.bits)`,
    [deletedAfter, deletedBefore].join(', '),
  );
};

/** Reads key and order columns in the types of the contract, as readers see them: files may be older than it. */
const rowReader = (
  { contract, schema }: MergeInput,
  paths: ReadonlyMap<string, string>,
): ((files: readonly DataFile[]) => string) => {
  const names = [...contract.primaryKey, ...contract.dedupeOrderBy.map(({ column }) => column), '_source_id'];
  const columns = silverColumns(contract).filter(({ name }) => names.includes(name));
  const fields = columns.map(({ name }) => schema.fields.find((field) => field.name === name) as Field);
  const select = columns.map(({ name, type }) => `CAST(${ident(name)} AS ${type}) AS ${ident(name)}`);
  return (files) =>
    `SELECT ${select.join(', ')}, _path, file_row_number FROM (${readFiles(
      files.map(({ key }) => paths.get(key) ?? ''),
      fields,
      { positions: true },
    )})`;
};

/** All position deletes of a file from now on; undefined where none of its rows is deleted any more. */
const deletesOf = async (
  workbench: Workbench,
  input: MergeInput,
  { key, first, rows }: Numbered,
): Promise<PositionDeletes | undefined> =>
  await writeDeletes(
    workbench,
    input.uriOf(key),
    `SELECT n - ${first} AS pos
     FROM range(${first}, ${first + rows}) AS t(n) WHERE ${isIn(RELATION.deletedAfter, 'n')}`,
    {
      keyOf: (name) => lakePaths.deletes(input.contract.dataset, name),
      prefix: input.runId,
    },
  );
