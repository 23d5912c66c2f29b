import type { Resources } from '../shared/engine/resources.ts';
import type { Lake } from '../shared/lake/paths.ts';
import { newestRuns } from '../shared/query/newest-runs.ts';
import { DEFAULT_RUNS, type RunPage, type RunsFilter } from './pipeline.ts';

/** `Pipeline.runs` over a lake in any storage. */
export const listRuns = async (
  { lake, config }: { lake: Pick<Lake, 'gold'>; config: Resources },
  { limit = DEFAULT_RUNS, ...filter }: RunsFilter,
): Promise<RunPage> => await newestRuns(lake.gold, config, { limit, ...filter });
