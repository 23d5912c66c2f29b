import type { ObjectCreated } from '../run/event.ts';
import type { Choice, PlannedFile, SkippedFile } from './choose-files.ts';

/** An execution that has not succeeded. */
export interface UnfinishedExecution {
  id: string;
  status: 'running' | 'failed';
  event: ObjectCreated;
}

/** Executions of the deployed state machine, as far as a replay needs them. */
export interface Executions {
  /** Starts one. `exists`: one of that name was started before. */
  start(name: string, event: ObjectCreated): Promise<'started' | 'exists'>;

  /** The number of executions that run, counted up to a limit. */
  running(limit: number): Promise<number>;

  /** Those that began at this time or later and have not succeeded: they run, failed, timed out or were aborted. */
  unfinished(since: Date): AsyncIterable<UnfinishedExecution>;
}

/** What is known of a version's execution. */
export interface KnownExecution {
  id: string;
  status: 'running' | 'failed' | 'ran';
}

/** Tells a version from all others. */
export const versionName = ({ key, version_id }: Pick<PlannedFile, 'key' | 'version_id'>): string =>
  JSON.stringify([key, version_id ?? null]);

/** S3 gives times in whole seconds, and its clock is not that of Step Functions. */
const SLACK_MS = 5_000;

/**
 * Finds the executions of versions by the inputs of those that have not succeeded: one that has succeeded has left a run
 * record. Asks for nothing without versions, and stops when it has found one for each.
 *
 * @param resumed the replay that is resumed: its own executions are no reason to leave a version out
 * @returns by `versionName`
 */
export const executionsOf = async (
  executions: Executions,
  files: readonly PlannedFile[],
  resumed?: string,
): Promise<Map<string, KnownExecution>> => {
  const found = new Map<string, KnownExecution>();
  if (files.length === 0) return found;
  const wanted = new Set(files.map(versionName));
  const oldest = Math.min(...files.map(({ uploaded_at }) => Date.parse(uploaded_at)));
  for await (const { id, status, event } of executions.unfinished(new Date(oldest - SLACK_MS))) {
    if (resumed !== undefined && event.replay?.requested_at === resumed) continue;
    const { key, 'version-id': version_id } = event.detail.object;
    const name = versionName({ key, ...(version_id !== undefined && { version_id }) });
    if (wanted.delete(name)) found.set(name, { id, status });
    if (wanted.size === 0) break;
  }
  return found;
};

const TEXTS: Readonly<Record<KnownExecution['status'], (id: string) => string>> = {
  running: (id) => `Execution ${id} processes it.`,
  failed: (id) => `Execution ${id} failed: fix the cause, and redrive it.`,
  ran: (id) => `Execution ${id} has processed it.`,
};

/** The choice without the files that have an execution. */
export const withoutKnown = (
  { files, skipped }: Choice,
  known: ReadonlyMap<string, KnownExecution>,
): Choice => {
  const taken = files.flatMap((file): SkippedFile[] => {
    const execution = known.get(versionName(file));
    if (execution === undefined) return [];
    const { key, version_id } = file;
    const text = TEXTS[execution.status](execution.id);
    return [{ key, ...(version_id !== undefined && { version_id }), reason: execution.status, text }];
  });
  return { files: files.filter((file) => !known.has(versionName(file))), skipped: [...skipped, ...taken] };
};
