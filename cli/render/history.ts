import { count } from '../../shared/base/text.ts';
import type { HistoryEntry } from '../../shared/query/history.ts';
import { renderTable, type TableOptions } from './table.ts';

const COLUMNS: readonly { name: string; right: boolean; of: (entry: HistoryEntry) => string }[] = [
  { name: 'version', right: true, of: ({ version }) => String(version) },
  { name: 'snapshot', right: true, of: ({ snapshot_id }) => String(snapshot_id) },
  { name: 'committed at', right: false, of: ({ committed_at }) => committed_at },
  { name: 'operation', right: false, of: ({ operation }) => operation },
  { name: 'rows', right: true, of: ({ rows }) => count(rows) },
  { name: 'files', right: true, of: ({ files }) => count(files) },
  { name: 'added', right: false, of: (entry) => inFiles('+', entry.added_rows, entry.added_files) },
  { name: 'removed', right: false, of: (entry) => inFiles('-', entry.removed_rows, entry.removed_files) },
  { name: 'columns', right: false, of: ({ schema_changes }) => schema_changes.join(', ') },
  { name: 'run', right: false, of: ({ run_ids }) => run_ids.join(' ') },
];

/** `+120 in 2 files`; nothing where no file changed. */
const inFiles = (sign: string, rows: number, files: number): string =>
  files === 0 ? '' : `${sign}${count(rows)} in ${count(files)} file${files === 1 ? '' : 's'}`;

/** One line per snapshot. */
export const renderHistory = (entries: readonly HistoryEntry[], options: TableOptions): string[] =>
  renderTable(
    COLUMNS,
    entries.map((entry) => COLUMNS.map(({ of }) => of(entry))),
    options,
  );
