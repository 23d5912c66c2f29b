import { count } from '../../shared/base/text.ts';
import type { TableReport } from '../../shared/maintenance/maintenance-report.ts';
import { renderTable, type TableOptions } from './table.ts';

const COLUMNS = ['table', 'files', 'rows', 'snapshots expired', 'orphans removed', 'bytes freed'].map(
  (name, i) => ({ name, right: i > 0 }),
);

/** One line per table; only the name where the table was not maintained. */
export const renderMaintained = (tables: readonly TableReport[], options: TableOptions): string[] =>
  renderTable(COLUMNS, tables.map(cellsOf), options);

const cellsOf = ({ zone, table, error, ...summary }: TableReport): string[] => {
  const name = `${zone}.${table}${error === undefined ? '' : ' (failed)'}`;
  const { files_before, files_after = 0, rows_before = 0, rows_after = 0 } = summary;
  if (files_before === undefined) return [name];
  const { snapshots_expired = 0, orphans_removed = 0, bytes_freed = 0 } = summary;
  return [
    name,
    change(files_before, files_after),
    change(rows_before, rows_after),
    ...[snapshots_expired, orphans_removed, bytes_freed].map(count),
  ];
};

/** `200 → 3`, or the number where it has not changed. */
const change = (before: number, after: number): string =>
  before === after ? count(after) : `${count(before)} → ${count(after)}`;
