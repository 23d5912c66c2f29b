import type { Contract } from '../../../contract/model.ts';
import { addToBitmap, createBitmap, isIn } from '../../../engine/bitmap.ts';
import { ident, identList, literal } from '../../../engine/sql.ts';
import { planGrouping } from '../../../engine/strategy.ts';
import type { Db } from '../../../engine/with-duckdb.ts';
import type { Field, Schema } from '../../../lake/iceberg/types.ts';
import type { DataFile } from '../../../lake/table/data-file.ts';
import { readFiles } from '../../../lake/table/read/table-view.ts';
import type { SupersededRows } from '../../../run/build-run-record.ts';
import { UPLOAD_ORDER } from '../../../run/version-age.ts';
import { firstBy } from '../../transform/order.ts';
import { silverColumns } from '../../transform/silver-table.ts';
import { RELATION } from './relations.ts';
import type { CommittedSource } from './sources.ts';

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
  /** Sources that the commit loads or confirms: their superseding and superseded rows are counted. */
  counted: readonly string[];
  /** The committed sources as they are after the commit: the later upload wins where the contract's order is equal. */
  committedOf: (sourceIds: readonly string[]) => Promise<ReadonlyMap<string, UploadOf>>;
}

type UploadOf = Pick<CommittedSource, 'uploadedAt' | 'sequencer'>;

/** A file whose rows are numbered through with those of the others: `first` + position in the file. */
export type Numbered = DataFile & { first: number };

export const withFirstNumbers = (files: readonly DataFile[]): Numbered[] => {
  let first = 0;
  return files.map((file) => {
    const numbered = { ...file, first };
    first += file.rows;
    return numbered;
  });
};

export const totalOf = (files: readonly Numbered[]): number =>
  files.reduce((sum, { first, rows }) => Math.max(sum, first + rows), 0);

/**
 * Estimated bytes per key held during a pass, beside its group: two rows (key, source, row number) plus one copy of the
 * key, and what is kept of its winner. Rows of three files that share keys take half as much again.
 */
const BYTES_PER_KEY = 272;

/**
 * Makes the sets `latest` and `ranked` (`RELATION`), of which `deletedBefore` must be there.
 *
 * A key's latest row is an aggregate over a share of all keys at a time: rows of a key may be any number, and keys more
 * than fit into memory. Nothing is kept of a pass but its bits and counts.
 *
 * @returns the counts of the sources in `counted`, by source; none where both are 0
 */
export const rankRows = async (
  db: Db,
  input: MergeInput,
  files: readonly Numbered[],
  paths: ReadonlyMap<string, string>,
): Promise<Map<string, SupersededRows>> => {
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
  const counts = new Map<string, SupersededRows>();
  const showed = (number: string): string =>
    `(${number} < ${totalOf(files.slice(0, input.rivals.length))} AND NOT ${isIn(RELATION.deletedBefore, number)})`;
  for (const name of [RELATION.latest, RELATION.ranked]) await createBitmap(db, name, total, []);
  for (const { where } of passes) {
    await db.run(`
      CREATE OR REPLACE TEMP TABLE ${RELATION.changedKeys} AS SELECT DISTINCT ${keys} FROM (${changed}) WHERE ${where};
      CREATE OR REPLACE TEMP TABLE ${RELATION.contenders} AS
      SELECT contender.* EXCLUDE (_path, file_row_number), _first + file_row_number AS _number
      FROM (SELECT * FROM (${rows(files)}) WHERE ${where}) AS contender
      SEMI JOIN ${RELATION.changedKeys} USING (${keys}) JOIN ${RELATION.files} USING (_path)`);
    await rankSources(db, input, uploads);
    await db.run(`
      CREATE OR REPLACE TEMP TABLE ${RELATION.winners} AS
      SELECT _won // ${total} AS _rank, _won % ${total} AS _number, _showed
      FROM (SELECT (${latest.sql}) AS _won, count(*) FILTER (${showed('_number')}) AS _showed
        FROM ${RELATION.contenders} JOIN ${RELATION.sourceRanks} USING (_source_id) GROUP BY ${keys})`);
    await addToBitmap(db, RELATION.latest, total, `SELECT _number FROM ${RELATION.winners}`);
    await addToBitmap(db, RELATION.ranked, total, `SELECT _number FROM ${RELATION.contenders}`);
    await countRows(db, input.counted, showed('_number'), counts);
  }
  await db.run(
    `DROP TABLE ${RELATION.winners}; DROP TABLE ${RELATION.contenders}; DROP TABLE ${RELATION.changedKeys}`,
  );
  return counts;
};

/**
 * Adds the counts of a pass: rows that showed before and lose against a row of the source; and rows of the source that lose.
 *
 * @param showed SQL condition: the row `_number` showed before the commit
 */
const countRows = async (
  db: Db,
  counted: readonly string[],
  showed: string,
  counts: Map<string, SupersededRows>,
): Promise<void> => {
  if (counted.length === 0) return;
  const isCounted = `_source_id IN (${counted.map(literal).join(', ')})`;
  const rows = await db.all<{ id: string; superseding: number; superseded: number }>(`
    SELECT id, sum(superseding)::BIGINT AS superseding, sum(superseded)::BIGINT AS superseded FROM (
      SELECT _source_id AS id, _showed - CAST(${showed} AS INTEGER) AS superseding, 0 AS superseded
      FROM ${RELATION.winners} JOIN ${RELATION.sourceRanks} USING (_rank) WHERE ${isCounted}
      UNION ALL
      SELECT _source_id, 0, 1 FROM ${RELATION.contenders}
      WHERE ${isCounted} AND NOT ${isIn(RELATION.latest, '_number')})
    GROUP BY id HAVING sum(superseding) + sum(superseded) > 0`);
  for (const { id, superseding, superseded } of rows) {
    const before = counts.get(id) ?? { superseding: 0, superseded: 0 };
    counts.set(id, {
      superseding: before.superseding + superseding,
      superseded: before.superseded + superseded,
    });
  }
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
    SELECT _source_id, row_number() OVER (ORDER BY ${UPLOAD_ORDER}, _source_id) AS _rank
    FROM (VALUES ${values.length === 0 ? "('', '', '')" : values.join(', ')}) AS v(_source_id, uploaded_at, sequencer)`);
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
