import { executionsOf } from '../../shared/replay/executions.ts';
import type { PlanSources } from '../../shared/replay/plan-replay.ts';
import { replayEvent } from '../../shared/replay/replay-event.ts';
import { MISSING_GRACE_MS } from '../../shared/replay/replay-missing.ts';
import { type StartOptions, startAll } from '../../shared/replay/start-all.ts';
import { StepFunctionsExecutions } from '../../shared/replay/step-functions.ts';
import type { Outcome } from '../outcome.ts';
import type { ReplayOptions } from '../pipeline.ts';
import { DEFAULT_PACE, type Replayed, type ReplayPlan } from '../replayed.ts';
import { awaitExecutions } from './await-executions.ts';
import type { Clock } from './await-outcomes.ts';
import type { Deployment } from './deployment.ts';
import type { DeployedExecutions } from './executions.ts';

/** Where a stage's plans get their facts. */
export const deployedSources = (
  { sfn, stateMachineArn, lake }: Deployment,
  resumed?: string,
): Omit<PlanSources, 'runs' | 'contracts'> => ({
  versions: (prefix) => lake.raw.listVersions(prefix),
  executionsOf: (files) => executionsOf(new StepFunctionsExecutions(sfn, stateMachineArn), files, resumed),
  graceMs: MISSING_GRACE_MS,
});

/** Starts the executions of planned files, and waits for their ends if it is asked to. */
export const startReplay = async (
  { deployment, executions }: { deployment: Deployment; executions: DeployedExecutions },
  { files }: ReplayPlan,
  requestedAt: string,
  options: ReplayOptions & { clock?: Clock },
): Promise<Replayed[]> => {
  const { observe, signal, wait, clock } = options;
  const { perSecond = DEFAULT_PACE.perSecond, atOnce = DEFAULT_PACE.atOnce } = options;
  const { sfn, stateMachineArn, lake } = deployment;
  const pace: StartOptions = {
    ...{ perSecond, atOnce, signal },
    onStart: (_, done) => observe?.({ type: 'progress', done, total: files.length }),
    ...(clock && { now: () => clock.now(), sleep: (ms: number) => clock.sleep(ms, signal) }),
  };
  const events = files.map((file) => replayEvent(lake.raw.name, file, requestedAt));
  const started = await startAll(new StepFunctionsExecutions(sfn, stateMachineArn), events, pace);
  const names = started.map(({ name }) => name);
  const outcomes = wait
    ? await awaitExecutions(executions, names, requestedAt, options)
    : new Map<string, Outcome>();
  return files.map(({ key, version_id }, i) => {
    const { name = '', before = false } = started[i] ?? {};
    const outcome = outcomes.get(name);
    return {
      key,
      ...(version_id !== undefined && { version_id }),
      ...{ execution: name, before },
      ...(outcome && { outcome }),
    };
  });
};
