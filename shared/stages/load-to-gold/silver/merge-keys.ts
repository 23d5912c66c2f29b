import type { Contract } from '../../../contract/model.ts';
import { addToBitmap, combineBitmaps, createBitmap, isIn } from '../../../engine/bitmap.ts';
import { ident, identList, literal } from '../../../engine/sql.ts';
import { planGrouping } from '../../../engine/strategy.ts';
import type { Db } from '../../../engine/with-duckdb.ts';
import type { Field, Schema } from '../../../lake/iceberg/types.ts';
import { lakePaths } from '../../../lake/paths.ts';
import type { ObjectStore } from '../../../lake/storage/object-store.ts';
import type { DataFile, PositionDeletes } from '../../../lake/table/data-file.ts';
import { deletedRows, deletePairs, localPaths, readFiles } from '../../../lake/table/read/table-view.ts';
import { writeDeletes } from '../../../lake/table/write/write-files.ts';
import { firstBy } from '../../transform/order.ts';
import { silverColumns } from '../../transform/silver-table.ts';
import { keyField, mayShareKeys } from './key-bounds.ts';
import type { CommittedSource } from './sources.ts';

/** Files whose position deletes change, and what they are from now on. */
export type ChangedDeletes = Map<string, PositionDeletes | undefined>;

export interface MergeInput {
  contract: Contract;
  schema: Schema;
  store: ObjectStore;
  scratch: string;
  runId: string;
  uriOf: (key: string) => string;
  /** Files of the table that stay. */
  others: readonly DataFile[];
  /** Files of the table with rows that go. */
  gone: readonly DataFile[];
  /** The sources whose rows go from them. */
  replaced: readonly string[];
  /** Files that come, by the source that brings them. */
  added: ReadonlyMap<string, readonly DataFile[]>;
  /** The later upload wins where the contract's order does not decide. */
  statesOf: (
    sourceIds: readonly string[],
  ) => Promise<ReadonlyMap<string, Pick<CommittedSource, 'uploadedAt' | 'sequencer'>>>;
}

/**
 * Decides, for every primary key that the commit adds or takes away, which source's row is the latest, and
 * deletes the others by position. `docs/adr/0003-one-row-per-key.md` says why and what it costs.
 *
 * The latest row is the first by the contract's `dedupeOrderBy`, then by the later upload. Rows that lose stay
 * in their files, hidden by position, so that they come back when the winner's file is replaced without them.
 *
 * @returns by the key of the data file
 */
export const mergeKeys = async (db: Db, input: MergeInput): Promise<ChangedDeletes> => {
  const { contract, schema, others, gone } = input;
  if (contract.primaryKey.length === 0) return new Map();
  const field = keyField(contract, schema);
  const added = [...input.added.values()];
  const meet = (some: readonly DataFile[], more: readonly DataFile[]): boolean =>
    some.some((one) => more.some((other) => mayShareKeys(contract, field, one, other)));
  const changed = [...gone, ...added.flat()];
  const rivals = others.filter((other) => meet([other], changed));
  // The rows of one source have no rivals among themselves: each key is there once.
  const contested = added.some((files, i) => meet(files, added.slice(i + 1).flat()));
  if (rivals.length === 0 && !contested) return new Map();
  const numbered = await rankRows(db, input, rivals);
  const affected = await db.all<{ file: string }>(`
    SELECT DISTINCT _file AS file FROM (
      SELECT n FROM range(${totalOf(numbered)}) AS t(n) WHERE ${isIn('_differing', 'n')}) AS row
    ASOF JOIN _files ON row.n >= _files._first ORDER BY file`);
  const changedDeletes: ChangedDeletes = new Map();
  for (const { file } of affected)
    changedDeletes.set(
      file,
      await deletesOf(db, input, numbered.find(({ key }) => key === file) as Numbered),
    );
  return changedDeletes;
};

/** A file whose rows are numbered through with those of others: `first` + position in the file. */
type Numbered = DataFile & { first: number };

const numberThrough = (files: readonly DataFile[]): Numbered[] => {
  let first = 0;
  return files.map((file) => {
    const numbered = { ...file, first };
    first += file.rows;
    return numbered;
  });
};

const totalOf = (files: readonly Numbered[]): number =>
  files.reduce((sum, { first, rows }) => Math.max(sum, first + rows), 0);

/**
 * Bytes of what is kept of a pass for each key beside its group: a row of each of two files that meet, with its key,
 * source and number, and the key once more. An estimate: rows of three files that share keys take half as much again.
 */
const CONTENDERS = 240;

/**
 * Numbers the rows of the rivals and of the added files through, and makes sets of them (`shared/engine/bitmap.ts`):
 * `_hidden`, those to hide from now on, and `_differing`, those of which that is news.
 *
 * A key's latest row is an aggregate over a share of all keys at a time: rows of a key may be any number, and keys more
 * than fit into memory. Nothing is kept of a pass but its bits.
 */
