import type { Resources } from '../engine/resources.ts';
import type { Catalog } from '../lake/catalog/catalog.ts';
import type { Lake } from '../lake/paths.ts';
import type { TableSummary } from './maintain-table.ts';

export interface MaintainOptions {
  lake: Pick<Lake, 'silver' | 'gold'>;
  config: Resources & { sqlDir: string };
  catalog?: Catalog;
  /** The age that an unreferenced object must have before it is removed; see `removeOrphans`. */
  graceMs?: number;
  /** The age that a run record must have before it is put into the table of runs; see `FOLD_AGE_MS`. */
  foldAgeMs?: number;
  /** Reports the changes without making them. */
  dryRun?: boolean;
  /** Called for each table when it is done. */
  onTable?: (maintained: MaintainedTable) => void;
}

export interface MaintainedTable {
  zone: 'silver' | 'gold';
  table: string;
  summary?: TableSummary;
  /** The error that stopped the maintenance of this table. */
  error?: Error;
}
