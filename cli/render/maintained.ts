import { count, counted, printable } from '../../shared/base/text.ts';
import type { TableReport } from '../../shared/maintenance/maintenance-report.ts';
import { renderTable, type TableOptions } from './table.ts';

const COLUMNS = ['table', 'files', 'rows', 'snapshots expired', 'orphans removed', 'bytes freed'].map(
  (name, i) => ({ name, right: i > 0 }),
);

/** One line per table, with the name alone where it was not maintained; and one per dataset in quarantine. */
export const renderMaintained = (tables: readonly TableReport[], options: TableOptions): string[] => {
  const quarantine = tables.filter(({ zone }) => zone === 'quarantine');
  const maintained = tables.filter(({ zone }) => zone !== 'quarantine');
  return [
    ...renderTable(COLUMNS, maintained.map(cellsOf), options),
    ...quarantine.flatMap(({ table, error, objects_expired = 0, bytes_freed = 0 }) =>
      error === undefined
        ? `quarantine.${printable(table)}: ${counted(objects_expired, 'object')} expired, ${counted(bytes_freed, 'byte')} freed`
        : [],
    ),
  ];
};

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
