import { count } from '../../shared/base/text.ts';
import type { StoredRunRecord } from '../../shared/run/run-record.ts';
import { dollars } from './dollars.ts';
import { renderTable, type TableOptions } from './table.ts';
import { fraction } from './text.ts';

const COLUMNS: readonly { name: string; right: boolean; of: (run: StoredRunRecord) => string }[] = [
  { name: 'finished at', right: false, of: ({ finished_at }) => finished_at },
  { name: 'file', right: false, of: ({ source_key }) => source_key },
  { name: 'status', right: false, of: ({ status }) => status },
  { name: 'rows', right: true, of: ({ rows_read }) => count(rows_read) },
  { name: 'rejected', right: true, of: ({ rows_rejected }) => count(rows_rejected) },
  { name: 'score', right: true, of: ({ score }) => (score === null ? '' : fraction(score)) },
  { name: 'cost', right: true, of: ({ cost_usd }) => dollars(cost_usd) },
  { name: 'reason', right: false, of: ({ reason }) => reason },
];

/** One line per run. */
export const renderRuns = (runs: readonly StoredRunRecord[], options: TableOptions): string[] =>
  renderTable(
    COLUMNS,
    runs.map((run) => COLUMNS.map(({ of }) => of(run))),
    options,
  );
