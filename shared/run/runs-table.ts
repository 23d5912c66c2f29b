import { lakePaths } from '../lake/paths.ts';
import type { WantedColumn } from '../lake/table/commit/table-schema.ts';
import type { PartitionColumn } from '../lake/table/draft.ts';
import { RUN_COLUMNS } from './run-record.ts';

/** The columns of `runs`, with the types of this release; see `StoredRunRecord`. */
export const RUN_TABLE_COLUMNS: readonly WantedColumn[] = Object.entries(RUN_COLUMNS).map(([name, type]) => ({
  identity: name,
  name,
  type,
  required: false,
}));

const BY_DAY: PartitionColumn = { name: 'finished_at_day', column: 'finished_at', transform: 'day' };

/** The table of gold that maintenance puts run records into: one row per run. */
export const RUNS_TABLE = {
  table: lakePaths.runsTable,
  columns: RUN_TABLE_COLUMNS,
  partitionedBy: [BY_DAY],
  key: 'run_id',
  version: 'finished_at',
  order: ['finished_at', 'run_id'],
} as const;

/** Its name in the Glue Data Catalog. Gold models cannot have it: their names begin with a letter. */
export const RUNS_CATALOG_NAME = '_runs';

export const RUNS_DESCRIPTION =
  'One row for every run that ended. The newest runs are in _runs_newest until maintenance adds them here.';

/**
 * The table's property that says until when it has all run records: milliseconds since 1970. Records that were written
 * before are in the table or among the newest. Without it, the table lacks records, and readers must list all of them.
 */
export const RUNS_COMPLETE_UNTIL = 'duckstep.runs-complete-until';

/** Undefined if the table, of which these are the properties, may lack records. */
export const completeUntil = (
  properties: Readonly<Record<string, string>> | undefined,
): number | undefined => {
  const text = properties?.[RUNS_COMPLETE_UNTIL] ?? '';
  return /^\d{1,16}$/.test(text) ? Number(text) : undefined;
};
