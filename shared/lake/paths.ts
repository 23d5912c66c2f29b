import type { ObjectStore } from './storage/object-store.ts';

export const ZONES = ['raw', 'silver', 'gold', 'quarantine'] as const;
export type Zone = (typeof ZONES)[number];

/** The four zones, each one bucket (on AWS) or one folder (on a laptop). */
export type Lake = Record<Zone, ObjectStore>;

/** Keys of the lake. No other code spells one. */
export const lakePaths = {
  /** The dataset of a raw key: its first folder; undefined for a key outside of folders. */
  datasetOf: (rawKey: string): string | undefined => {
    const slash = rawKey.indexOf('/');
    return slash > 0 ? rawKey.slice(0, slash) : undefined;
  },
  /** In silver: files that one step of a run hands to the next. Kept at least 14 days, the redrive window. */
  staging: (runId: string, name: string): string => `_staging/${runId}/${name}`,
  /** In silver or gold: a table's folder, which is its Iceberg location. */
  table: (table: string): string => table,
  /** In silver or gold: metadata files, manifests and manifest lists. */
  metadata: (table: string, file: string): string => `${table}/metadata/${file}`,
  /** In silver or gold: a table's data files. */
  data: (table: string, file: string): string => `${table}/data/${file}`,
  /** In silver: position deletes, for rows that another file's row of the same primary key supersedes. */
  deletes: (table: string, file: string): string => `${table}/deletes/${file}`,
  /** In silver: the index of committed sources. Other engines may remove unknown files in a table's folder, so it is outside. */
  sources: (table: string, node: string): string => `_sources/${table}/${node}.json`,
  /** In silver or gold: locks and intents of a table's commits. */
  commits: (table: string): string => `_commits/${table}/`,
  /** In silver or gold: locks for committing a table's next version. */
  locks: (table: string, name: string): string => `_commits/${table}/locks/${name}`,
  /** In silver: commits that wait for the next writer to include them. */
  intents: (table: string, name: string): string => `_commits/${table}/intents/${name}`,
  /** In silver: the metadata of tables that are being rebuilt, and a note of what has been done. */
  rebuild: (id: string, name: string): string => `_rebuild/${id}/${name}`,
  /** In silver: what is being forgotten of a dataset, until it is done. */
  forgetting: (dataset: string): string => `_forget/${dataset}.json`,
  /** In gold: what was forgotten. */
  receipt: (id: string): string => `_receipts/${id}.json`,
  /** In silver: when each table was last maintained. */
  turns: '_maintenance/turns.json',
  /** In gold: run records, one object each. */
  runs: '_runs/',
  run: (runId: string): string => `_runs/${runId}.json`,
  /** In quarantine: rejected rows of one run, and its reports. */
  quarantinedRows: (dataset: string, runId: string): string => `${dataset}/rows/${runId}.parquet`,
  quarantineReport: (dataset: string, runId: string): string => `${dataset}/reports/${runId}.json`,
  quarantineSummary: (dataset: string, runId: string): string => `${dataset}/reports/${runId}.txt`,
};
