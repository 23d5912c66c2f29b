import { messageOf } from '../../shared/run/state-error.ts';
import type { Observer, PipelineEvent } from '../events.ts';
import type { OnEvent } from './engine.ts';
import type { AttemptHeader, ExecutionEvent } from './execution-events.ts';

/** Passes the engine's events about states on to an observer. */
export const statesTo =
  (observe: Observer | undefined): OnEvent =>
  (attempt, event) => {
    const told = observe && pipelineEventOf(attempt, event);
    if (told !== undefined) observe?.(told);
  };

const pipelineEventOf = (
  { id: execution, event }: AttemptHeader,
  entry: ExecutionEvent,
): PipelineEvent | undefined => {
  const { key } = event.detail.object;
  const { at } = entry;
  switch (entry.type) {
    case 'StateEntered':
      return { type: 'state-entered', at, execution, key, state: entry.state };
    case 'StateFailed': {
      const error = { name: entry.Error, message: messageOf(entry) };
      return { type: 'state-failed', at, execution, key, state: entry.state, error };
    }
    case 'StateRetried':
      return { type: 'state-retried', at, execution, key, state: entry.state };
    default:
      return undefined;
  }
};
