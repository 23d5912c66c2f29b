import { createHash } from 'node:crypto';
import path from 'node:path';
import { BY_SILVER_SQL } from '../../contract/column.ts';
import { listReferences } from '../../contract/load.ts';
import type { Contract } from '../../contract/model.ts';
import { readsSource, SOURCE, type SourceFile, sourceStruct } from '../../contract/source-relation.ts';
import { withoutSemicolon } from '../../contract/sql-text.ts';
import { ident, literal } from '../../engine/sql.ts';
import type { Strategy } from '../../engine/strategy.ts';
import type { Db } from '../../engine/with-duckdb.ts';
import { ModelFailed } from '../../errors.ts';
import { readFiles, typed } from '../../lake/table/read/table-view.ts';
import type { Workbench } from '../../lake/table/workbench.ts';
import { type LocalFile, writeLocally } from '../../lake/table/write/write-files.ts';
import type { RunIdentity } from '../../run/run-identity.ts';
import { checkSilver } from './check-silver.ts';
import { type LatestRows, latestRows } from './latest-rows.ts';
import { runModel } from './model-failure.ts';
import { numberedRecords } from './record-numbers.ts';
import { RELATION } from './relations.ts';
import { silverColumns, type silverLayout } from './silver-table.ts';

export interface SilverRows {
  /** Rows that `silver.sql` left out. */
  filtered: number;
  /** Rows that a later one of the same primary key in this file supersedes. */
  duplicate: number;
  silver: number;
}

/** The run whose rows are made, with the file that `source` describes. */
export type SilverRun = SourceFile & Pick<RunIdentity, 'run_id' | 'source_id'>;

export interface BuiltSilver {
  /** SELECT of the file's silver rows, with the lineage columns. */
  query: string;
  /** The rows as data files. Absent when some of their rows turned out to be superseded: `query` leaves them out. */
  files?: LocalFile[];
  /** See `StagedSilver`. */
  content: string;
  rows: SilverRows;
  /** How rows of one key were found, under the name `silver`; empty without a key. */
  strategies: Readonly<Record<string, Strategy>>;
}

/**
 * Makes one file's silver rows of its accepted records: `silver.sql` (or the records as they are), casts to the
 * contract's types, derived columns, lineage, and the latest row of each primary key.
 *
 * The rows are written once, as data files. Superseded rows are found before that when the keys are columns of the
 * records. When silver.sql or an expression makes the keys, superseded rows are found afterwards, and the rest is written
 * again only if there are any: a dataset's own SQL runs once.
 *
 * @param staged local Parquet that Validate staged: the records, and `gaps`, the places of those that could not be parsed
 * @throws ModelFailed when `silver.sql` or an expression fails, or does not produce the contract's columns
 */
export const buildSilver = async (
  { db, scratch }: Omit<Workbench, 'store'>,
  contract: Contract,
  staged: { records: string; gaps?: string | undefined },
  run: SilverRun,
  layout: ReturnType<typeof silverLayout>,
): Promise<BuiltSilver> => {
  await createInputs(db, contract, staged, run);
  const query = await cleaningSql(db, contract);
  const { accepted, rescued } = await db.one<{ accepted: number; rescued: number }>(
    `SELECT count(*) AS accepted, count(_rescued) AS rescued FROM ${RELATION.accepted}`,
  );
  const rows = selectSilver(contract, query, run, rescued > 0);
  const before = isKeyRead(contract) ? await latestRows(db, contract, RELATION.accepted) : EVERY_ROW;
  const constants = new Map<string, string | null>([
    ['_run_id', run.run_id],
    ['_source_id', run.source_id],
    ...(rescued === 0 ? [['_rescued', null] as const] : []),
  ]);
  const files = await runSilverSql(contract, () =>
    writeLocally(db, `FROM (${rows}) WHERE ${before.where}`, path.join(scratch, 'cleaned'), {
      ...layout,
      constants,
    }),
  );
  const kept = files.reduce((sum, file) => sum + file.rows, 0);
  await createCleaned(db, contract, files, layout);
  const expected = accepted - before.rows;
  await checkSilver(db, contract, { kept, expected, files, schema: layout.schema });
  const after = isKeyRead(contract) ? EVERY_ROW : await latestRows(db, contract, RELATION.cleaned);
  const silver = `FROM ${RELATION.cleaned} WHERE ${after.where}`;
  const strategy = before.strategy ?? after.strategy;
  return {
    query: silver,
    ...(after.rows === 0 && { files }),
    content: await contentOf(db, contract, silver),
    rows: { filtered: expected - kept, duplicate: before.rows + after.rows, silver: kept - after.rows },
    strategies: strategy === undefined ? {} : { silver: strategy },
  };
};

const EVERY_ROW: LatestRows = { where: 'true', rows: 0 };

/** Whether the columns of the key and of the order come from the records unchanged. */
const isKeyRead = ({ silverSql, columns, primaryKey, dedupeOrderBy }: Contract): boolean => {
  const decisive = [...primaryKey, ...dedupeOrderBy.map(({ column }) => column)];
  const made = columns.filter(
    ({ name, derivedFrom }) => derivedFrom !== undefined && decisive.includes(name),
  );
  return silverSql === undefined && made.length === 0;
};

