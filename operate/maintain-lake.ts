import { DAY_MS } from '../shared/base/time.ts';
import { UsageError } from '../shared/errors.ts';
import type { Lake } from '../shared/lake/paths.ts';
import { expireQuarantine } from '../shared/maintenance/expire-quarantine.ts';
import { type MaintainOptions as MaintainWork, maintain } from '../shared/maintenance/maintain.ts';
import { maintenanceReport, type TableReport } from '../shared/maintenance/maintenance-report.ts';
import type { MaintainOptions } from './pipeline.ts';

/** `Pipeline.maintain` over a lake in any storage. */
export const maintainLake = async (
  source: Pick<MaintainWork, 'config' | 'catalog'> & { lake: Lake },
  minGraceMs: number,
  { graceMs, quarantineDays, dryRun = false }: MaintainOptions,
): Promise<TableReport[]> => {
  if (graceMs !== undefined && graceMs < minGraceMs)
    throw new UsageError(
      `Files must be at least ${minGraceMs / DAY_MS} days old to be removed, not ${graceMs / DAY_MS}.`,
    );
  const work = { ...source, dryRun, ...(graceMs !== undefined && { graceMs }) };
  const { tables } = maintenanceReport(await maintain(work));
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
