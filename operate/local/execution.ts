import { lakePaths } from '../../shared/lake/paths.ts';
import type { ObjectCreated } from '../../shared/run/event.ts';
import type { ExecutionEvent } from './execution-events.ts';
import type { AttemptRecord } from './execution-log.ts';

/** `stale`: its process died without a word. Nothing runs any more; it can be redriven like a failed one. */
export type ExecutionStatus = 'running' | 'succeeded' | 'failed' | 'stale';

export const EXECUTION_STATUSES: readonly ExecutionStatus[] = ['running', 'succeeded', 'failed', 'stale'];

/** An error as Step Functions reports it: `Cause` is JSON text of what Lambda answered. */
export interface StateError {
  Error: string;
  Cause: string;
}

/** One stay in a state. */
export interface StateVisit {
  state: string;
  type: string;
  /** The attempt of the execution it belongs to, from 1. */
  attempt: number;
  entered: string;
  /** Undefined while it runs, and where it never ended. */
  left?: string;
  /** How often the state was tried: 1, plus its retries. */
  tries: number;
  input: unknown;
  output?: unknown;
  /** What went wrong at each failed try. */
  errors: StateError[];
  /** The state that a Catch went to. */
  caughtBy?: string;
}

/** What is known of one execution, whoever ran it. */
export interface Execution {
  id: string;
  status: ExecutionStatus;
  dataset: string;
  key: string;
  event: ObjectCreated;
  started: string;
  /** Undefined while it runs. For a stale one: when it was last heard of. */
  ended?: string;
  attempts: number;
  /** In order, over all attempts. */
  visits: StateVisit[];
  /** Where a redrive resumes, and with what. */
  resume: { state: string; input: unknown };
  error?: StateError;
  output?: unknown;
}

/** Tells from an execution's attempts, of which there is at least one, what became of it. */
export const summarize = (attempts: readonly [AttemptRecord, ...AttemptRecord[]]): Execution => {
  const [first] = attempts;
  const last = attempts.at(-1) ?? first;
  const visits = attempts.flatMap((attempt) => visitsOf(attempt));
  const reached = visits.findLast((visit) => visit.attempt === last.header.attempt);
  const end = last.events.at(-1);
  const { event, id } = first.header;
  const execution: Execution = {
    id,
    status: last.alive ? 'running' : 'stale',
    dataset: lakePaths.datasetOf(event.detail.object.key) ?? '_unknown',
    key: event.detail.object.key,
    event,
    started: first.header.at,
    attempts: attempts.length,
    visits,
    resume:
      reached === undefined
        ? { state: last.header.startAt, input: last.header.input }
        : { state: reached.state, input: reached.input },
  };
  if (end?.type === 'ExecutionSucceeded')
    return { ...execution, status: 'succeeded', ended: end.at, output: end.output };
  if (end?.type === 'ExecutionFailed')
    return { ...execution, status: 'failed', ended: end.at, error: { Error: end.Error, Cause: end.Cause } };
  return last.alive ? execution : { ...execution, ended: end?.at ?? last.header.at };
};

const visitsOf = ({ header, events }: AttemptRecord): StateVisit[] => {
  const visits: StateVisit[] = [];
  for (const event of events) {
    const current = visits.at(-1);
    if (event.type === 'StateEntered') {
      const { state, stateType: type, at: entered, input } = event;
      visits.push({ state, type, attempt: header.attempt, entered, tries: 1, input, errors: [] });
    } else if (current !== undefined) {
      record(current, event);
    }
  }
  return visits;
};

const record = (visit: StateVisit, event: ExecutionEvent): void => {
  switch (event.type) {
    case 'StateExited':
      visit.left = event.at;
      visit.output = event.output;
      break;
    case 'StateFailed':
      visit.errors.push({ Error: event.Error, Cause: event.Cause });
      break;
    case 'StateRetried':
      visit.tries += 1;
      break;
    case 'StateCaught':
      visit.caughtBy = event.next;
      break;
    case 'ExecutionFailed':
      visit.left ??= event.at;
      break;
  }
};

/** The message inside a Cause; the Cause itself where it is no answer of a Lambda. */
export const messageOf = (error: StateError): string => {
  try {
    const answer: unknown = JSON.parse(error.Cause);
    if (typeof answer === 'object' && answer !== null && 'errorMessage' in answer)
      return String(answer.errorMessage);
  } catch {
    // Not JSON: the engine's own errors are plain text.
  }
  return error.Cause;
};
