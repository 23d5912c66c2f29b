import type { Execution } from '../execution.ts';
import { type Outcome, outcomeOf } from '../outcome.ts';
import type { CallOptions, FailedSelection, Redriven } from '../pipeline.ts';
import { refusalOf } from '../refusal.ts';
import { statesTo } from './observe.ts';
import { fileOf, newScheduler } from './run.ts';
import type { Workspace } from './workspace.ts';

type Parts = Pick<Workspace, 'engine' | 'config'>;

/** @throws UsageError when there is nothing to resume */
export const redriveOne = async (parts: Parts, id: string, options: CallOptions): Promise<Redriven> => {
  const execution = parts.engine.find(id);
  const [result] = await redrive(parts, execution === undefined ? [] : [execution], [id], options);
  if (result?.status === 'rejected') throw result.reason;
  return { execution: id, outcome: result?.value };
};

/** Resumes all that the selection matches. One that another process has taken meanwhile is refused. */
export const redriveAll = async (
  parts: Parts,
  selection: FailedSelection,
  options: CallOptions,
): Promise<Redriven[]> => {
  const executions = parts.engine.list();
  const ids = executions.filter((execution) => matches(execution, selection)).map(({ id }) => id);
  const results = await redrive(parts, executions, ids, options);
  options.signal?.throwIfAborted();
  return ids.map((execution, i) => {
    const result = results[i];
    if (result?.status === 'rejected') return { execution, refused: refusalOf(result.reason) };
    return { execution, outcome: result?.value };
  });
};

/**
 * Resumes executions that nobody has taken meanwhile, and waits for their ends.
 *
 * @throws UsageError when another process has taken one
 */
export const redriveThese = async (
  parts: Parts,
  executions: readonly Execution[],
  options: CallOptions,
): Promise<Outcome[]> => {
  const ids = executions.map(({ id }) => id);
  return (await redrive(parts, executions, ids, options)).map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
};

const matches = (execution: Execution, { status, since, error }: FailedSelection): boolean => {
  const { ended = '' } = execution;
  if (execution.status !== 'failed' && execution.status !== 'stale') return false;
  return (
    (status === undefined || execution.status === status) &&
    (since === undefined || ended >= since) &&
    (error === undefined || execution.error?.Error === error)
  );
};

const redrive = async (
  parts: Parts,
  executions: readonly Execution[],
  ids: readonly string[],
  { observe, signal }: CallOptions,
) => {
  const scheduler = newScheduler(parts);
  const events = new Map(executions.map(({ id, event }) => [id, event]));
  const onEvent = statesTo(observe);
  let done = 0;
  const progress = (): void =>
    observe?.({ type: 'progress', done, total: ids.length, waiting: scheduler.load.waiting });
  const resume = async (id: string, memoryMb: number) => {
    signal?.throwIfAborted();
    progress();
    try {
      const outcome = outcomeOf(await parts.engine.redrive(id, { memoryMb, onEvent }));
      observe?.({ type: 'outcome', outcome });
      return outcome;
    } finally {
      done += 1;
      progress();
    }
  };
  return await Promise.allSettled(
    ids.map((id) => {
      const event = events.get(id);
      const file = event === undefined ? { key: id, bytes: 0 } : fileOf(event);
      return scheduler.add({ ...file, run: (memoryMb) => resume(id, memoryMb) });
    }),
  );
};
