import { setTimeout } from 'node:timers/promises';
import { ConfigurationError } from '../../shared/errors.ts';
import type { ObjectInfo } from '../../shared/lake/storage/object-store.ts';
import type { ObjectCreated } from '../../shared/run/event.ts';
import { type Outcome, outcomeOf } from '../outcome.ts';
import type { CallOptions } from '../pipeline.ts';
import type { DeployedExecutions, ListedExecution } from './executions.ts';

/** Time as the wait sees it: milliseconds since 1970, and a sleep that ends early when the signal is aborted. */
export interface Clock {
  now(): number;
  sleep(ms: number, signal: AbortSignal | undefined): Promise<void>;
}

export const SYSTEM_CLOCK: Clock = {
  now: Date.now,
  sleep: async (ms, signal) => {
    // Aborted: the caller throws the signal's reason.
    await setTimeout(ms, undefined, { ...(signal && { signal }) }).catch(() => undefined);
  },
};

export const POLL_MS = 2_000;

/** S3 sends most events within a second, and some after minutes. */
const MAX_START_MS = 10 * 60_000;

/** S3 gives times in whole seconds, and its clock is not that of Step Functions. */
export const SLACK_MS = 5_000;

/** One uploaded version, and the execution that it started. */
interface Awaited {
  object: ObjectInfo;
  execution?: string;
  outcome?: Outcome | undefined;
}

/** Whether an event is about exactly this version. By its ETag and its time where the event names no version. */
export const isAbout = (
  { key, versionId, etag, lastModified }: ObjectInfo,
  event: ObjectCreated,
): boolean => {
  const { object } = event.detail;
  if (object.key !== key) return false;
  if (versionId !== undefined && object['version-id'] !== undefined)
    return object['version-id'] === versionId;
  const isInTime = Date.parse(event.time) >= lastModified.getTime() - SLACK_MS;
  return isInTime && (object.etag === undefined || object.etag === etag);
};

/**
 * Waits until the executions of exactly these uploaded versions have ended. Lists the executions since the first upload
 * every two seconds, and asks for the input of each once.
 *
 * @returns the outcomes in the order of the versions
 * @throws ConfigurationError when an upload starts no execution within ten minutes
 */
export const awaitOutcomes = async (
  executions: DeployedExecutions,
  versions: readonly ObjectInfo[],
  { observe, signal, clock = SYSTEM_CLOCK }: CallOptions & { clock?: Clock },
): Promise<Outcome[]> => {
  if (versions.length === 0) return [];
  const awaited: Awaited[] = versions.map((object) => ({ object }));
  const since = new Date(Math.min(...versions.map(({ lastModified }) => lastModified.getTime())) - SLACK_MS);
  const deadline = clock.now() + MAX_START_MS;
  const seen = new Set<string>();
  for (;;) {
    signal?.throwIfAborted();
    const listed = await executions.startedSince(since);
    await match(executions, listed, awaited, seen);
    for (const each of awaited) {
      if (each.outcome !== undefined || !hasEnded(listed, each.execution)) continue;
      each.outcome = await outcomeWhenEnded(executions, each.execution);
      if (each.outcome !== undefined) observe?.({ type: 'outcome', outcome: each.outcome });
    }
    const outcomes = awaited.flatMap(({ outcome }) => outcome ?? []);
    observe?.({ type: 'progress', done: outcomes.length, total: awaited.length });
    if (outcomes.length === awaited.length) return outcomes;
    if (clock.now() >= deadline) refuseUnstarted(awaited);
    await clock.sleep(POLL_MS, signal);
  }
};

/** Assigns executions that were not listed before to the uploads that started them, the oldest first. */
const match = async (
  executions: DeployedExecutions,
  listed: readonly ListedExecution[],
  awaited: readonly Awaited[],
  seen: Set<string>,
): Promise<void> => {
  for (const { id } of listed.toReversed()) {
    if (awaited.every(({ execution }) => execution !== undefined)) return;
    if (seen.has(id)) continue;
    seen.add(id);
    const event = await executions.eventOf(id);
    const started = awaited.find(
      ({ object, execution }) => execution === undefined && isAbout(object, event),
    );
    if (started !== undefined) started.execution = id;
  }
};

export const hasEnded = (
  listed: readonly ListedExecution[],
  execution: string | undefined,
): execution is string =>
  execution !== undefined && listed.some(({ id, status }) => id === execution && status !== 'running');

/** Undefined where somebody has redriven the execution meanwhile. */
export const outcomeWhenEnded = async (
  executions: DeployedExecutions,
  id: string | undefined,
): Promise<Outcome | undefined> => {
  const execution = id === undefined ? undefined : await executions.find(id);
  return execution === undefined || execution.status === 'running' ? undefined : outcomeOf(execution);
};

const refuseUnstarted = (awaited: readonly Awaited[]): void => {
  const unstarted = awaited.find(({ execution }) => execution === undefined);
  if (unstarted !== undefined)
    throw new ConfigurationError(
      `raw/${unstarted.object.key} is uploaded, but no execution of it has begun within ${MAX_START_MS / 60_000} minutes. Is the rule enabled that starts one for each upload?`,
    );
};
