import type { Contract } from '../../contract/model.ts';
import { ident, literal } from '../../engine/sql.ts';
import type { Db } from '../../engine/with-duckdb.ts';
import { silverColumns } from '../transform/silver-table.ts';
import { matchColumns } from '../validate/bind-columns.ts';
import { recordsSql } from '../validate/records-sql.ts';

/** A description of the rejected records to find. */
export interface RecordCondition {
  /** SQL of one condition over the columns of silver, and the names of the columns that it uses, in lower case. */
  sql: string;
  columns: ReadonlySet<string>;
  /** Records whose text contains this are found too. */
  text?: string | undefined;
}

export interface MatchingRecords {
  rows: number;
  /** Records that are no objects, or that lack a column of the condition, since `silver.sql` makes it. */
  notJudged: number;
}

const RECORDS = '_rejected_records';
const JUDGED = '_judged_records';

/** Columns of silver that a rejected record has. */
const readable = (contract: Contract): Set<string> =>
  new Set([
    ...contract.columns
      .filter(({ derivedFrom }) => derivedFrom === undefined)
      .map(({ name }) => name.toLowerCase()),
    ...['_rescued', '_run_id'],
  ]);

/**
 * Judges the rejected records of a local quarantine file by a condition over silver: each is read as Validate would read
 * it, so that a value that does not fit its column is NULL. `keptRecords` then selects what stays.
 */
export const judgeRecords = async (
  db: Db,
  contract: Contract,
  file: string,
  { sql, columns, text }: RecordCondition,
): Promise<MatchingRecords> => {
  await db.run(`CREATE OR REPLACE TEMP TABLE ${RECORDS} AS
    SELECT *, row_number() OVER () AS _n, coalesce(json_valid(raw) AND TRY(json_type(raw)) = 'OBJECT', false) AS _object
    FROM read_parquet(${literal(file)}, hive_partitioning = false)`);
  const known = readable(contract);
  const canJudge = [...columns].every((name) => known.has(name));
  await db.run(`CREATE OR REPLACE TEMP TABLE ${JUDGED} (n BIGINT)`);
  if (canJudge) await judge(db, contract, sql);
  if (text !== undefined)
    await db.run(`INSERT INTO ${JUDGED} SELECT _n FROM ${RECORDS} WHERE contains(raw, $1)`, [text]);
  return await db.one<MatchingRecords>(`
    SELECT count(*) FILTER (n IS NOT NULL) AS rows,
      count(*) FILTER (n IS NULL AND raw IS NOT NULL AND NOT (_object AND ${canJudge})) AS "notJudged"
    FROM ${RECORDS} LEFT JOIN (SELECT DISTINCT n FROM ${JUDGED}) ON n = _n`);
};

/** A SELECT of the records of the file that was judged last, without those that match. */
export const keptRecords = (): string =>
  `SELECT * EXCLUDE (_n, _object) FROM ${RECORDS} ANTI JOIN ${JUDGED} ON n = _n ORDER BY _n`;

const judge = async (db: Db, contract: Contract, where: string): Promise<void> => {
  const objects = `FROM ${RECORDS} WHERE _object`;
  const keys = await db.all<{ key: string }>(
    `SELECT DISTINCT unnest(json_keys(raw)) AS key ${objects} ORDER BY key`,
  );
  if (keys.length === 0) return;
  const names = keys.map(({ key }) => key);
  const source = {
    shape: 'documents' as const,
    relation: `(SELECT CAST(raw AS JSON) AS doc ${objects} ORDER BY _n)`,
    columns: names,
    types: names.map(() => 'JSON'),
  };
  // Both keep the order of the records: the n-th typed record is the n-th record.
  await db.run(`
    CREATE OR REPLACE TEMP TABLE _typed_records AS SELECT row_number() OVER () AS _k, * FROM (${recordsSql(contract, source, matchColumns(contract, names))});
    CREATE OR REPLACE TEMP TABLE _numbered_records AS SELECT row_number() OVER () AS _k, _n, run_id FROM (SELECT _n, run_id ${objects} ORDER BY _n)`);
  const known = readable(contract);
  const columns = silverColumns(contract).map(({ name, type }) => {
    const value = name === '_run_id' ? 'run_id' : known.has(name.toLowerCase()) ? ident(name) : 'NULL';
    return `TRY_CAST(${value} AS ${type}) AS ${ident(name)}`;
  });
  await db.run(`
    INSERT INTO ${JUDGED} SELECT _n FROM (
      SELECT _n, ${columns.join(', ')} FROM _typed_records JOIN _numbered_records USING (_k)) AS ${ident(contract.dataset)}
    WHERE (\n${where}\n)`);
};
