import { DAY_MS } from '../../shared/base/time.ts';
import { type Lake, lakePaths } from '../../shared/lake/paths.ts';
import { removeNoncurrent } from '../../shared/lake/storage/noncurrent.ts';
import type { ObjectInfo } from '../../shared/lake/storage/object-store.ts';
import type { KnownRun } from '../../shared/replay/known-runs.ts';

/** No execution takes as long, its waits included: a run that has left no record by then has failed. */
export const MAX_EXECUTION_MS = DAY_MS;

/** The folder of what is staged. */
const STAGING = lakePaths.staging('', '').replace(/\/$/, '');

export interface StagedPlan {
  objects: ObjectInfo[];
  /** Ids of runs that have not ended, as far as one can see. */
  left: string[];
}

export interface StagedFacts {
  /** The dataset's runs, by id. */
  ended: ReadonlyMap<string, KnownRun>;
  /** Ids of the dataset's runs that have records in quarantine. */
  stored: ReadonlySet<string>;
  /** Ids of the runs of other datasets. */
  others: ReadonlySet<string>;
}

/**
 * Finds what runs of a dataset have left of their rows between the states: staged records, and commits that wait. Runs that have
 * ended need them no more, except for one whose Quarantine is still to come. Of other runs it is not known which dataset
 * they are about.
 */
export const planStaged = async (
  { silver }: Pick<Lake, 'silver'>,
  dataset: string,
  { ended, stored, others }: StagedFacts,
): Promise<StagedPlan> => {
  const plan: StagedPlan = { objects: [], left: [] };
  const left = new Set<string>();
  const isOver = (runId: string): boolean => {
    const run = ended.get(runId);
    return run !== undefined && !isAwaited(run, stored);
  };
  for await (const object of silver.list(STAGING)) {
    const [, runId = ''] = object.key.split('/');
    if (isOver(runId)) plan.objects.push(object);
    else if (!others.has(runId)) left.add(runId);
  }
  for await (const object of silver.list(lakePaths.intents(dataset, ''))) {
    const runId = object.key.slice(lakePaths.intents(dataset, '').length).replace(/\.json$/, '');
    const isDead = object.lastModified.getTime() < Date.now() - MAX_EXECUTION_MS;
    if (isOver(runId) || isDead) plan.objects.push(object);
    else left.add(runId);
  }
  return { ...plan, left: [...left].toSorted() };
};

/** Whether the state Quarantine, which comes after the run record, has still to read what is staged. */
const isAwaited = (run: KnownRun, stored: ReadonlySet<string>): boolean =>
  run.status === 'loaded' &&
  run.rows_rejected > 0 &&
  !stored.has(run.run_id) &&
  Date.parse(run.finished_at) > Date.now() - MAX_EXECUTION_MS;

export const removeStaged = async (
  { silver }: Pick<Lake, 'silver'>,
  dataset: string,
  { objects }: StagedPlan,
): Promise<void> => {
  await silver.removeMany(objects.map(({ key }) => key));
  const keys = new Set(objects.map(({ key }) => key));
  await removeNoncurrent(silver, STAGING, (key) => keys.has(key));
  await removeNoncurrent(silver, lakePaths.commits(dataset));
};
