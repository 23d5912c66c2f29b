import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { loadAll } from '../contract/load.ts';
import { type Report, throwIfAny } from '../contract/problems.ts';
import { withoutSemicolon } from '../contract/sql-text.ts';
import type { Resources } from '../engine/resources.ts';
import { withScratch } from '../engine/scratch.ts';
import { ident, literal } from '../engine/sql.ts';
import type { Row } from '../engine/values.ts';
import { type Db, withDuckDb } from '../engine/with-duckdb.ts';
import type { Lake } from '../lake/paths.ts';
import { loadGoldModels } from '../stages/load-to-gold/gold/model-header.ts';
import { type AttachOptions, attachLake } from './attach.ts';

/**
 * Opens DuckDB over the committed lake: schemas `silver`, `gold`, `quarantine` and `quarantine_history`, and the
 * table `runs`.
 *
 * @param options see `attachLake`
 * @param report called with mistakes in contracts and models, whose tables are left out; throws where it is absent
 * @throws ContractInvalid for such a mistake when there is no `report`
 */
export const withWarehouse = async <T>(
  { lake, config }: { lake: Lake; config: Resources & { sqlDir: string } },
  work: (db: Db) => Promise<T>,
  options?: AttachOptions,
  report: Report = throwIfAny,
): Promise<T> => {
  const { memoryMb, threads, scratchRoot, sqlDir } = config;
  return await withScratch(scratchRoot, (scratch) =>
    withDuckDb({ memoryMb, threads, scratch }, async (db) => {
      const contracts = await loadAll(sqlDir, report);
      const models = await loadGoldModels(sqlDir, undefined, report);
      await attachLake(db, lake, contracts, models, scratch, options);
      return work(db);
    }),
  );
};

/** A report that skips datasets and models with mistakes, and lists the mistakes in one remark. */
export const reportTo =
  (remark: (text: string) => void): Report =>
  (problems) => {
    const lines = problems.flatMap((each) => each.lines);
    if (lines.length > 0) remark(['Left out for mistakes in its files:', ...lines].join('\n  '));
  };

export interface WarehouseTable {
  /** `main` for `runs`. */
  schema: string;
  name: string;
}

/** The rows of one statement. */
export interface QueryResult {
  /** DuckDB's type, or undefined for a statement that is no SELECT. */
  columns: { name: string; type: string | undefined }[];
  /** The number of all rows. */
  rows: number;
  /** Rows by their position from 0; see `values.ts` for how types arrive. Only until the next statement. */
  read(start: number, count: number): Promise<Row[]>;
}

/** The lake's tables, open in DuckDB. */
export interface Warehouse {
  /** The tables, in the order of their names. */
  tables(): Promise<WarehouseTable[]>;

  /**
   * Runs one statement; a semicolon at its end is ignored.
   *
   * @throws Error as DuckDB words it, when the statement fails
   */
  result(sql: string): Promise<QueryResult>;

  /** See `exportWarehouse`. */
  export(file: string): Promise<(WarehouseTable & { rows: number })[]>;
}

/** A warehouse on the connection that `withWarehouse` gives. */
export const openWarehouse = (db: Db): Warehouse => ({
  tables: () => listTables(db),
  result: (sql) => resultOf(db, sql),
  export: (file) => exportWarehouse(db, file),
});

/** DuckDB keeps the rows of a SELECT, on disk where they are many. Other statements have few. */
const resultOf = async (db: Db, sql: string): Promise<QueryResult> => {
  const statement = withoutSemicolon(sql);
  if (!/^(\(|select|from|with|values|pivot|unpivot)\b|^\(/i.test(statement)) {
    const rows = await db.all(statement);
    const columns = Object.keys(rows[0] ?? {}).map((name) => ({ name, type: undefined }));
    return { columns, rows: rows.length, read: async (start, count) => rows.slice(start, start + count) };
  }
  await db.run(`CREATE OR REPLACE TEMP TABLE _result AS\n${statement}`);
  const { rows } = await db.one<{ rows: number }>('SELECT count(*) AS rows FROM _result');
  return {
    columns: await db.describe('FROM _result'),
    rows,
    read: (start, count) =>
      db.all('FROM _result WHERE rowid >= $1 AND rowid < $2 ORDER BY rowid', [start, start + count]),
  };
};

/** The tables of the warehouse, in the order of their names. */
export const listTables = (db: Db): Promise<WarehouseTable[]> =>
  db.all<{ schema: string; name: string }>(
    `SELECT schema_name AS schema, view_name AS name FROM duckdb_views()
     WHERE NOT internal AND database_name = current_database()
       AND (schema_name IN ('silver', 'gold', 'quarantine', 'quarantine_history') OR view_name = 'runs')
     ORDER BY ALL`,
  );

/**
 * Writes all tables into a DuckDB database of its own. An existing file is replaced once the new one is complete.
 *
 * @returns the tables with the number of their rows
 */
export const exportWarehouse = async (
  db: Db,
  file: string,
): Promise<(WarehouseTable & { rows: number })[]> => {
  const target = path.resolve(file);
  await mkdir(path.dirname(target), { recursive: true });
  const draft = `${target}.${randomUUID()}.tmp`;
  try {
    await db.run(`ATTACH ${literal(draft)} AS warehouse`);
    const written: (WarehouseTable & { rows: number })[] = [];
    for (const { schema, name } of await listTables(db)) {
      const table = `${ident('warehouse')}.${ident(schema)}.${ident(name)}`;
      await db.run(`CREATE SCHEMA IF NOT EXISTS ${ident('warehouse')}.${ident(schema)}`);
      await db.run(`CREATE TABLE ${table} AS FROM ${ident(schema)}.${ident(name)}`);
      const { rows } = await db.one<{ rows: number }>(`SELECT count(*) AS rows FROM ${table}`);
      written.push({ schema, name, rows });
    }
    await db.run('DETACH warehouse');
    await rename(draft, target);
    return written;
  } finally {
    await rm(draft, { force: true });
    await rm(`${draft}.wal`, { force: true });
  }
};
