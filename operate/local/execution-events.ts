import type { ObjectCreated } from '../../shared/run/event.ts';

/** One line of an attempt's log. Times are ISO 8601, UTC, with milliseconds. */
export type ExecutionEvent =
  | { type: 'StateEntered'; at: string; state: string; stateType: string; input: unknown }
  | { type: 'StateExited'; at: string; state: string; output: unknown }
  | { type: 'StateFailed'; at: string; state: string; Error: string; Cause: string }
  /** The wait is over, and the state is tried once more. */
  | { type: 'StateRetried'; at: string; state: string }
  | { type: 'StateCaught'; at: string; state: string; next: string }
  | { type: 'ExecutionSucceeded'; at: string; output: unknown }
  | { type: 'ExecutionFailed'; at: string; Error: string; Cause: string };

/** The process that runs an attempt, described so that others can find out whether it is alive. */
export interface ProcessIdentity {
  /** The name of the process's heartbeat file. */
  heartbeat: string;
  pid: number;
  host: string;
}

/** The first line of an attempt's log. */
export interface AttemptHeader {
  type: 'AttemptStarted';
  at: string;
  id: string;
  /** From 1; every redrive adds one. */
  attempt: number;
  /** The event that started the execution. */
  event: ObjectCreated;
  /** The state at which this attempt starts, and its input: the first state and the event, unless it is a redrive. */
  startAt: string;
  input: unknown;
  process: ProcessIdentity;
}
