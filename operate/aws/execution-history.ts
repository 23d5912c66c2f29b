import type { HistoryEvent } from '@aws-sdk/client-sfn';
import type { StateError } from '../../shared/run/state-error.ts';
import type { StateVisit } from '../execution.ts';

/** Derives the visits of states from an execution's history, over all its redrives. */
export const visitsOf = (history: readonly HistoryEvent[]): StateVisit[] => {
  const visits: StateVisit[] = [];
  let attempt = 1;
  for (const event of history) {
    const at = event.timestamp?.toISOString() ?? '';
    if (event.type === 'ExecutionRedriven') attempt += 1;
    const { stateEnteredEventDetails: entered, stateExitedEventDetails: exited } = event;
    const last = visits.at(-1);
    if (entered !== undefined) {
      const state = entered.name ?? '';
      // A Catch leads on from a state whose last try failed.
      if (last?.left !== undefined && last.attempt === attempt && last.errors.length === last.tries)
        last.caughtBy = state;
      const type = (event.type ?? '').replace('StateEntered', '');
      visits.push({ state, type, attempt, entered: at, tries: 1, input: parse(entered.input), errors: [] });
    } else if (last !== undefined) {
      const error = errorOf(event);
      if (exited !== undefined) Object.assign(last, { left: at, output: parse(exited.output) });
      else if (error !== undefined) last.errors.push(error);
      else if (event.type?.endsWith('Scheduled')) schedule(visits, last, attempt, at);
      else if (ENDS.some((end) => event.type === end)) last.left ??= at;
    }
  }
  return visits;
};

const ENDS = ['ExecutionFailed', 'ExecutionTimedOut', 'ExecutionAborted'];

/** A redrive schedules the failed state again without entering it. */
const schedule = (visits: StateVisit[], last: StateVisit, attempt: number, entered: string): void => {
  if (last.attempt === attempt) last.tries = last.errors.length + 1;
  else {
    const { state, type, input } = last;
    visits.push({ state, type, attempt, entered, tries: 1, input, errors: [] });
  }
};

const errorOf = (event: HistoryEvent): StateError | undefined => {
  const details =
    event.lambdaFunctionFailedEventDetails ??
    event.lambdaFunctionScheduleFailedEventDetails ??
    event.lambdaFunctionStartFailedEventDetails ??
    event.lambdaFunctionTimedOutEventDetails ??
    event.taskFailedEventDetails ??
    event.taskStartFailedEventDetails ??
    event.taskSubmitFailedEventDetails ??
    event.taskTimedOutEventDetails;
  return details && { Error: details.error ?? 'States.TaskFailed', Cause: details.cause ?? '' };
};

/** Absent where the payload was too large for the history. */
const parse = (json: string | undefined): unknown => (json === undefined ? undefined : JSON.parse(json));
