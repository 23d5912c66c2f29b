import { DAY_MS } from '../shared/base/time.ts';
import { UsageError } from '../shared/errors.ts';
import {
  type MaintainedTable,
  type MaintainOptions as MaintainWork,
  maintain,
} from '../shared/maintenance/maintain.ts';
import { maintenanceReport, type TableReport } from '../shared/maintenance/maintenance-report.ts';
import type { MaintainOptions } from './pipeline.ts';
import { continueRemovals, type RemovalSource } from './removal/remove-files.ts';

/** `Pipeline.maintain` over a lake in any storage. */
export const maintainLake = async (
  source: Pick<MaintainWork, 'config' | 'catalog'> & RemovalSource,
  minGraceMs: number,
  { graceMs, dryRun = false }: MaintainOptions,
): Promise<TableReport[]> => {
  if (graceMs !== undefined && graceMs < minGraceMs)
    throw new UsageError(
      `Files must be at least ${minGraceMs / DAY_MS} days old to be removed, not ${graceMs / DAY_MS}.`,
    );
  const failed: MaintainedTable[] = [];
  if (!dryRun)
    await continueRemovals(source, undefined, (thrown, { files }) => {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      for (const table of new Set(files.map(({ dataset }) => dataset)))
        failed.push({ zone: 'silver', table, error });
    });
  const work = { ...source, dryRun, ...(graceMs !== undefined && { graceMs }) };
  return maintenanceReport([...failed, ...(await maintain(work))]).tables;
};