const rankRows = async (db: Db, input: MergeInput, rivals: readonly DataFile[]): Promise<Numbered[]> => {
  const { contract, store, scratch, gone, replaced } = input;
  const { primaryKey } = contract;
  const added = [...input.added.values()].flat();
  const files = numberThrough([...rivals, ...added]);
  const paths = await localPaths(
    store,
    scratch,
    [...gone, ...files].map(({ key }) => key),
  );
  const keys = identList(primaryKey);
  const rows = rowReader(input, paths);
  const path = ({ key, first }: Numbered): string =>
    `(${literal(paths.get(key) ?? '')}, ${literal(key)}, ${first}::BIGINT)`;
  const changed = [
    ...(added.length === 0 ? [] : [rows(added)]),
    ...(gone.length === 0
      ? []
      : [`SELECT * FROM (${rows(gone)}) WHERE _source_id IN (${replaced.map(literal).join(', ')})`]),
  ].join(' UNION ALL ');
  await db.run(
    `CREATE OR REPLACE TEMP TABLE _files AS FROM (VALUES ${files.map(path).join(', ')}) AS f(_path, _file, _first)`,
  );
  const total = totalOf(files);
  // The later upload wins, where the contract's order does not decide.
  const latest = firstBy(contract.dedupeOrderBy, `_rank * ${total} + _number`);
  const { passes } = await planGrouping(db, `(${rows(files)})`, primaryKey, {
    bytes: latest.kept.bytes + CONTENDERS,
    columns: latest.kept.columns,
    // The sort key's, and those of both rows.
    copies: latest.kept.copies + 2,
  });
  const states: States = new Map();
  for (const name of ['_latest', '_ranked']) await createBitmap(db, name, total, []);
  for (const { where } of passes) {
    await db.run(`
      CREATE OR REPLACE TEMP TABLE _changed AS SELECT DISTINCT ${keys} FROM (${changed}) WHERE ${where};
      CREATE OR REPLACE TEMP TABLE _contenders AS
      SELECT contender.* EXCLUDE (_path, file_row_number), _first + file_row_number AS _number
      FROM (SELECT * FROM (${rows(files)}) WHERE ${where}) AS contender
      SEMI JOIN _changed USING (${keys}) JOIN _files USING (_path)`);
    await rankBySource(db, input, states);
    const won = `SELECT (${latest.sql}) % ${total} FROM _contenders JOIN _source_ranks USING (_source_id) GROUP BY ${keys}`;
    await addToBitmap(db, '_latest', total, won);
    await addToBitmap(db, '_ranked', total, 'SELECT _number FROM _contenders');
  }
  await db.run('DROP TABLE _contenders; DROP TABLE _changed');
  const pairs = await deletePairs(rivals, paths, store, scratch);
  await createBitmap(
    db,
    '_before',
    total,
    pairs.length === 0
      ? []
      : [`SELECT _first + h[2] FROM (${deletedRows(pairs)}) AS hidden(h) JOIN _files ON _files._path = h[1]`],
  );
  await combineBitmaps(
    db,
    '_hidden',
    '(_before.bits & ~_ranked.bits) | (_ranked.bits & ~_latest.bits)',
    '_before, _ranked, _latest',
  );
  await combineBitmaps(db, '_differing', 'xor(_hidden.bits, _before.bits)', '_hidden, _before');
  return files;
};

type States = Map<string, Pick<CommittedSource, 'uploadedAt' | 'sequencer'>>;

/**
 * Fills `_source_ranks`: of the sources whose rows meet in this pass, the later upload has the larger rank.
 *
 * @param states those that earlier passes have asked for, to which the others are added
 */
const rankBySource = async (db: Db, { statesOf }: MergeInput, states: States): Promise<void> => {
  const found = await db.all<{ id: string }>('SELECT DISTINCT _source_id AS id FROM _contenders');
  const unknown = found.map(({ id }) => id).filter((id) => !states.has(id));
  for (const [id, state] of await statesOf(unknown)) states.set(id, state);
  const values = found.map(({ id }) => {
    const state = states.get(id);
    return `(${[id, state?.uploadedAt ?? '', state?.sequencer ?? ''].map(literal).join(', ')})`;
  });
  await db.run(`
    CREATE OR REPLACE TEMP TABLE _source_ranks AS
    SELECT _source_id, row_number() OVER (ORDER BY uploaded_at, sequencer, _source_id) AS _rank
    FROM (VALUES ${values.length === 0 ? "('', '', '')" : values.join(', ')}) AS v(_source_id, uploaded_at, sequencer)`);
};

/** Reads key and order columns in the types of today's contract, as readers see them: files may be older than it. */
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
  db: Db,
  input: MergeInput,
  { key, first, rows }: Numbered,
): Promise<PositionDeletes | undefined> =>
  await writeDeletes(
    db,
    input.uriOf(key),
    `SELECT n - ${first} AS pos
     FROM range(${first}, ${first + rows}) AS t(n) WHERE ${isIn('_hidden', 'n')}`,
    input.store,
    {
      keyOf: (name) => lakePaths.deletes(input.contract.dataset, name),
      prefix: input.runId,
      scratch: input.scratch,
    },
  );
