import type { ObjectCreated } from '../shared/run/event.ts';
import type { StateError } from '../shared/run/state-error.ts';

/** `stale`: the process that ran it has died. It can be redriven like a failed one. Only on a laptop. */
export type ExecutionStatus = 'running' | 'succeeded' | 'failed' | 'stale';

export const EXECUTION_STATUSES: readonly ExecutionStatus[] = ['running', 'succeeded', 'failed', 'stale'];

/** One stay in a state. Times are ISO 8601, UTC. */
export interface StateVisit {
  state: string;
  /** The state's type in Amazon States Language: `Task`, `Choice` … */
  type: string;
  /** The attempt of the execution it belongs to, from 1; every redrive begins another. */
  attempt: number;
  entered: string;
  /** Undefined while the state runs, and where it never ended. */
  left?: string;
  /** How often the state was tried: 1, plus its retries. */
  tries: number;
  input: unknown;
  output?: unknown;
  /** The error of each failed try. */
  errors: StateError[];
  /** The state that a Catch went to. */
  caughtBy?: string;
}

/** One execution, as both adapters describe it. Times are ISO 8601, UTC. */
export interface Execution {
  id: string;
  status: ExecutionStatus;
  /** `_unknown` where the key belongs to no dataset. */
  dataset: string;
  /** The file's key in raw. */
  key: string;
  event: ObjectCreated;
  started: string;
  /** Undefined while it runs. For a stale one: the time of its last event. */
  ended?: string;
  attempts: number;
  /** In order, over all attempts. */
  visits: StateVisit[];
  /** The state at which a redrive resumes, and its input. */
  resume: { state: string; input: unknown };
  error?: StateError;
  output?: unknown;
}

/** Milliseconds from one ISO 8601 time to another; 0 while there is no end. */
export const between = (from: string, to: string | undefined): number =>
  to === undefined ? 0 : Date.parse(to) - Date.parse(from);
