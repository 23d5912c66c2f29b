import { UsageError } from '../shared/errors.ts';
import { DAY_MS } from '../shared/lake/table/upkeep/orphans.ts';
import { type MaintainOptions as MaintainWork, maintain } from '../shared/maintenance/maintain.ts';
import { summedUp, type TableReport } from '../shared/maintenance/summed-up.ts';
import type { MaintainOptions } from './pipeline.ts';

/** `Pipeline.maintain` over a lake in any storage. */
export const maintainLake = async (
  source: Pick<MaintainWork, 'lake' | 'config' | 'catalog'>,
  minGraceMs: number,
  { graceMs, dryRun = false }: MaintainOptions,
): Promise<TableReport[]> => {
  if (graceMs !== undefined && graceMs < minGraceMs)
    throw new UsageError(
      `Files must be at least ${minGraceMs / DAY_MS} days old to be removed, not ${graceMs / DAY_MS}.`,
    );
  const work = { ...source, dryRun, ...(graceMs !== undefined && { graceMs }) };
  return summedUp(await maintain(work)).tables;
};
