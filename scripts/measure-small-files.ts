import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { loadContract } from '../shared/contract/load.ts';
import type { Contract } from '../shared/contract/model.ts';
import { type Db, withDuckDb } from '../shared/engine/with-duckdb.ts';
import { lakePaths } from '../shared/lake/paths.ts';
import { metered } from '../shared/lake/storage/metered-store.ts';
import type { ObjectStore } from '../shared/lake/storage/object-store.ts';
import { Table } from '../shared/lake/table/commit/table.ts';
import { writeFiles } from '../shared/lake/table/write/write-files.ts';
import { identify } from '../shared/run/run-identity.ts';
import { commitSilver } from '../shared/stages/load-to-gold/silver/commit-silver.ts';
import { compactSilver } from '../shared/stages/load-to-gold/silver/compact-silver.ts';
import { silverLayout, silverSchema } from '../shared/stages/transform/silver-table.ts';
import { stagedLayout } from '../shared/stages/transform/staged-silver.ts';

/** Rows per file; all files belong to one partition. */
export const ROWS = 5;

export type Keys = 'none' | 'rising' | 'random';

/** The requests and bytes of one run in silver, compaction included. */
export interface Measured {
  requests: number;
  bytes_read: number;
  bytes_written: number;
  /** Data files of the table after the run. */
  files: number;
}

/** The contract of the dataset `readings`, with the key `id` or without a key. */
export const readingsYaml = (keys: Keys): string => `apiVersion: v3.1.0
kind: DataContract
id: readings
version: 1.0.0
status: active
schema:
  - name: readings
    properties:
      - { name: site, logicalType: string, required: true, partitioned: true, partitionKeyPosition: 1${keys === 'none' ? '' : ', primaryKey: true, primaryKeyPosition: 2'} }
      - { name: id, logicalType: integer, required: true${keys === 'none' ? '' : ', primaryKey: true, primaryKeyPosition: 1'} }
      - { name: value, logicalType: number }
`;

/** The rows of the nth file, counted from 0. Random keys spread over those of all files, so that any two files may share some. */
export const rowsOf = (n: number, keys: Keys): string => {
  const id = keys === 'random' ? `(${n * ROWS} + i) * 7919 % 1000003` : `${n * ROWS} + i`;
  return `SELECT 'north' AS site, CAST(${id} AS BIGINT) AS id, (${n * ROWS} + i) / 4 AS value FROM range(${ROWS}) AS r(i)`;
};

/**
 * Commits small files to silver one after the other, as Transform and LoadToGold do, and measures each run. All runs share
 * one DuckDB: opening it 2,000 times would take most of the time and make no request.
 */
export const commitSmallFiles = async (
  store: ObjectStore,
  sqlDir: string,
  { count, keys, scratch }: { count: number; keys: Keys; scratch: string },
): Promise<Measured[]> => {
  const contract = await loadContract(sqlDir, 'readings');
  return await withDuckDb({ memoryMb: 1024, threads: 2, scratch }, async (db) => {
    const runs: Measured[] = [];
    for (let n = 0; n < count; n += 1) runs.push(await commitOne(db, contract, store, { n, keys, scratch }));
    return runs;
  });
};

const commitOne = async (
  db: Db,
  contract: Contract,
  store: ObjectStore,
  { n, keys, scratch }: { n: number; keys: Keys; scratch: string },
): Promise<Measured> => {
  const counted = metered(store);
  const own = path.join(scratch, 'run');
  const run = identify({
    source: 'aws.s3',
    'detail-type': 'Object Created',
    time: new Date(Date.UTC(2026, 0, 1) + n * 1_000).toISOString(),
    detail: {
      bucket: { name: 'raw' },
      object: { key: `readings/${n}.csv`, 'version-id': 'v1', sequencer: n.toString(16).padStart(16, '0') },
    },
  });
  const columns = silverSchema(contract, await new Table(counted, 'readings').current());
  const workbench = { db, store: counted, scratch: own };
  const files = await writeFiles(
    workbench,
    `SELECT *, '${run.run_id}' AS _run_id, '${run.source_id}' AS _source_id, row_number() OVER () AS _row, NULL::VARCHAR AS _rescued FROM (${rowsOf(n, keys)})`,
    {
      keyOf: (file) => lakePaths.data('readings', file),
      prefix: run.run_id,
      ...silverLayout(contract, columns),
    },
  );
  const content = createHash('sha256').update(`${n}`).digest('hex');
  const staged = { content, ...stagedLayout(contract, columns), files };
  const committed = await commitSilver(workbench, contract, run, staged);
  const compacted = await compactSilver(workbench, committed.table, run.run_id);
  await rm(own, { recursive: true, force: true });
  const version = compacted?.version ?? committed.table;
  const { requests, bytesRead, bytesWritten } = counted.usage;
  return {
    requests: Object.values(requests).reduce((a, b) => a + b, 0),
    bytes_read: bytesRead,
    bytes_written: bytesWritten,
    files: Number(version?.snapshot?.properties['total-data-files']),
  };
};
