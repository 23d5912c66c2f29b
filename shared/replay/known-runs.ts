import path from 'node:path';
import type { Resources } from '../engine/resources.ts';
import { withScratch } from '../engine/scratch.ts';
import { ident } from '../engine/sql.ts';
import { withDuckDb } from '../engine/with-duckdb.ts';
import type { ObjectStore } from '../lake/storage/object-store.ts';
import { attachRuns } from '../query/attach-runs.ts';
import { RUN_COLUMNS, type StoredRunRecord } from '../run/run-record.ts';

const COLUMNS = [
  ...(['run_id', 'dataset', 'source_key', 'source_version', 'source_bytes', 'source_sequencer'] as const),
  ...(['uploaded_at', 'status', 'rows_rejected', 'contract_fingerprint', 'finished_at', 'cost_usd'] as const),
];

/** What a replay needs to know of a run. Times are ISO 8601, UTC. */
export type KnownRun = Pick<StoredRunRecord, (typeof COLUMNS)[number]>;

export interface RunsSource {
  lake: { gold: ObjectStore };
  config: Resources;
}

/** NULL, which records of earlier releases have for later columns, is undefined in them. */
const columnSql = (name: (typeof COLUMNS)[number]): string =>
  RUN_COLUMNS[name] === 'TIMESTAMP'
    ? `strftime(${ident(name)}, '%Y-%m-%dT%H:%M:%S.%gZ') AS ${ident(name)}`
    : ident(name);

/**
 * The runs that the lake's table `runs` has. All requests are those of the table: the function adds none.
 *
 * @param since only runs that finished at this time or later; milliseconds since 1970
 */
export const knownRuns = async ({ lake, config }: RunsSource, since?: number): Promise<KnownRun[]> =>
  await withScratch(config.scratchRoot, (scratch) =>
    withDuckDb({ memoryMb: config.memoryMb, threads: config.threads, scratch }, async (db) => {
      await attachRuns(db, lake.gold, path.join(scratch, 'gold'), undefined);
      const where = since === undefined ? '' : `WHERE finished_at >= make_timestamp_ms(${since})`;
      const rows = await db.all<{ [Name in keyof KnownRun]: KnownRun[Name] | null }>(
        `SELECT ${COLUMNS.map(columnSql).join(', ')} FROM runs ${where}`,
      );
      return rows.map(
        ({ source_sequencer, ...run }) =>
          ({ ...run, ...(source_sequencer !== null && { source_sequencer }) }) as KnownRun,
      );
    }),
  );

/** The runs of each key. */
export const byKey = (runs: readonly KnownRun[]): Map<string, KnownRun[]> =>
  Map.groupBy(runs, (run) => run.source_key);
