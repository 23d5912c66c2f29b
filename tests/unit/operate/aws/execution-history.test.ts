import type { HistoryEvent, HistoryEventType } from '@aws-sdk/client-sfn';
import { visitsOf } from '../../../../operate/aws/execution-history.ts';

/** A history of events, one a second. */
const history = (...events: [HistoryEventType, Partial<HistoryEvent>?][]): HistoryEvent[] =>
  events.map(([type, details], index) => ({
    type,
    id: index + 1,
    timestamp: new Date(Date.UTC(2026, 10, 21, 0, 0, index)),
    ...details,
  }));

const entered = (name: string, input = '{}') => ({ stateEnteredEventDetails: { name, input } });
const exited = (name: string, output = '{}') => ({ stateExitedEventDetails: { name, output } });
const failed = (error: string) => ({ lambdaFunctionFailedEventDetails: { error, cause: '{}' } });
const at = (second: number): string => new Date(Date.UTC(2026, 10, 21, 0, 0, second)).toISOString();

test('a state that is tried again, and one after it', () => {
  const visits = visitsOf(
    history(
      ['ExecutionStarted'],
      ['TaskStateEntered', entered('Validate', '{"a":1}')],
      ['LambdaFunctionScheduled'],
      ['LambdaFunctionFailed', failed('StorageUnavailable')],
      ['LambdaFunctionScheduled'],
      ['LambdaFunctionSucceeded'],
      ['TaskStateExited', exited('Validate', '{"b":2}')],
      ['ChoiceStateEntered', entered('QualityGate')],
      ['ChoiceStateExited', exited('QualityGate')],
      ['ExecutionSucceeded'],
    ),
  );
  expect(visits).toEqual([
    {
      ...{ state: 'Validate', type: 'Task', attempt: 1, entered: at(1), left: at(6), tries: 2 },
      ...{ input: { a: 1 }, output: { b: 2 }, errors: [{ Error: 'StorageUnavailable', Cause: '{}' }] },
    },
    {
      ...{ state: 'QualityGate', type: 'Choice', attempt: 1, entered: at(7), left: at(8), tries: 1 },
      ...{ input: {}, output: {}, errors: [] },
    },
  ]);
});

test('an error that a Catch sends to Quarantine', () => {
  const visits = visitsOf(
    history(
      ['TaskStateEntered', entered('Validate')],
      ['LambdaFunctionScheduled'],
      ['LambdaFunctionFailed', failed('EmptyFile')],
      ['TaskStateExited', exited('Validate')],
      ['TaskStateEntered', entered('Quarantine')],
    ),
  );
  expect(visits).toMatchObject([
    { state: 'Validate', caughtBy: 'Quarantine', tries: 1, errors: [{ Error: 'EmptyFile' }] },
    { state: 'Quarantine' },
  ]);
  expect(visits[1]).not.toHaveProperty('left');
});

test('a redrive is another visit of the state that failed', () => {
  const visits = visitsOf(
    history(
      ['TaskStateEntered', entered('Transform', '{"a":1}')],
      ['LambdaFunctionScheduled'],
      ['LambdaFunctionTimedOut', { lambdaFunctionTimedOutEventDetails: { error: 'States.Timeout' } }],
      ['ExecutionFailed'],
      ['ExecutionRedriven'],
      ['LambdaFunctionScheduled'],
      ['LambdaFunctionSucceeded'],
      ['TaskStateExited', exited('Transform')],
      ['TaskStateEntered', entered('LoadToGold')],
    ),
  );
  expect(visits).toMatchObject([
    { state: 'Transform', attempt: 1, left: at(3), errors: [{ Error: 'States.Timeout', Cause: '' }] },
    { state: 'Transform', attempt: 2, entered: at(5), left: at(7), input: { a: 1 }, tries: 1, errors: [] },
    { state: 'LoadToGold', attempt: 2 },
  ]);
});
