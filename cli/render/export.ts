import { count } from '../../shared/base/text.ts';
import type { WarehouseTable } from '../../shared/query/warehouse.ts';
import { renderTable } from './table.ts';

const COLUMNS = [
  { name: 'table', right: false },
  { name: 'rows', right: true },
];

/** One line per exported table. */
export const renderExport = (tables: readonly (WarehouseTable & { rows: number })[]): string[] =>
  renderTable(
    COLUMNS,
    tables.map(({ schema, name, rows }) => [schema === 'main' ? name : `${schema}.${name}`, count(rows)]),
  );
