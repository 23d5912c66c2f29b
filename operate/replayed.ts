import type { PlannedFile, SkippedFile } from '../shared/replay/choose-files.ts';
import type { Outcome } from './outcome.ts';

/** A file that a replay runs. */
export interface ReplayFile extends PlannedFile {
  /** The execution's cost on AWS, in dollars; see `estimator`. */
  estimated_usd: number;
}

/** A replay before it is done. */
export interface ReplayPlan {
  /** The oldest upload first. */
  files: ReplayFile[];
  /** Files that match the selection, and do not run. */
  skipped: SkippedFile[];
  /** Of all files that run, together. */
  bytes: number;
  estimated_usd: number;
}

/** Leaves room for the executions of uploads: calls beyond the account's limits are retried, and each retry costs a transition. */
export const DEFAULT_PACE = { perSecond: 10, atOnce: 100 } as const;

export interface Replayed {
  key: string;
  version_id?: string;
  execution: string;
  /** Whether an earlier call of the same replay began it. */
  before: boolean;
  /** Undefined where the execution was not waited for. */
  outcome?: Outcome;
}

export interface ReplayResult {
  requested_at: string;
  plan: ReplayPlan;
  /** In the order of the plan's files; then those that a laptop resumed besides. */
  files: Replayed[];
}
