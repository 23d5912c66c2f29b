import path from 'node:path';
import { listDatasets, loadAll } from '../contract/load.ts';
import type { Report } from '../contract/problems.ts';
import { ContractInvalid } from '../errors.ts';
import { pointTable } from '../lake/catalog/point-tables.ts';
import { RUNS_CATALOG_NAME } from '../run/runs-table.ts';
import { loadGoldModels } from '../stages/load-to-gold/gold/model-header.ts';
import type { MaintainedTable, MaintainOptions } from './maintain-options.ts';
import { maintainRuns } from './maintain-runs.ts';
import { maintainTable, type TableSummary } from './maintain-table.ts';
import { Turns } from './turns.ts';

export type { MaintainedTable, MaintainOptions } from './maintain-options.ts';

interface KnownTable {
  zone: 'silver' | 'gold';
  table: string;
  /** @param keep is given the summary, also where an error follows; not for a table without a commit */
  maintain(keep: (summary: TableSummary) => void): Promise<void>;
}

/**
 * Maintains every table of the datasets and gold models and the table of runs, one after the other, the longest unmaintained
 * first; tables without commits are skipped. After a table fails, the others are still maintained.
 *
 * @throws ConfigurationError when there is no folder of datasets
 */
export const maintain = async (options: MaintainOptions): Promise<MaintainedTable[]> => {
  const { known, unknown } = await knownTables(options);
  const done: MaintainedTable[] = [];
  const report = (maintained: MaintainedTable): void => {
    options.onTable?.(maintained);
    done.push(maintained);
  };
  const turns = options.dryRun === true ? undefined : await Turns.read(options.lake.silver);
  for (const each of turns?.order(known) ?? known) {
    const { zone, table } = each;
    const maintained: MaintainedTable = { zone, table };
    try {
      await turns?.begin(each);
      await each.maintain((summary) => {
        maintained.summary = summary;
      });
    } catch (thrown) {
      maintained.error = thrown instanceof Error ? thrown : new Error(String(thrown));
    }
    if (maintained.summary !== undefined || maintained.error !== undefined) report(maintained);
  }
  unknown.forEach(report);
  return done;
};

/** Mistakes in contracts are ignored here: runs report them, and maintenance of a table needs no contract. */
const ignoreMistakes: Report = () => undefined;

/** The tables of all datasets and models; `unknown` are models whose mistakes leave their table unknown. */
const knownTables = async (
  options: MaintainOptions,
): Promise<{ known: KnownTable[]; unknown: MaintainedTable[] }> => {
  const { sqlDir } = options.config;
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
  const known = [
    ...(await listDatasets(sqlDir)).map((dataset) =>
      plainTable(options, 'silver', dataset, contracts.get(dataset)),
    ),
    ...models.map((model) => plainTable(options, 'gold', model.name, model)),
    {
      zone: 'gold' as const,
      table: RUNS_CATALOG_NAME,
      maintain: async (keep: (summary: TableSummary) => void) => await maintainRuns(options, keep),
    },
  ];
  return { known, unknown };
};

/** @param about what the catalog shows, from the contract or model; undefined if that could not be read */
const plainTable = (
  options: MaintainOptions,
  zone: KnownTable['zone'],
  table: string,
  about: { description?: string } | undefined,
): KnownTable => ({
  zone,
  table,
  maintain: async (keep) => {
    const { lake, catalog, dryRun = false } = options;
    const maintained = await maintainTable(table, { ...options, zone, store: lake[zone] });
    if (maintained === undefined) return;
    keep(maintained.summary);
    if (!dryRun && about !== undefined)
      await pointTable(catalog, { zone, name: table, description: about.description }, maintained.version);
  },
});
