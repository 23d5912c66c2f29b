import { evaluateIn, listDatasets, loadContract } from '../../contract/load.ts';
import type { Contract } from '../../contract/model.ts';
import type { Db } from '../../engine/with-duckdb.ts';
import type { Catalog } from '../../lake/catalog/catalog.ts';
import { pointTable } from '../../lake/catalog/point-tables.ts';
import type { Lake } from '../../lake/paths.ts';
import type { MetadataVersion } from '../../lake/table/commit/table.ts';
import type { RunIdentity } from '../../run/run-identity.ts';
import type { StagedSilver } from '../transform/staged-silver.ts';
import { checkModels, type GoldModel, loadGoldModels, modelsOf } from './gold/model-header.ts';
import { type Rebuilt, rebuildGold } from './gold/rebuild.ts';
import { commitSilver, type SilverCommit } from './silver/commit-silver.ts';
import { compactSilver } from './silver/compact-silver.ts';
import { type RemovedSources, removeSources, type SilverRemoval } from './silver/remove-sources.ts';
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
  context: LoadContext,
): Promise<Loaded> => {
  const { lake, scratch, catalog } = context;
  const workbench = { db, store: lake.silver, scratch };
  // Contracts and models are checked before anything is committed.
  const definitions = await readDefinitions(db, run.dataset, context.sqlDir);
  const { contract } = definitions;
  const { status, version, rows, table } = await commitSilver(workbench, contract, run, staged);
  const silverTable = { zone: 'silver', name: run.dataset, description: contract.description } as const;
  await pointTable(catalog, silverTable, table);

  const gold = await followSilver(db, { run, table }, definitions, context);

  const compacted = await compactSilver(workbench, table, run.run_id);
  await pointTable(catalog, silverTable, compacted?.version);
  const remark = whoWins(contract, rows);
  return { status, version, rows, gold, ...(remark !== undefined && { remark }) };
};

/**
 * Takes the rows of some sources of a dataset out of silver, and brings every gold table that reads the dataset up to
 * date. A repetition changes nothing.
 *
 * @throws as `loadStaged`; UnknownDataset
 */
export const removeLoaded = async (
  db: Db,
  dataset: string,
  removal: SilverRemoval,
  context: LoadContext,
): Promise<RemovedSources['removed']> => {
  const { lake, scratch, catalog } = context;
  const definitions = await readDefinitions(db, dataset, context.sqlDir);
  const { contract } = definitions;
  const { removed, table } = await removeSources({ db, store: lake.silver, scratch }, contract, removal);
  await pointTable(catalog, { zone: 'silver', name: dataset, description: contract.description }, table);
  await followSilver(db, { run: { run_id: removal.id, dataset }, table }, definitions, context);
  return removed;
};

/** Brings the gold tables that read a dataset up to date with its silver. */
const followSilver = async (
  db: Db,
  { run, table }: { run: Pick<RunIdentity, 'run_id' | 'dataset'>; table: MetadataVersion | undefined },
  { contracts, models }: Definitions,
  { lake, scratch, catalog }: LoadContext,
): Promise<Loaded['gold']> => {
  const gold: Loaded['gold'] = [];
  const silver = new Map(table && [[run.dataset, table]]);
  for (const model of models) {
    const context = { db, lake, scratch, contracts, silver, runId: run.run_id };
    const { table: goldTable, ...rebuilt } = await rebuildGold(model, context);
    const { name, description } = model;
    await pointTable(catalog, { zone: 'gold', name, description }, goldTable);
    gold.push(rebuilt);
  }
  return gold;
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
