import { evaluateIn, listDatasets, loadContract } from '../../contract/load.ts';
import type { Contract } from '../../contract/model.ts';
import type { Db } from '../../engine/with-duckdb.ts';
import type { Catalog } from '../../lake/catalog/catalog.ts';
import { pointTable } from '../../lake/catalog/point-tables.ts';
import type { Lake } from '../../lake/paths.ts';
import type { TableOptions } from '../../lake/table/commit/table.ts';
import type { RunIdentity } from '../../run/run-identity.ts';
import type { StagedSilver } from '../transform/staged-silver.ts';
import { followSilver } from './gold/follow-silver.ts';
import { checkModels, type GoldModel, loadGoldModels, modelsOf } from './gold/model-header.ts';
import type { Rebuilt } from './gold/rebuild.ts';
import { commitSilver, type SilverCommit } from './silver/commit-silver.ts';
import { compactSilver } from './silver/compact-silver.ts';
import { type RemovedSources, removeSources, type SilverRemoval } from './silver/remove-sources.ts';
import { whoWins } from './who-wins.ts';

export interface LoadContext {
  lake: Pick<Lake, 'silver' | 'gold'>;
  scratch: string;
  /** Told of each new version; none on a laptop. */
  catalog: Catalog | undefined;
  /** For the commits of silver and gold. */
  table?: TableOptions;
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
  { run, staged }: { run: RunIdentity; staged: StagedSilver },
  definitions: Definitions,
  context: LoadContext,
): Promise<Loaded> => {
  const { lake, scratch, catalog } = context;
  const workbench = { db, store: lake.silver, scratch };
  const { contract } = definitions;
  const { status, version, rows, table } = await commitSilver(
    workbench,
    contract,
    run,
    staged,
    context.table,
  );
  const silverTable = { zone: 'silver', name: run.dataset, description: contract.description } as const;
  await pointTable(catalog, silverTable, table);

  const changed = { dataset: run.dataset, silver: table, runId: run.run_id };
  const gold = await followSilver(db, changed, { ...definitions, ...context });

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
  context: LoadContext & { sqlDir: string },
): Promise<RemovedSources['removed']> => {
  const { lake, scratch, catalog, sqlDir } = context;
  const contract = await loadContract(sqlDir, dataset, evaluateIn(db));
  const definitions = await readDefinitions(db, contract, sqlDir);
  const { removed, table } = await removeSources({ db, store: lake.silver, scratch }, contract, removal);
  await pointTable(catalog, { zone: 'silver', name: dataset, description: contract.description }, table);
  await followSilver(db, { dataset, silver: table, runId: removal.id }, { ...definitions, ...context });
  return removed;
};

/** Contracts and models, all of them checked. They are read before anything is committed. */
export interface Definitions {
  /** Of the dataset: the one that the file was judged by. */
  contract: Contract;
  /** Of all datasets that the models read. */
  contracts: ReadonlyMap<string, Contract>;
  /** Models that read the dataset. */
  models: readonly GoldModel[];
}

/**
 * @param contract of the dataset
 * @param sqlDir folder of the datasets' contracts and models
 * @throws ContractInvalid for a mistake in any model that a run of the dataset checks (`modelsOf`)
 */
export const readDefinitions = async (db: Db, contract: Contract, sqlDir: string): Promise<Definitions> => {
  const { dataset } = contract;
  const datasets = await listDatasets(sqlDir);
  const models = await loadGoldModels(sqlDir, modelsOf(dataset, datasets));
  const contracts = new Map([[dataset, contract]]);
  for (const other of new Set(models.flatMap(({ reads }) => reads)))
    if (other !== dataset && datasets.includes(other))
      contracts.set(other, await loadContract(sqlDir, other, evaluateIn(db)));
  checkModels(models, [...contracts.values()], datasets);
  return { contract, contracts, models: models.filter(({ reads }) => reads.includes(dataset)) };
};
