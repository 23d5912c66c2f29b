import type { Draft, Snapshot } from '../../shared/table/snapshot.ts';

/** The next snapshot of a table whose history must tell of each run once: one file a run. */
export const increment = (base: Snapshot | undefined, runId: string): Draft => ({
  runId,
  operation: 'append',
  columns: [{ name: 'id', type: 'BIGINT' }],
  partitionedBy: ['day'],
  files: [
    ...(base?.files ?? []),
    { key: `t/data/${runId}.parquet`, partition: { day: null }, rows: 1, bytes: 10 },
  ],
  sources: base?.sources ?? {},
  touched: 'all',
  properties: { base: base?.version ?? 0 },
});

export const runsOf = (snapshot: Snapshot | undefined): string[] =>
  (snapshot?.files ?? []).map(({ key }) => key.replace('t/data/', '').replace('.parquet', ''));
