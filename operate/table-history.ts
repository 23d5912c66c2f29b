import { loadAll } from '../shared/contract/load.ts';
import { UsageError } from '../shared/errors.ts';
import type { Lake } from '../shared/lake/paths.ts';
import { Table } from '../shared/lake/table/commit/table.ts';
import { historyOf } from '../shared/query/history.ts';
import { fullName, type LakeTable, lakeTables } from '../shared/query/lake-tables.ts';
import { reportTo } from '../shared/query/warehouse.ts';
import { loadGoldModels } from '../shared/stages/load-to-gold/gold/model-header.ts';
import type { HistoryOptions, TableHistory } from './pipeline.ts';

/** `Pipeline.history` over a lake in any storage. */
export const tableHistory = async (
  { lake, sqlDir }: { lake: Lake; sqlDir: string },
  name: string,
  { limit, observe }: HistoryOptions,
): Promise<TableHistory> => {
  const report = reportTo((text) => observe?.({ type: 'remark', text }));
  const contracts = await loadAll(sqlDir, report);
  const models = await loadGoldModels(sqlDir, undefined, report);
  const table = tableCalled(name, lakeTables(lake, contracts, models));
  const newest = await new Table(table.store, table.name).current();
  const entries = newest === undefined ? [] : historyOf(newest);
  return {
    table: fullName(table),
    entries: entries.slice(0, limit),
    kept: entries.length,
    committed: newest?.version ?? 0,
  };
};

/** Ignores case, as SQL does. */
const tableCalled = <T extends LakeTable>(text: string, tables: readonly T[]): T => {
  const name = text.toLowerCase();
  const found = tables.filter(
    (table) => fullName(table).toLowerCase() === name || table.name.toLowerCase() === name,
  );
  const [table] = found;
  const names = (found.length > 1 ? found : tables).map(fullName).toSorted().join(', ');
  if (found.length > 1) throw new UsageError(`There are several tables ${text}: say which of ${names}.`);
  if (table === undefined)
    throw new UsageError(`There is no table ${text} with a history. There are ${names || 'none'}.`);
  return table;
};
