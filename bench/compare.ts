import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { openLake } from '../operate/local/lake.ts';
import { loadContract } from '../shared/contract/load.ts';
import { ident, literal } from '../shared/engine/sql.ts';
import { type Db, withDuckDb } from '../shared/engine/with-duckdb.ts';
import { attachLake } from '../shared/query/attach.ts';
import { loadGoldModels, modelsOf } from '../shared/stages/load-to-gold/gold/model-header.ts';
import { DATASETS } from './datasets.ts';
import type { RowCounts, WorkSpec } from './job.ts';
import { CACHE, SQL_DIR } from './paths.ts';

export const TABLES = ['silver', 'gold', 'rejected'] as const;
export type Table = (typeof TABLES)[number];

/** Location of the tables that a contender wrote. */
export interface Outcome {
  contender: string;
  folder: string;
  /** Whether the tables are in a duckstep lake. */
  lake: boolean;
  rows: RowCounts;
}

/** A table or a count in which two contenders differ. */
export interface Difference {
  contender: string;
  reference: string;
  table: Table | `count of ${keyof RowCounts}`;
  /** Rows that only the reference has; rows that only the contender has. */
  missing: number;
  extra: number;
  /** Some of these rows, as JSON. */
  examples: string[];
}

const EXAMPLES = 3;

/** Decimal places to which DOUBLEs are compared: engines parse the last bit differently. */
const PLACES = 6;

/** Rows compared at a time; bounds the memory for tables of any size. */
const ROWS_AT_A_TIME = 2_000_000;

const COMPARE_MEMORY_MB = 6144;

/**
 * Compares the contenders' results with the reference's: the counts, and silver, gold and the rejected records as
 * multisets of rows, regardless of order and files. Tables with equal fingerprints are equal; rows are searched only
 * if the fingerprints differ.
 */
