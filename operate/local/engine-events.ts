import type { StateMachine } from 'aws-local-stepfunctions';
import type { ExecutionEvent } from './execution-events.ts';

type Run = ReturnType<StateMachine['run']>;
type EngineEvent = Run['eventLogs'] extends AsyncGenerator<infer Event> ? Event : never;

/** The log's entry for an event of the engine; undefined for events that add nothing. A state's input is logged once. */
export const fromEngine = (event: EngineEvent): ExecutionEvent | undefined => {
  const at = new Date(event.timestamp).toISOString();
  switch (event.type) {
    case 'StateEntered': {
      const { name: state, type: stateType, input } = event.state;
      return { type: 'StateEntered', at, state, stateType, input };
    }
    case 'StateExited':
      return { type: 'StateExited', at, state: event.state.name, output: event.state.output };
    case 'StateFailed':
      return {
        type: 'StateFailed',
        at,
        state: event.state.name,
        Error: event.Error,
        Cause: text(event.Cause),
      };
    case 'StateRetried':
      return { type: 'StateRetried', at, state: event.state.name };
    case 'StateCaught':
      return { type: 'StateCaught', at, state: event.state.name, next: event.catch.catcher.Next };
    case 'ExecutionSucceeded':
      return { type: 'ExecutionSucceeded', at, output: event.output };
    case 'ExecutionFailed':
      return { type: 'ExecutionFailed', at, Error: event.Error, Cause: text(event.Cause) };
    case 'ExecutionTimeout':
      return { type: 'ExecutionFailed', at, Error: 'States.Timeout', Cause: 'The execution timed out.' };
    default:
      return undefined;
  }
};

const text = (cause: unknown): string => (typeof cause === 'string' ? cause : JSON.stringify(cause));
