import { TableDamaged } from '../errors.ts';
import { pointTable } from '../lake/catalog/point-tables.ts';
import { Table } from '../lake/table/commit/table.ts';
import { RUNS_CATALOG_NAME, RUNS_DESCRIPTION, RUNS_TABLE } from '../run/runs-table.ts';
import { foldRuns } from './fold-runs.ts';
import type { MaintainOptions } from './maintain-options.ts';
import { maintainTable, rowsOf, type TableSummary, total } from './maintain-table.ts';

const NOTHING: TableSummary = {
  files_before: 0,
  files_after: 0,
  rows_before: 0,
  rows_after: 0,
  snapshots_expired: 0,
  orphans_removed: 0,
  bytes_freed: 0,
};

/**
 * Puts run records into their table, and maintains it as every table.
 *
 * @param keep is given the summary, also where an error follows; not if there is nothing to do and no table
 * @throws TableDamaged for records that cannot be read, once everything else is done; and as `maintainTable`
 */
export const maintainRuns = async (
  options: Pick<MaintainOptions, 'lake' | 'config' | 'catalog' | 'graceMs' | 'foldAgeMs' | 'dryRun'>,
  keep: (summary: TableSummary) => void,
): Promise<void> => {
  const { lake, config, catalog, foldAgeMs, dryRun = false } = options;
  const store = lake.gold;
  const before = await new Table(store, RUNS_TABLE.table).newest();
  const { folded, damaged } = await foldRuns(store, {
    config,
    dryRun,
    ...(foldAgeMs !== undefined && { ageMs: foldAgeMs }),
  });
  const maintained = await maintainTable(RUNS_TABLE.table, { ...options, zone: 'gold', store });
  if (maintained !== undefined || folded > 0)
    keep({
      ...NOTHING,
      ...maintained?.summary,
      files_before: before === undefined ? 0 : total(before, 'data-files'),
      rows_before: before === undefined ? 0 : rowsOf(before),
      folded,
    });
  const about = { zone: 'gold', name: RUNS_CATALOG_NAME, description: RUNS_DESCRIPTION } as const;
  if (!dryRun) await pointTable(catalog, about, maintained?.version);
  if (damaged.length > 0)
    throw new TableDamaged(
      `${damaged.length} of the run records cannot be put into the table of runs. ${damaged
        .slice(0, MAX_NAMED)
        .map(({ message }) => message)
        .join('\n')}`,
      { cause: damaged[0] },
    );
};

/** Records that a message names; each may have several lines. */
const MAX_NAMED = 5;
