import { consumed, transitionsOn } from '../shared/run/consumption.ts';
import { Usage } from '../shared/run/payload.ts';
import { type Consumption, estimateCost } from '../shared/run/prices.ts';
import type { Execution } from './execution.ts';

/** The items of an execution that AWS charges for, and their cost in dollars. */
export interface ExecutionCost {
  usd: number;
  /** True where a try failed: the usage of failed tries is unknown and not in the sum. */
  at_least: boolean;
  gb_seconds: number;
  storage_gb_seconds: number;
  invocations: number;
  transitions: number;
  requests_write: number;
  requests_read: number;
  requests_catalog: number;
}

/** The usage of each step, by the name of its entry in a payload. */
export const usagesIn = (payload: unknown): Record<string, Usage> => {
  if (typeof payload !== 'object' || payload === null) return {};
  return Object.fromEntries(
    Object.entries(payload).flatMap(([name, value]) => {
      const usage = Usage.safeParse((value as { usage?: unknown } | null)?.usage);
      return usage.success ? [[name, usage.data]] : [];
    }),
  );
};

/**
 * Sums up the cost of an execution. Unlike the run record, which the last but one state may write, the sum includes the
 * quarantine of rows and all retries. For a run on a laptop it is an estimate: it assumes that a function on AWS is as
 * fast as the laptop.
 */
export const costOf = (execution: Execution): ExecutionCost => {
  const payload = execution.output ?? execution.resume.input;
  const usages = usagesIn(payload);
  const tries = execution.visits.reduce((sum, visit) => sum + visit.tries, 0);
  // A list on AWS has no visits of executions that succeeded; their output shows only the error that was caught last, and
  // whether the execution has gone back to Validate.
  const caught = ['error', 'outgrown', 'restarts'].filter((name) => has(payload, name)).length;
  const failed = Math.max(
    caught,
    execution.visits.reduce((sum, { errors }) => sum + errors.length, 0),
  );
  const used: Consumption = {
    ...consumed(Object.values(usages)),
    transitions:
      execution.visits.length > 0
        ? tries + 1
        : transitionsOn({
            tasks: Object.keys(usages).length + caught,
            judged: 'quality' in usages,
            loaded: 'load' in usages,
          }),
  };
  const invocations = used.invocations + failed;
  return {
    usd: round(estimateCost({ ...used, invocations }), 8),
    at_least: failed > 0 || execution.status !== 'succeeded',
    gb_seconds: round(used.gbSeconds, 3),
    storage_gb_seconds: round(used.storageGbSeconds, 3),
    invocations,
    transitions: used.transitions,
    requests_write: used.s3Writes,
    requests_read: used.s3Reads,
    requests_catalog: used.catalogRequests,
  };
};

/** The cost of several executions together, in dollars. */
export const totalCost = (costs: readonly ExecutionCost[]): Pick<ExecutionCost, 'usd' | 'at_least'> => ({
  usd: costs.reduce((sum, { usd }) => sum + usd, 0),
  at_least: costs.some(({ at_least }) => at_least),
});

const has = (payload: unknown, name: string): boolean =>
  typeof payload === 'object' && payload !== null && name in payload;

const round = (value: number, digits: number): number => Number(value.toFixed(digits));
