import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Terminal } from '../../cli/render/terminal.ts';
import { loadAll } from '../contract/load.ts';
import { type Report, throwIfAny } from '../contract/problems.ts';
import type { Resources } from '../engine/resources.ts';
import { withScratch } from '../engine/scratch.ts';
import { ident, literal } from '../engine/sql.ts';
import { type Db, withDuckDb } from '../engine/with-duckdb.ts';
import type { Lake } from '../lake/paths.ts';
import { loadGoldModels } from '../stages/load-to-gold/gold/model-header.ts';
import { type AttachOptions, attachLake } from './attach.ts';

/**
 * Opens DuckDB over the committed lake: schemas `silver`, `gold` and `quarantine`, and the table `runs`.
 *
 * @param options as of `attachLake`
 * @param report hears of mistakes in contracts and models; their tables are left out
 * @throws ContractInvalid unless `report` does otherwise
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

/** Passes over datasets and models that have mistakes, and says so. */
export const leaveOut =
  ({ note }: Pick<Terminal, 'note'>): Report =>
  (problems) => {
    const lines = problems.flatMap((each) => each.lines);
    if (lines.length > 0) note(['Left out for mistakes in its files:', ...lines].join('\n  '));
  };

export interface WarehouseTable {
  /** `main` for `runs`. */
  schema: string;
  name: string;
}

/** What the warehouse holds, by name. */
export const listTables = (db: Db): Promise<WarehouseTable[]> =>
  db.all<{ schema: string; name: string }>(
    `SELECT schema_name AS schema, view_name AS name FROM duckdb_views()
     WHERE NOT internal AND database_name = current_database()
       AND (schema_name IN ('silver', 'gold', 'quarantine') OR view_name = 'runs')
     ORDER BY ALL`,
  );

/**
 * Writes the warehouse as a DuckDB database that needs nothing else. A file of that name is replaced once the new
 * one is complete.
 *
 * @returns the tables with their rows
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
