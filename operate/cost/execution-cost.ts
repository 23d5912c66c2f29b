import { consumed, transitionsOn } from '../../shared/run/consumption.ts';
import { Usage } from '../../shared/run/payload.ts';
import { type Consumption, estimateCost } from '../../shared/run/prices.ts';
import type { Execution } from '../local/execution.ts';

/** What an execution has used of what AWS charges for, and what that costs. */
export interface ExecutionCost {
  usd: number;
  /** True where a try failed: what it used is not known, and not in the sum. */
  at_least: boolean;
  gb_seconds: number;
  storage_gb_seconds: number;
  invocations: number;
  transitions: number;
  requests_write: number;
  requests_read: number;
  requests_catalog: number;
}

/** The usages in a payload, by the names of its entries. */
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
 * Sums up an execution: unlike the run record, which its last but one state may write, with the quarantine of rows and
 * all retries. On a laptop it is what the same would cost on AWS, as far as the laptop is as fast as a function.
 */
export const costOf = (execution: Execution): ExecutionCost => {
  const payload = execution.output ?? execution.resume.input;
  const usages = usagesIn(payload);
  const tries = execution.visits.reduce((sum, visit) => sum + visit.tries, 0);
  // Of what succeeded on AWS only the output is asked for: of tries that failed it has what was caught last.
  const caught = ['error', 'outgrown'].filter((name) => has(payload, name)).length;
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

const has = (payload: unknown, name: string): boolean =>
  typeof payload === 'object' && payload !== null && name in payload;

const round = (value: number, digits: number): number => Number(value.toFixed(digits));
