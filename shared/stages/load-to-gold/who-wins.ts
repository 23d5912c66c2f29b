import type { Contract } from '../../contract/model.ts';
import type { SupersededRows } from '../../run/build-run-record.ts';

/**
 * A sentence on which row shows, for a run that met rows of other files; undefined where it met none, or where the contract
 * says which row is the latest.
 */
export const whoWins = (
  { dedupeOrderBy }: Pick<Contract, 'dedupeOrderBy'>,
  { superseding, superseded }: SupersededRows,
): string | undefined =>
  dedupeOrderBy.length > 0 || superseding + superseded === 0
    ? undefined
    : 'Of rows of several files with one key, that of the later upload shows, and of one file the later row; set dedupeOrderBy in the contract to decide by a column.';
