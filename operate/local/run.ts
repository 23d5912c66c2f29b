import type { ObjectCreated } from '../../shared/run/event.ts';
import { type Outcome, outcomeOf } from '../outcome.ts';
import type { CallOptions } from '../pipeline.ts';
import { DEFAULT_CONCURRENCY } from '../queue.ts';
import { statesTo } from './observe.ts';
import { Scheduler } from './scheduler.ts';
import { sharesOf } from './shares.ts';
import type { Workspace } from './workspace.ts';

/** The scheduler for the files of one operation. */
export const newScheduler = ({ config }: Pick<Workspace, 'config'>): Scheduler =>
  new Scheduler(sharesOf(config, DEFAULT_CONCURRENCY));

/** The key and the size of the file that an event is about. */
export const fileOf = ({ detail: { object } }: ObjectCreated): { key: string; bytes: number } => ({
  key: object.key,
  bytes: object.size ?? 0,
});

/**
 * Runs each event to its end, several at a time, small files before large ones.
 *
 * @returns the outcomes in the order of the events
 */
export const runAll = async (
  workspace: Pick<Workspace, 'engine' | 'config'>,
  events: readonly ObjectCreated[],
  { observe, signal }: CallOptions,
): Promise<Outcome[]> => {
  const { engine } = workspace;
  const scheduler = newScheduler(workspace);
  const progress = (done: number): void =>
    observe?.({ type: 'progress', done, total: events.length, waiting: scheduler.load.waiting });
  const onEvent = statesTo(observe);
  let done = 0;
  const run = async (event: ObjectCreated, memoryMb: number): Promise<Outcome> => {
    signal?.throwIfAborted();
    progress(done);
    const outcome = outcomeOf(await engine.run(event, { memoryMb, onEvent }));
    observe?.({ type: 'outcome', outcome });
    done += 1;
    progress(done);
    return outcome;
  };
  const settled = await Promise.allSettled(
    events.map((event) => scheduler.add({ ...fileOf(event), run: (memoryMb) => run(event, memoryMb) })),
  );
  return settled.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
};
