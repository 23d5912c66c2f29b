import { evaluateIn, listDatasets, loadContract } from '../../contract/load.ts';
import type { Contract } from '../../contract/model.ts';
import type { Db } from '../../engine/with-duckdb.ts';
import type { Catalog } from '../../lake/catalog/catalog.ts';
import { pointTable } from '../../lake/catalog/point-tables.ts';
import type { Lake } from '../../lake/paths.ts';
import type { RunIdentity } from '../../run/run-identity.ts';
import type { StagedSilver } from '../transform/staged-silver.ts';
import { checkModels, type GoldModel, loadGoldModels, modelsOf } from './gold/model-header.ts';
import { type Rebuilt, rebuildGold } from './gold/rebuild.ts';
import { commitSilver, type SilverCommit } from './silver/commit-silver.ts';
import { compactSilver } from './silver/compact-silver.ts';
import { whoWins } from './who-wins.ts';

export interface LoadContext {
  lake: Pick<Lake, 'silver' | 'gold'>;
  scratch: string;
  /** Folder of the datasets' contracts and models. */
  sqlDir: string;
  /** Told of each new version; none on a laptop. */
  catalog: Catalog | undefined;
}

export interface Loaded extends Pick<SilverCommit, 'status' | 'version' | 'rows'> {
  /** How the winner was chosen, where rows of several files had one key and the contract does not say. */
  remark?: string;
  /** The gold tables that read the dataset. */
  gold: Omit<Rebuilt, 'table'>[];
}

/**
 * Commits a run's staged files to silver, brings every gold table that reads the dataset up to date, and merges silver's
 * small files when that is due. Each looks for its own effect first, so that a repetition changes nothing.
 *
 * @throws CommitConflict when other writers won every race, CatalogUnavailable
 * @throws ModelFailed, ContractInvalid, SchemaIncompatible, ObjectMissing
 */
export const loadStaged = async (
  db: Db,
  run: RunIdentity,
  staged: StagedSilver,
  { lake, scratch, sqlDir, catalog }: LoadContext,
): Promise<Loaded> => {
  const workbench = { db, store: lake.silver, scratch };
  // Contracts and models are checked before anything is committed.
  const { contract, contracts, models } = await readDefinitions(db, run.dataset, sqlDir);
  const { status, version, rows, table } = await commitSilver(workbench, contract, run, staged);
  const silverTable = { zone: 'silver', name: run.dataset, description: contract.description } as const;
  await pointTable(catalog, silverTable, table);

  const gold: Loaded['gold'] = [];
  const silver = new Map(table && [[run.dataset, table]]);
  for (const model of models) {
    const context = { db, lake, scratch, contracts, silver, runId: run.run_id };
    const { table: goldTable, ...rebuilt } = await rebuildGold(model, context);
    const { name, description } = model;
    await pointTable(catalog, { zone: 'gold', name, description }, goldTable);
    gold.push(rebuilt);
  }

  const compacted = await compactSilver(workbench, table, run.run_id);
  await pointTable(catalog, silverTable, compacted?.version);
  const remark = whoWins(contract, rows);
  return { status, version, rows, gold, ...(remark !== undefined && { remark }) };
};

interface Definitions {
  contract: Contract;
  /** Of all datasets that the models read. */
  contracts: ReadonlyMap<string, Contract>;
  /** Models that read the dataset. */
  models: readonly GoldModel[];
}

/** @throws ContractInvalid for a mistake in any model that a run of the dataset checks (`modelsOf`) */
const readDefinitions = async (db: Db, dataset: string, sqlDir: string): Promise<Definitions> => {
  const contract = await loadContract(sqlDir, dataset, evaluateIn(db));
  const datasets = await listDatasets(sqlDir);
  const models = await loadGoldModels(sqlDir, modelsOf(dataset, datasets));
  const contracts = new Map([[dataset, contract]]);
  for (const other of new Set(models.flatMap(({ reads }) => reads)))
    if (other !== dataset && datasets.includes(other))
      contracts.set(other, await loadContract(sqlDir, other, evaluateIn(db)));
  checkModels(models, [...contracts.values()], datasets);
  return { contract, contracts, models: models.filter(({ reads }) => reads.includes(dataset)) };
};
