import { DAY_MS, HOUR_MS } from '../base/time.ts';
import type { Lake } from '../lake/paths.ts';
import { type Executions, executionsOf } from './executions.ts';
import { knownRuns, type RunsSource } from './known-runs.ts';
import { planReplay } from './plan-replay.ts';
import { replayEvent } from './replay-event.ts';
import { type StartOptions, startAll } from './start-all.ts';

/** An event may take minutes to come, and its execution may wait for the account's quota. */
export const MISSING_GRACE_MS = HOUR_MS;

/** Executions that one call starts, at most: ten a second take it a minute. */
const MAX_STARTED = 500;
const PER_SECOND = 10;

/** Keys that a report names. */
const MAX_NAMED = 20;

/** What was found of files that never ran. */
export interface MissingReport {
  days: number;
  /** Files whose newest version has neither a run record nor an execution. */
  found: number;
  /** Of these, the files whose executions this call started; the others are left to the next call. */
  started: number;
  /** The first of the files, in the order of their uploads. */
  keys: string[];
}

export interface MissingOptions extends RunsSource {
  lake: Pick<Lake, 'raw' | 'gold'>;
  executions: Executions;
  days: number;
  now?: number;
  /** Replaces the waits between starts. */
  sleep?: StartOptions['sleep'];
}

/**
 * Starts the files of the last days that never ran: their event was lost, or came before the pipeline was deployed. Lists all
 * versions in raw, and reads the runs of these days only if there is a file of these days.
 */
export const replayMissing = async (options: MissingOptions): Promise<MissingReport> => {
  const { lake, config, executions, days, now = Date.now(), sleep } = options;
  const since = now - days * DAY_MS;
  const { files } = await planReplay(
    { missing: true, since: new Date(since).toISOString() },
    {
      versions: (prefix) => lake.raw.listVersions(prefix),
      runs: () => knownRuns({ lake, config }, since),
      contracts: async () => new Map(),
      executionsOf: (versions) => executionsOf(executions, versions),
      graceMs: MISSING_GRACE_MS,
      now: () => now,
    },
  );
  const requestedAt = new Date(now).toISOString();
  const events = files.slice(0, MAX_STARTED).map((file) => replayEvent(lake.raw.name, file, requestedAt));
  const started = await startAll(executions, events, { perSecond: PER_SECOND, ...(sleep && { sleep }) });
  return {
    ...{ days, found: files.length, started: started.length },
    keys: files.slice(0, MAX_NAMED).map(({ key }) => key),
  };
};
