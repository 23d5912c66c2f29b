import { loadAll } from '../shared/contract/load.ts';
import { reportTo } from '../shared/query/warehouse.ts';
import type { Choice, PlannedFile } from '../shared/replay/choose-files.ts';
import { type KnownRun, knownRuns, type RunsSource } from '../shared/replay/known-runs.ts';
import { type PlanSources, planReplay } from '../shared/replay/plan-replay.ts';
import type { ReplaySelection } from '../shared/replay/selection.ts';
import { duckstepCost } from './cost/compare.ts';
import { type Measured, readMeasured } from './cost/measured.ts';
import type { Observer } from './events.ts';
import type { ReplayPlan } from './replayed.ts';

/** What both adapters read plans from. */
export interface ReplaySource extends RunsSource {
  config: RunsSource['config'] & { sqlDir: string };
  /** The project's folder, which holds the measured costs. */
  root: string;
}

type OwnSources = Omit<PlanSources, 'runs' | 'contracts'>;

/** `Pipeline.planReplay` over a lake in any storage. */
export const planIn = async (
  source: ReplaySource,
  selection: ReplaySelection,
  own: OwnSources,
  observe: Observer | undefined,
): Promise<ReplayPlan> => {
  let runs: readonly KnownRun[] = [];
  const remark = (text: string): void => observe?.({ type: 'remark', text });
  observe?.({ type: 'working', what: 'Comparing raw with the runs' });
  const choice = await planReplay(selection, {
    ...own,
    runs: async () => {
      runs = await knownRuns(source);
      return runs;
    },
    contracts: async () => {
      const contracts = await loadAll(source.config.sqlDir, reportTo(remark));
      return new Map(contracts.map(({ dataset, fingerprint }) => [dataset, fingerprint]));
    },
  });
  return withCosts(choice, estimator(await readMeasured(source.root), runs));
};

const withCosts = (
  { files, skipped }: Choice,
  costOf: (file: Pick<PlannedFile, 'dataset' | 'bytes'>) => number,
): ReplayPlan => {
  const priced = files.map((file) => ({ ...file, estimated_usd: costOf(file) }));
  return {
    files: priced,
    skipped,
    bytes: priced.reduce((sum, { bytes }) => sum + bytes, 0),
    estimated_usd: priced.reduce((sum, { estimated_usd }) => sum + estimated_usd, 0),
  };
};

/**
 * Estimates what a file costs on AWS: the cost of a file of its size by the measurements in docs/costs.json, times what the
 * loaded files of its dataset have cost in comparison with that.
 */
export const estimator = (
  measured: Pick<Measured, 'sizes'>,
  runs: readonly Pick<KnownRun, 'dataset' | 'status' | 'source_bytes' | 'cost_usd'>[],
): ((file: Pick<PlannedFile, 'dataset' | 'bytes'>) => number) => {
  const factors = new Map<string, number>();
  for (const [dataset, own] of Map.groupBy(runs, (run) => run.dataset)) {
    const loaded = own.filter(({ status, cost_usd }) => status === 'loaded' && cost_usd > 0);
    const expected = loaded.reduce((sum, { source_bytes }) => sum + duckstepCost(measured, source_bytes), 0);
    const paid = loaded.reduce((sum, { cost_usd }) => sum + cost_usd, 0);
    if (expected > 0) factors.set(dataset, paid / expected);
  }
  return ({ dataset, bytes }) => duckstepCost(measured, bytes) * (factors.get(dataset) ?? 1);
};
