import path from 'node:path';
import { loadAll } from '../../shared/contract/load.ts';
import type { Db } from '../../shared/engine/with-duckdb.ts';
import type { Lake } from '../../shared/lake/paths.ts';
import type { ObjectStore } from '../../shared/lake/storage/object-store.ts';
import { type MetadataVersion, Table } from '../../shared/lake/table/commit/table.ts';
import type { Snapshot } from '../../shared/lake/table/read/snapshot.ts';
import { attachLake } from '../../shared/query/attach.ts';
import { loadGoldModels } from '../../shared/stages/load-to-gold/gold/model-header.ts';
import { ROOT } from '../helpers/engine.ts';
import { runProgram } from '../helpers/run-program.ts';
import { compareDb } from './compare.ts';

/** The demo's tables, each with a filter on a partition column and one that only bounds of columns can decide. */
export const TABLES: Readonly<Record<string, { partition?: string; bounds: string }>> = {
  'silver.flights': { partition: 'month = 3', bounds: "departed_at < '2001-02-01T00:00:00'" },
  'silver.movies': { bounds: 'imdb_votes < 0' },
  'silver.signups': { partition: 'year = 2025', bounds: "signup_date < '2024-02-01'" },
  'silver.weather': { partition: 'year = 2013', bounds: "date >= '2015-06-01'" },
  'gold.daily_metrics': { partition: 'year = 2001', bounds: "date_key < '2002-01-01'" },
  'gold.delays_by_day': { partition: 'year = 2001 AND month < 3', bounds: "date >= '2001-06-15'" },
  'gold.flights_by_route': { partition: 'month = 7', bounds: 'flights > 1000000' },
  'gold.movies_by_genre': { bounds: "genre < 'Action'" },
  'gold.signups_by_day': { bounds: "signup_date > '2030-01-01'" },
  'gold.weather_by_month': { partition: 'year = 2012', bounds: 'temp_max < 0' },
};

/** Runs `duckstep demo` into this folder. */
export const runDemo = async (folder: string): Promise<void> => {
  await runProgram('npx', ['duckstep', '--lake', folder, 'demo']);
};

export const demoStore = (lake: Lake, name: string): ObjectStore =>
  name.startsWith('silver.') ? lake.silver : lake.gold;

export const newestOf = async (lake: Lake, name: string): Promise<MetadataVersion> => {
  const version = await new Table(demoStore(lake, name), name.replace(/^\w+\./, '')).newest();
  if (version === undefined) throw new Error(`${name} has no metadata`);
  return version;
};

export const snapshotOf = ({ snapshot }: MetadataVersion): Snapshot => {
  if (snapshot === undefined) throw new Error('nothing is committed');
  return snapshot;
};

/** Opens a DuckDB with the tables as queries see them. */
export const withDemo = <T>(lake: Lake, work: (db: Db, folder: string) => Promise<T>): Promise<T> =>
  compareDb(async (db, folder) => {
    const sqlDir = path.join(ROOT, 'sql');
    await attachLake(db, lake, await loadAll(sqlDir), await loadGoldModels(sqlDir), folder);
    return await work(db, folder);
  });
