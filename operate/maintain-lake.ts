import { DAY_MS } from '../shared/base/time.ts';
import { UsageError } from '../shared/errors.ts';
import type { Lake } from '../shared/lake/paths.ts';
import { expireQuarantine } from '../shared/maintenance/expire-quarantine.ts';
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
  source: Pick<MaintainWork, 'config' | 'catalog'> & RemovalSource & { lake: Lake },
  minGraceMs: number,
  { graceMs, quarantineDays, dryRun = false }: MaintainOptions,
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
  const { tables } = maintenanceReport([...failed, ...(await maintain(work))]);
  if (quarantineDays === undefined) return tables;
  return [...tables, ...(await expired(source.lake, quarantineDays, dryRun))];
};

/** An error is reported beside what became of the tables. */
const expired = async ({ quarantine }: Lake, days: number, dryRun: boolean): Promise<TableReport[]> => {
  try {
    return await expireQuarantine(quarantine, { days, dryRun });
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    return [{ zone: 'quarantine', table: '*', error: { name, message } }];
  }
};
