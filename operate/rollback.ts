import { evaluateIn, listDatasets, loadContract } from '../shared/contract/load.ts';
import { withScratch } from '../shared/engine/scratch.ts';
import { withDuckDb } from '../shared/engine/with-duckdb.ts';
import { UsageError } from '../shared/errors.ts';
import type { Catalog } from '../shared/lake/catalog/catalog.ts';
import { pointTable } from '../shared/lake/catalog/point-tables.ts';
import type { Lake } from '../shared/lake/paths.ts';
import { knownRuns } from '../shared/replay/known-runs.ts';
import { sourceIdOf } from '../shared/run/run-identity.ts';
import type { Config } from '../shared/runtime/config.ts';
import { followSilver } from '../shared/stages/load-to-gold/gold/follow-silver.ts';
import { readDefinitions } from '../shared/stages/load-to-gold/load.ts';
import { rollbackSilver } from '../shared/stages/load-to-gold/silver/rollback.ts';
import type { RolledBackTable } from './rolled-back.ts';

export interface RollbackSource {
  lake: Lake;
  config: Config;
  catalog?: Catalog;
}

/**
 * `Pipeline.rollback` over a lake in any storage.
 *
 * @param name `silver.<dataset>`, or the dataset alone
 * @param to id of a snapshot
 */
export const rollbackTable = async (
  { lake, config, catalog }: RollbackSource,
  name: string,
  to: number,
): Promise<RolledBackTable> => {
  const dataset = await datasetCalled(name, config.sqlDir);
  const at = new Date().toISOString();
  return await withScratch(config.scratchRoot, (scratch) =>
    withDuckDb({ ...config, scratch }, async (db) => {
      const contract = await loadContract(config.sqlDir, dataset, evaluateIn(db));
      const definitions = await readDefinitions(db, contract, config.sqlDir);
      const { version, table, sources, keys } = await rollbackSilver(lake.silver, dataset, { to, at });
      const silver = { zone: 'silver', name: dataset, description: contract.description } as const;
      await pointTable(catalog, silver, table);
      const runId = `rollback-${to}`;
      const context = { lake, catalog, scratch, ...definitions };
      const gold = await followSilver(db, { dataset, silver: table, runId }, context);
      const ids = [...sources.gone, ...sources.earlier];
      const others = ids.every((id) => keys.has(id)) ? undefined : await keysBySource({ lake, config });
      const named = (some: readonly string[]): string[] =>
        some.map((id) => keys.get(id) ?? others?.get(id) ?? id).toSorted();
      const [gone, earlier] = [named(sources.gone), named(sources.earlier)];
      return { table: `silver.${dataset}`, version, gone, earlier, gold };
    }),
  );
};

const datasetCalled = async (name: string, sqlDir: string): Promise<string> => {
  const [, zone, dataset = ''] = /^(?:(\w+)\.)?(\w+)$/.exec(name.toLowerCase()) ?? [];
  const datasets = await listDatasets(sqlDir);
  if (zone === 'gold')
    throw new UsageError(`${name} is made from silver: roll back the silver table, and gold follows.`);
  if (datasets.includes(dataset) && (zone === undefined || zone === 'silver')) return dataset;
  throw new UsageError(
    `There is no silver table ${name}. There are ${datasets.map((each) => `silver.${each}`).join(', ') || 'none'}.`,
  );
};

const keysBySource = async (source: RollbackSource): Promise<Map<string, string>> => {
  const keys = (await knownRuns(source)).map((run) => run.source_key);
  return new Map(keys.map((key) => [sourceIdOf(source.lake.raw.name, key), key]));
};
