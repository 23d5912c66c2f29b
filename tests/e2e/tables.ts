import { loadAll } from '../../shared/contract/load.ts';
import { ident } from '../../shared/engine/sql.ts';
import type { Row } from '../../shared/engine/values.ts';
import { type Db, withDuckDb } from '../../shared/engine/with-duckdb.ts';
import type { Lake } from '../../shared/lake/paths.ts';
import { attachLake } from '../../shared/query/attach.ts';
import { loadGoldModels } from '../../shared/stages/load-to-gold/gold/model-header.ts';
import { scratch } from '../helpers/scratch.ts';

/** The rows of a table, without columns that name the run or the file; for a large table their digest. */
export type Contents = Row[] | { rows: number; digest: string };

/** Columns that differ between runs: ids, times, and values that depend on the machine and its load. */
const PARTICULAR = {
  silver: ['_run_id', '_source_id'],
  gold: [],
  quarantine: ['run_id', 'source_bucket', 'source_version'],
  main: [
    ...['run_id', 'source_id', 'execution', 'source_bucket', 'source_version', 'source_sequencer'],
    ...['bytes_read', 'bytes_written', 'requests', 'duration_ms', 'gb_seconds', 'cost_usd', 'finished_at'],
    ...['requests_write', 'requests_read', 'requests_catalog', 'storage_gb_seconds'],
  ],
};

/** The most rows that are compared one by one; larger tables are compared by digest. */
const SHOWN_ROWS = 10_000;

/** Runs queries over the committed lake. */
export const askLake = async <T>(lake: Lake, sqlDir: string, ask: (db: Db) => Promise<T>): Promise<T> => {
  const folder = scratch();
  const [contracts, models] = [await loadAll(sqlDir), await loadGoldModels(sqlDir)];
  return await withDuckDb({ memoryMb: 2048, threads: 2, scratch: folder }, async (db) => {
    await attachLake(db, lake, contracts, models, folder);
    return await ask(db);
  });
};

/** The contents of all tables by name; `main.runs` has the run records. */
export const contentsOf = (lake: Lake, sqlDir: string): Promise<Record<string, Contents>> =>
  askLake(lake, sqlDir, async (db) => {
    const contents: Record<string, Contents> = {};
    for (const [schema, particular] of Object.entries(PARTICULAR)) {
      for (const { name } of await viewsIn(db, schema)) {
        const excluded = particular.length === 0 ? '' : ` EXCLUDE (${particular.map(ident).join(', ')})`;
        contents[`${schema}.${name}`] = await read(
          db,
          `SELECT *${excluded} FROM ${ident(schema)}.${ident(name)}`,
        );
      }
    }
    return contents;
  });

const viewsIn = (db: Db, schema: string): Promise<{ name: string }[]> =>
  db.all(
    'SELECT view_name AS name FROM duckdb_views() WHERE NOT internal AND schema_name = $1 ORDER BY ALL',
    [schema],
  );

const read = async (db: Db, rows: string): Promise<Contents> => {
  const { count, digest } = await db.one<{ count: number; digest: string }>(
    `SELECT count(*) AS count, CAST(sum(hash(r)) AS VARCHAR) AS digest FROM (${rows}) AS r`,
  );
  return count > SHOWN_ROWS ? { rows: count, digest } : await db.all(`${rows} ORDER BY ALL`);
};
