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

export interface MaintainOptions {
  lake: Pick<Lake, 'silver' | 'gold'>;
  config: Resources & { sqlDir: string };
  catalog?: Catalog;
  /** The age that an unreferenced object must have before it is removed; see `removeOrphans`. */
  graceMs?: number;
  /** Changes nothing; the summaries say what would change. */
  dryRun?: boolean;
  /** Receives each table as soon as it is finished. */
  onTable?: (maintained: MaintainedTable) => void;
}

export interface MaintainedTable {
  zone: 'silver' | 'gold';
  table: string;
  summary?: TableSummary;
  /** Why maintenance of the table failed. */
  error?: Error;
}

interface KnownTable {
  zone: 'silver' | 'gold';
  table: string;
  description?: string;
  /** Whether its contract or model could be read; only then the catalog entry is updated from it. */
  described: boolean;
}

/**
 * Maintains the tables of all datasets and gold models, one after the other. Omits tables without commits. If one table
 * fails, the others are still maintained.
 *
 * @throws ConfigurationError when the folder of datasets cannot be read
 */
export const maintain = async (options: MaintainOptions): Promise<MaintainedTable[]> => {
  const { lake, catalog, dryRun = false } = options;
  const { known, unknown } = await knownTables(options.config.sqlDir);
  const done: MaintainedTable[] = [];
  const report = (maintained: MaintainedTable): void => {
    options.onTable?.(maintained);
    done.push(maintained);
  };
  for (const { zone, table, description, described } of known) {
    let summary: TableSummary | undefined;
    let error: Error | undefined;
    try {
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
