import type { ObjectStore } from './storage/object-store.ts';

export const ZONES = ['raw', 'silver', 'gold', 'quarantine'] as const;
export type Zone = (typeof ZONES)[number];

/** The four zones, each one bucket (on AWS) or one folder (on a laptop). */
export type Lake = Record<Zone, ObjectStore>;

export type NewestRunKind = 'first' | 'again';

/** The last millisecond that has 13 digits; keys with the time until then sort with the latest first. */
const LAST_MS = 9_999_999_999_999;

/** The run and the time at which it finished, in milliseconds since 1970, in a key of `lakePaths.newestRun`. */
export const newestRunIn = (key: string): { runId: string; finishedAt: number } | undefined => {
  const [, until, runId] = /^runs-newest\/\w+\/(\d{13})-([^/]+)\.json$/.exec(key) ?? [];
  return until === undefined || runId === undefined
    ? undefined
    : { runId, finishedAt: LAST_MS - Number(until) };
};

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
  /** In silver: removals that were asked for and are not done, and those that are. */
  removals: '_removals/open/',
  removal: (id: string): string => `_removals/open/${id}.json`,
  removalDone: (id: string): string => `_removals/done/${id}.json`,
  /** In silver: what is being forgotten of a dataset, until it is done. */
  forgetting: (dataset: string): string => `_forget/${dataset}.json`,
  /** In gold: what was forgotten. */
  receipt: (id: string): string => `_receipts/${id}.json`,
  /** In silver: when each table was last maintained. */
  turns: '_maintenance/turns.json',
  /** In gold: run records, one object each. */
  runs: '_runs/',
  run: (runId: string): string => `_runs/${runId}.json`,
  /**
   * In gold: run records by the time at which the runs finished, the latest first, until maintenance has put them into
   * their table: first records of their runs, and records that replace an earlier one. Athena reads the folder, which must
   * not begin with `_` for that; no model can have a name with `-`.
   */
  newestRuns: (kind: NewestRunKind): string => `runs-newest/${kind}/`,
  /** @param finishedAt milliseconds since 1970 */
  newestRun: (kind: NewestRunKind, finishedAt: number, runId: string): string =>
    `runs-newest/${kind}/${String(LAST_MS - finishedAt).padStart(13, '0')}-${runId}.json`,
  /** In gold: the table of run records. No model can have the name. */
  runsTable: 'runs-folded',
  /** In quarantine: rejected rows of one run, and its reports. */
  quarantinedRows: (dataset: string, runId: string): string => `${dataset}/rows/${runId}.parquet`,
  quarantineReport: (dataset: string, runId: string): string => `${dataset}/reports/${runId}.json`,
  quarantineSummary: (dataset: string, runId: string): string => `${dataset}/reports/${runId}.txt`,
};