/** Makes the view `cleaned`: the rows that were written, in the contract's types. */
const createCleaned = async (
  db: Db,
  contract: Contract,
  files: readonly LocalFile[],
  { schema }: ReturnType<typeof silverLayout>,
): Promise<void> => {
  const columns = silverColumns(contract);
  const written = files.map((file) => file.path);
  await db.run(
    `CREATE VIEW ${RELATION.cleaned} AS ${typed(columns, written.length === 0 ? undefined : readFiles(written, schema.fields))}`,
  );
};

/** The views that `silver.sql` may read: `accepted`, `source`, and `ref.<name>` per CSV in the dataset's folder. */
const createInputs = async (
  db: Db,
  contract: Contract,
  { records, gaps }: { records: string; gaps?: string | undefined },
  run: SilverRun,
): Promise<void> => {
  await db.run(`
    CREATE VIEW ${RELATION.accepted} AS ${await numberedRecords(db, records, gaps)};
    CREATE VIEW ${SOURCE} AS SELECT unnest(${sourceStruct(run, contract.keyPattern)});
    CREATE SCHEMA ref`);
  for (const { name, path: file } of await listReferences(contract.folder))
    await runSilverSql(contract, () =>
      db.run(`CREATE VIEW ref.${ident(name)} AS FROM read_csv(${literal(file)})`),
    );
};

/** `silver.sql`, checked to produce the contract's columns; without one, all accepted records. */
const cleaningSql = async (db: Db, contract: Contract): Promise<string> => {
  const sql =
    contract.silverSql === undefined ? `FROM ${RELATION.accepted}` : withoutSemicolon(contract.silverSql);
  const produced = await runSilverSql(contract, () => db.describe(`(${sql}\n)`));
  const names = produced.map(({ name }) => name);
  const wanted = ['_row', ...contract.columns.filter(isProduced).map(({ name }) => name)];
  const missing = wanted.filter((name) => !names.includes(name));
  const extra = names.filter((name) => !wanted.includes(name) && name !== '_rescued');
  if (missing.length > 0 || extra.length > 0) {
    const differences = [
      missing.length > 0 ? `missing ${missing.join(', ')}` : '',
      extra.length > 0 ? `not in the contract ${extra.join(', ')}` : '',
    ].filter((part) => part !== '');
    throw new ModelFailed(
      contract.silverSql === undefined
        ? `The records of "${contract.dataset}" were read under other columns than those of the contract: ${differences.join('; ')}. The contract changed after the file was read, and an execution that began under an earlier release cannot go back to Validate. Start a new execution with the same input, or upload the file again.`
        : `silver.sql of "${contract.dataset}" does not produce the contract's columns: ${differences.join('; ')}. Fix ${path.dirname(contract.file)}/silver.sql or the contract, deploy, and redrive.`,
    );
  }
  return sql;
};

/** Whether a column comes out of `silver.sql`, rather than being computed from its output. */
const isProduced = ({ derivedFrom }: { derivedFrom?: string }): boolean =>
  derivedFrom === undefined || derivedFrom === BY_SILVER_SQL;

/** @param rescued whether any record has values that the contract does not know: they cost a join with all rows */
const selectSilver = (contract: Contract, cleaning: string, run: SilverRun, rescued: boolean): string => {
  const columns = contract.columns.map(
    (column) =>
      `CAST((${isProduced(column) ? ident(column.name) : column.derivedFrom}\n) AS ${column.silverType}) AS ${ident(column.name)}`,
  );
  const source = readsSource(contract.columns)
    ? `, ${sourceStruct(run, contract.keyPattern)} AS ${SOURCE}`
    : '';
  return `
  SELECT ${columns.join(',\n    ')},
    ${literal(run.run_id)} AS _run_id, ${literal(run.source_id)} AS _source_id, CAST(_row AS BIGINT) AS _row,
    ${rescued ? 'rescued._rescued' : 'CAST(NULL AS VARCHAR)'} AS _rescued
  FROM (SELECT *${source} FROM (${cleaning}\n)) AS cleaned${
    rescued
      ? `
  LEFT JOIN (SELECT _row AS _rescued_row, _rescued FROM ${RELATION.accepted} WHERE _rescued IS NOT NULL) AS rescued
    ON _row = _rescued_row`
      : ''
  }`;
};

/**
 * A hash of the rows in any order, and of the contract's properties that decide how they are stored and which of them
 * show. The rows' alias is a name that no column can have: otherwise a column of that name would be hashed instead.
 */
const contentOf = async (db: Db, contract: Contract, query: string): Promise<string> => {
  const { rows } = await db.one<{ rows: string }>(
    `SELECT concat(count(*), ' ', sum(hash(_silver)::HUGEINT)) AS rows FROM (SELECT * EXCLUDE (_run_id) FROM (${query})) AS _silver`,
  );
  const shape = [
    contract.partitionedBy,
    contract.primaryKey,
    contract.dedupeOrderBy,
    silverColumns(contract),
  ];
  return createHash('sha256')
    .update(JSON.stringify([rows, shape]))
    .digest('hex')
    .slice(0, 32);
};

const runSilverSql = <T>(contract: Contract, work: () => Promise<T>): Promise<T> =>
  runModel(`The silver SQL of "${contract.dataset}" (${path.dirname(contract.file)})`, work);
