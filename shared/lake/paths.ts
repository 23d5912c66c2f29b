import type { ObjectStore } from './storage/object-store.ts';

export const ZONES = ['raw', 'silver', 'gold', 'quarantine'] as const;
export type Zone = (typeof ZONES)[number];

/** The four zones, each one bucket (on AWS) or one folder (on a laptop). */
export type Lake = Record<Zone, ObjectStore>;

/** Where things lie in the lake. The only place that spells keys. */
export const lakePaths = {
  /** The dataset that a raw key belongs to: its first folder; undefined for a key at the top. */
  datasetOf: (rawKey: string): string | undefined => {
    const slash = rawKey.indexOf('/');
    return slash > 0 ? rawKey.slice(0, slash) : undefined;
  },
  /** In silver: what one run hands from step to step. Kept 14 days at least, the redrive window. */
  staging: (runId: string, name: string): string => `_staging/${runId}/${name}`,
  /** In silver or gold: a table's folder, its location as an Iceberg table. */
  table: (table: string): string => table,
  /** In silver or gold: metadata files, manifests and lists of manifests. */
  metadata: (table: string, file: string): string => `${table}/metadata/${file}`,
  /** In silver or gold: a table's data files. */
  data: (table: string, file: string): string => `${table}/data/${file}`,
  /** In silver: positions of rows that another file's row of the same primary key supersedes. */
  deletes: (table: string, file: string): string => `${table}/deletes/${file}`,
  /** In silver: what is committed of each source. Outside the table's folder, where others remove what they do not know. */
  sources: (table: string, node: string): string => `_sources/${table}/${node}.json`,
  /** In silver or gold: who is committing a table's next version. */
  locks: (table: string, name: string): string => `_commits/${table}/locks/${name}`,
  /** In silver: commits that wait to be taken along by whoever commits next. */
  intents: (table: string, name: string): string => `_commits/${table}/intents/${name}`,
  /** In silver: when each table was last maintained. */
  turns: '_maintenance/turns.json',
  /** In gold: run records, one object each. */
  runs: '_runs/',
  run: (runId: string): string => `_runs/${runId}.json`,
  /** In quarantine: refused rows and refused files of one run. */
  quarantinedRows: (dataset: string, runId: string): string => `${dataset}/rows/${runId}.parquet`,
  quarantineReport: (dataset: string, runId: string): string => `${dataset}/reports/${runId}.json`,
  quarantineSummary: (dataset: string, runId: string): string => `${dataset}/reports/${runId}.txt`,
};