export const compare = async (
  spec: WorkSpec,
  reference: Outcome,
  others: readonly Outcome[],
): Promise<Difference[]> => {
  await mkdir(CACHE, { recursive: true });
  const scratch = await mkdtemp(path.join(CACHE, 'compare-'));
  try {
    return await withDuckDb(
      { memoryMb: COMPARE_MEMORY_MB, threads: 2, scratch, ordered: false },
      async (db) => {
        for (const outcome of [reference, ...others]) await attach(db, spec, outcome, scratch);
        const expected = await fingerprints(db, reference);
        const differences: Difference[] = [];
        for (const other of others) {
          differences.push(...countDifferences(reference, other));
          const actual = await fingerprints(db, other);
          for (const table of TABLES)
            if (actual[table] !== expected[table])
              differences.push(...(await rowDifferences(db, table, reference, other)));
        }
        return differences;
      },
    );
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
};

/** Counts in which two contenders differ. */
export const countDifferences = (reference: Outcome, other: Outcome): Difference[] =>
  (['read', 'rejected', 'duplicates', 'silver'] as const).flatMap((count) => {
    const more = other.rows[count] - reference.rows[count];
    if (more === 0) return [];
    return {
      contender: other.contender,
      reference: reference.contender,
      table: `count of ${count}` as const,
      missing: Math.max(0, -more),
      extra: Math.max(0, more),
      examples: [],
    };
  });

/** One sentence per difference, and rows that show it. */
export const describeDifference = (difference: Difference): string => {
  const { contender, reference, table, missing, extra, examples } = difference;
  const summary = `${contender} differs from ${reference} in ${table}: ${missing} rows are missing, ${extra} are too many`;
  return [summary, ...examples.map((row) => `  ${row}`)].join('\n');
};

const viewOf = (outcome: Outcome, table: Table): string => ident(`${outcome.contender}_${table}`);

/** Creates one view per table, with the same columns and types for every contender. */
const attach = async (db: Db, spec: WorkSpec, outcome: Outcome, scratch: string): Promise<void> => {
  const sources = outcome.lake
    ? await lakeSources(db, spec, outcome, path.join(scratch, outcome.contender))
    : fileSources(spec, outcome.folder);
  for (const table of TABLES) {
    const columns = Object.entries(columnsOf(spec, table)).map(([name, type]) => {
      const value = `CAST(${ident(name)} AS ${type})`;
      return `${type === 'DOUBLE' || type === 'FLOAT' ? `round(${value}, ${PLACES})` : value} AS ${ident(name)}`;
    });
    await db.run(
      `CREATE VIEW ${viewOf(outcome, table)} AS SELECT ${columns.join(', ')} FROM ${sources[table]}`,
    );
  }
};

/** DuckDB types of the compared columns, by name. */
const columnsOf = (spec: WorkSpec, table: Table): Record<string, string> => {
  switch (table) {
    case 'silver':
      return Object.fromEntries([
        ...spec.columns.map(({ name, silverType }) => [name, silverType]),
        ...spec.partitions.map(({ name }) => [name, 'BIGINT']),
      ]);
    case 'gold':
      return spec.goldTypes;
    case 'rejected':
      return { key: 'VARCHAR', reasons: 'VARCHAR' };
  }
};

const fileSources = (spec: WorkSpec, folder: string): Record<Table, string> => {
  const parquet = (name: string): string =>
    `read_parquet(${literal(path.join(folder, name))}, hive_partitioning = true, union_by_name = true)`;
  return {
    silver: parquet(`silver/${spec.partitions.map(() => '*/').join('')}*.parquet`),
    gold: parquet('gold.parquet'),
    rejected: parquet('rejected.parquet'),
  };
};

/** duckstep's tables, queried as users query them. */
const lakeSources = async (
  db: Db,
  { dataset, gold, rejectKey }: WorkSpec,
  { folder }: Outcome,
  scratch: string,
): Promise<Record<Table, string>> => {
  const contract = await loadContract(SQL_DIR, dataset);
  const models = await loadGoldModels(SQL_DIR, modelsOf(dataset, DATASETS));
  await attachLake(db, openLake(path.join(folder, 'lake')), [contract], models, scratch);
  return {
    silver: `silver.${ident(dataset)}`,
    gold: `gold.${ident(gold.name)}`,
    rejected: `(SELECT json_extract_string(raw, ${literal(rejectKey)}) AS key,
      list_aggregate([reason."column" || '.' || reason.rule FOR reason IN reasons], 'string_agg', ';') AS reasons
      FROM quarantine.${ident(dataset)})`,
  };
};

/**
 * Per table the number of rows and the sum of their 64-bit hashes, which does not depend on the order. It reads the table
 * once; a multiset difference of large tables reads both of them many times. Different tables collide with probability 2^-64.
 */
const fingerprints = async (db: Db, outcome: Outcome): Promise<Partial<Record<Table, string>>> => {
  const found: Partial<Record<Table, string>> = {};
  for (const table of TABLES) {
    const { print } = await db.one<{ print: string }>(
      `SELECT concat_ws(' ', count(*), sum(hash(r))) AS print FROM ${viewOf(outcome, table)} AS r`,
    );
    found[table] = print;
  }
  return found;
};

const rowDifferences = async (
  db: Db,
  table: Table,
  reference: Outcome,
  other: Outcome,
): Promise<Difference[]> => {
  const [expected, actual] = [viewOf(reference, table), viewOf(other, table)];
  const { rows } = await db.one<{ rows: number }>(`SELECT count(*) AS rows FROM ${expected}`);
  const parts = Math.max(1, Math.ceil(rows / ROWS_AT_A_TIME));
  const difference = { missing: 0, extra: 0, examples: [] as string[] };
  for (let part = 0; part < parts; part += 1) {
    const share = (view: string): string => `SELECT * FROM ${view} AS r WHERE hash(r) % ${parts} = ${part}`;
    for (const [kind, left, right] of [
      ['missing', expected, actual],
      ['extra', actual, expected],
    ] as const) {
      const found = await db.all<{ row: string; found: number }>(`
        SELECT CAST(to_json(d) AS VARCHAR) AS row, count(*) OVER () AS found
        FROM ((${share(left)}) EXCEPT ALL (${share(right)})) AS d LIMIT ${EXAMPLES}`);
      difference[kind] += found[0]?.found ?? 0;
      difference.examples.push(...found.map(({ row }) => `${kind}: ${row}`));
    }
  }
  if (difference.missing + difference.extra === 0) return [];
  const examples = difference.examples.slice(0, 2 * EXAMPLES);
  return [{ contender: other.contender, reference: reference.contender, table, ...difference, examples }];
};
