import { lakePaths } from '../../shared/lake/paths.ts';
import type { Execution, StateVisit } from '../execution.ts';
import type { ExecutionEvent } from './execution-events.ts';
import type { AttemptRecord } from './execution-log.ts';

/** Derives an execution from the logs of its attempts, the first one first. */
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
