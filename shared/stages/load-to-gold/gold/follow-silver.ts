import type { Contract } from '../../../contract/model.ts';
import type { Db } from '../../../engine/with-duckdb.ts';
import type { Catalog } from '../../../lake/catalog/catalog.ts';
import { pointTable } from '../../../lake/catalog/point-tables.ts';
import type { Lake } from '../../../lake/paths.ts';
import type { MetadataVersion, TableOptions } from '../../../lake/table/commit/table.ts';
import type { GoldModel } from './model-header.ts';
import { type Rebuilt, rebuildGold } from './rebuild.ts';

export interface FollowContext {
  lake: Pick<Lake, 'silver' | 'gold'>;
  scratch: string;
  /** Told of each new version; none on a laptop. */
  catalog: Catalog | undefined;
  /** For the commits. */
  table?: TableOptions;
  /** Of all datasets that the models read. */
  contracts: ReadonlyMap<string, Contract>;
  /** The models that read the dataset. */
  models: readonly GoldModel[];
}

/**
 * Brings every gold table that reads a dataset up to date with its silver table.
 *
 * @param silver the silver table's newest version, as far as the caller knows it
 * @param runId the name under which the commits stand in the tables' history
 * @throws ModelFailed, CommitConflict, CatalogUnavailable
 */
export const followSilver = async (
  db: Db,
  { dataset, silver, runId }: { dataset: string; silver: MetadataVersion | undefined; runId: string },
  { lake, scratch, catalog, table: options = {}, contracts, models }: FollowContext,
): Promise<Omit<Rebuilt, 'table'>[]> => {
  const known = new Map(silver && [[dataset, silver]]);
  const gold: Omit<Rebuilt, 'table'>[] = [];
  for (const model of models) {
    const context = { db, lake, scratch, contracts, silver: known, runId, table: options };
    const { table, ...rebuilt } = await rebuildGold(model, context);
    await pointTable(catalog, { zone: 'gold', name: model.name, description: model.description }, table);
    gold.push(rebuilt);
  }
  return gold;
};
