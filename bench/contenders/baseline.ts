/**
 * A script as a good engineer would write it by hand: one DuckDB, the file parsed once into a table in memory. It is not a
 * pipeline: a failure loses its work, and it must be the only writer of its tables.
 */
import path from 'node:path';
import { DuckDBInstance, version } from '@duckdb/node-api';
import { ident } from '../../shared/engine/sql.ts';
import { copySql, judgedSql, rejectedSql, silverSql, supersededSql } from './baseline-sql.ts';
import { Phases, readJob, writeResult } from './phases.ts';

const job = readJob();
const phases = new Phases();
phases.started();
const began = performance.now();
const { spec } = job;

const instance = await DuckDBInstance.create(':memory:', { threads: String(job.cores) });
const db = await instance.connect();
const one = async (sql: string): Promise<number> => Number((await db.runAndReadAll(sql)).getRows()[0]?.[0]);

await phases.run('parse', () => db.run(`CREATE TABLE judged AS ${judgedSql(job)}`));
const read = await one('SELECT count(*) FROM judged');
const rejected = await phases.run('reject', () =>
  one(copySql(rejectedSql(spec), path.join(job.folder, 'rejected.parquet'))),
);
const duplicates = await phases.run('dedupe', async () => {
  if (spec.primaryKey.length === 0) return 0;
  await db.run(`CREATE TABLE superseded AS ${supersededSql(spec)}`);
  return await one('SELECT count(*) FROM superseded');
});
await db.run(`CREATE SCHEMA silver; CREATE VIEW silver.${ident(spec.dataset)} AS ${silverSql(spec)}`);
const silver = await phases.run('silver', () =>
  one(
    copySql(
      `FROM silver.${ident(spec.dataset)}`,
      path.join(job.folder, 'silver'),
      spec.partitions.map(({ name }) => name),
    ),
  ),
);
await phases.run('gold', () => db.run(copySql(spec.goldSql, path.join(job.folder, 'gold.parquet'))));
db.closeSync();
instance.closeSync();

writeResult(job, {
  rows: { read, rejected, duplicates, silver },
  inProcessMs: performance.now() - began,
  phases: phases.done,
  versions: { node: process.versions.node, duckdb: version() },
});
