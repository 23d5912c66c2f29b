import { UsageError } from '../errors.ts';
import type { StoredRunRecord } from '../run/run-record.ts';

/** Which runs to list. */
export interface RunFilter {
  dataset?: string | undefined;
  status?: StoredRunRecord['status'] | undefined;
  /** The key of the file in raw. */
  sourceKey?: string | undefined;
  /** Only runs that finished at this time or later; ISO 8601. */
  since?: string | undefined;
}

/** A place in the list of runs, which are sorted by the time at which they finished, the latest first, then by id. */
export interface Place {
  /** Milliseconds since 1970. */
  finishedAt: number;
  runId: string;
}

export const placeOf = ({ finished_at, run_id }: StoredRunRecord): Place => ({
  finishedAt: Date.parse(finished_at),
  runId: run_id,
});

/** Negative if `a` comes first. */
export const comparePlaces = (a: Place, b: Place): number =>
  b.finishedAt - a.finishedAt || (a.runId < b.runId ? -1 : a.runId > b.runId ? 1 : 0);

export const cursorOf = ({ finishedAt, runId }: Place): string => `${finishedAt}-${runId}`;

/** @throws UsageError when no list of runs has given the text */
export const parseCursor = (text: string): Place => {
  const [, finishedAt, runId] = /^(\d{1,13})-([\w.-]+)$/.exec(text) ?? [];
  if (finishedAt === undefined || runId === undefined)
    throw new UsageError(`"${text}" is no place in a list of runs: take it from the end of the list before.`);
  return { finishedAt: Number(finishedAt), runId };
};

export const matches = (record: StoredRunRecord, filter: RunFilter): boolean =>
  (filter.dataset === undefined || record.dataset === filter.dataset) &&
  (filter.status === undefined || record.status === filter.status) &&
  (filter.sourceKey === undefined || record.source_key === filter.sourceKey) &&
  (filter.since === undefined || Date.parse(record.finished_at) >= Date.parse(filter.since));
