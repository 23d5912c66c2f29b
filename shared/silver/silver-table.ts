import type { Contract } from '../contract/model.ts';
import type { DataFile, Snapshot } from '../table/snapshot.ts';
import type { ViewColumn } from '../table/table-view.ts';

/**
 * Columns that every silver table has beside its contract's: which run and source a row came from, the number
 * of its record in the file, and the values of columns that the contract does not know, as JSON.
 */
export const LINEAGE: readonly ViewColumn[] = [
  { name: '_run_id', type: 'VARCHAR' },
  { name: '_source_id', type: 'VARCHAR' },
  { name: '_row', type: 'BIGINT' },
  { name: '_rescued', type: 'VARCHAR' },
];

/** What Transform hands to LoadToGold, as JSON. */
export interface StagedSilver {
  /** Equal for equal rows, in whatever order; who brought them and when does not count. */
  content: string;
  files: DataFile[];
}

/** In a silver snapshot's properties: the `content` that each source brought, by source_id. */
export const contentsIn = (snapshot: Snapshot | undefined): Record<string, string> =>
  (snapshot?.properties.contents as Record<string, string> | undefined) ?? {};

/** A dataset's silver columns as its contract says now; older files are read through them. */
export const silverColumns = (contract: Contract): ViewColumn[] => [
  ...contract.columns.map(({ name, silverType }) => ({ name, type: silverType })),
  ...LINEAGE,
];
