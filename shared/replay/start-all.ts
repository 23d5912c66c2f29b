import { setTimeout } from 'node:timers/promises';
import { rateLimiter } from '../base/rate-limiter.ts';
import type { ObjectCreated } from '../run/event.ts';
import type { Executions } from './executions.ts';
import { executionName } from './replay-event.ts';

/** How fast executions are started. */
export interface Pace {
  /** Starts a second, at most. */
  perSecond: number;
  /** Executions of the state machine that run at a time, at most, whoever started them; no limit when absent. */
  atOnce?: number;
}

export interface StartOptions extends Pace {
  /** Called after each start. */
  onStart?: (started: StartedExecution, done: number) => void;
  /** Aborting it rejects the call with the signal's reason before the next start. */
  signal?: AbortSignal | undefined;
  now?: () => number;
  sleep?: (ms: number) => Promise<unknown>;
}

export interface StartedExecution {
  name: string;
  key: string;
  /** Whether an earlier call of the same replay had started it. */
  before: boolean;
}

const POLL_MS = 2_000;

/**
 * Starts an execution for each event, in their order. After an error or an abort, a second call with the same events starts
 * the others: an execution's name follows from its event.
 */
export const startAll = async (
  executions: Executions,
  events: readonly ObjectCreated[],
  { perSecond, atOnce, onStart, signal, now = Date.now, sleep = setTimeout }: StartOptions,
): Promise<StartedExecution[]> => {
  const admitted = rateLimiter(1, perSecond, now, sleep);
  const started: StartedExecution[] = [];
  let room = atOnce === undefined ? Number.POSITIVE_INFINITY : 0;
  for (const event of events) {
    while (atOnce !== undefined && room === 0) {
      signal?.throwIfAborted();
      room = atOnce - (await executions.running(atOnce));
      if (room === 0) await sleep(POLL_MS);
    }
    await admitted();
    signal?.throwIfAborted();
    const name = executionName(event);
    const before = (await executions.start(name, event)) === 'exists';
    if (!before) room -= 1;
    const execution = { name, key: event.detail.object.key, before };
    started.push(execution);
    onStart?.(execution, started.length);
  }
  return started;
};
