import type { Outcome } from '../outcome.ts';
import type { CallOptions } from '../pipeline.ts';
import { type Clock, hasEnded, outcomeWhenEnded, POLL_MS, SLACK_MS, SYSTEM_CLOCK } from './await-outcomes.ts';
import type { DeployedExecutions } from './executions.ts';

/**
 * Waits until executions have ended. Lists those that began since a time every two seconds.
 *
 * @returns the outcomes by execution
 */
export const awaitExecutions = async (
  executions: DeployedExecutions,
  ids: readonly string[],
  since: string,
  { observe, signal, clock = SYSTEM_CLOCK }: CallOptions & { clock?: Clock },
): Promise<Map<string, Outcome>> => {
  const outcomes = new Map<string, Outcome>();
  const from = new Date(Date.parse(since) - SLACK_MS);
  while (outcomes.size < ids.length) {
    signal?.throwIfAborted();
    const listed = await executions.startedSince(from);
    for (const id of ids) {
      if (outcomes.has(id) || !hasEnded(listed, id)) continue;
      const outcome = await outcomeWhenEnded(executions, id);
      if (outcome === undefined) continue;
      outcomes.set(id, outcome);
      observe?.({ type: 'outcome', outcome });
    }
    observe?.({ type: 'progress', done: outcomes.size, total: ids.length });
    if (outcomes.size < ids.length) await clock.sleep(POLL_MS, signal);
  }
  return outcomes;
};
