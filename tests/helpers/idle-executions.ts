import type { Executions } from '../../shared/replay/executions.ts';
import type { ObjectCreated } from '../../shared/run/event.ts';

/** A state machine that starts what it is asked to, in no time, and of which nothing else is known. */
export const idleExecutions = (): Executions & { started: ObjectCreated[] } => {
  const started: ObjectCreated[] = [];
  return {
    started,
    start: async (_, event) => {
      started.push(event);
      return 'started';
    },
    running: async () => 0,
    async *unfinished() {
      yield* [];
    },
  };
};
