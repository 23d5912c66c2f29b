import path from 'node:path';
import { listDatasets, loadAll } from '../contract/load.ts';
import type { Report } from '../contract/problems.ts';
import type { Resources } from '../engine/resources.ts';
import { ContractInvalid } from '../errors.ts';
import type { Catalog } from '../lake/catalog/catalog.ts';
import { pointTable } from '../lake/catalog/point-tables.ts';
import type { Lake } from '../lake/paths.ts';
import { loadGoldModels } from '../stages/load-to-gold/gold/model-header.ts';
import { maintainTable, type TableSummary } from './maintain-table.ts';
import { Turns } from './turns.ts';

export interface MaintainOptions {
  lake: Pick<Lake, 'silver' | 'gold'>;
  config: Resources & { sqlDir: string };
  catalog?: Catalog;
  /** The age that an unreferenced object must have before it is removed; see `removeOrphans`. */
  graceMs?: number;
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

interface KnownTable {
  zone: 'silver' | 'gold';
  table: string;
  description?: string;
  /** Whether its contract or model could be read; the catalog shows the description from there. */
  described: boolean;
}

/**
 * Maintains every table of the datasets and gold models, one after the other, the longest unmaintained first; tables without
 * commits are skipped. After a table fails, the others are still maintained.
 *
 * @throws ConfigurationError when there is no folder of datasets
 */
export const maintain = async (options: MaintainOptions): Promise<MaintainedTable[]> => {
  const { lake, catalog, dryRun = false } = options;
  const { known, unknown } = await knownTables(options.config.sqlDir);
  const done: MaintainedTable[] = [];
  const report = (maintained: MaintainedTable): void => {
    options.onTable?.(maintained);
    done.push(maintained);
  };
  const turns = dryRun ? undefined : await Turns.read(lake.silver);
  for (const { zone, table, description, described } of turns?.order(known) ?? known) {
    let summary: TableSummary | undefined;
    let error: Error | undefined;
    try {
      await turns?.begin({ zone, table });
      const maintained = await maintainTable(table, { ...options, zone, store: lake[zone] });
      if (maintained === undefined) continue;
      summary = maintained.summary;
      if (!dryRun && described)
        await pointTable(catalog, { zone, name: table, description }, maintained.version);
    } catch (thrown) {
      error = thrown instanceof Error ? thrown : new Error(String(thrown));
    }
    report({ zone, table, ...(summary && { summary }), ...(error && { error }) });
  }
  unknown.forEach(report);
  return done;
};

/** Mistakes in contracts are ignored here: runs report them, and maintenance of a table needs no contract. */
const ignoreMistakes: Report = () => undefined;

/** The tables of all datasets and models; `unknown` are models whose mistakes leave their table unknown. */
const knownTables = async (sqlDir: string): Promise<{ known: KnownTable[]; unknown: MaintainedTable[] }> => {
  const contracts = new Map(
    (await loadAll(sqlDir, ignoreMistakes)).map((contract) => [contract.dataset, contract]),
  );
  const unknown: MaintainedTable[] = [];
  const models = await loadGoldModels(sqlDir, undefined, (all) => {
    for (const problems of all.filter(({ isEmpty }) => !isEmpty))
      unknown.push({
        zone: 'gold',
        table: path.basename(problems.file, '.sql'),
        error: new ContractInvalid(problems.lines.join('\n')),
      });
  });
  const entry = (zone: KnownTable['zone'], table: string, about?: { description?: string }): KnownTable => ({
    zone,
    table,
    described: about !== undefined,
    ...(about?.description !== undefined && { description: about.description }),
  });
  const known = [
    ...(await listDatasets(sqlDir)).map((dataset) => entry('silver', dataset, contracts.get(dataset))),
    ...models.map((model) => entry('gold', model.name, model)),
  ];
  return { known, unknown };
};
