import { counted } from '../../shared/base/text.ts';
import type { QueryResult, Warehouse } from '../../shared/query/warehouse.ts';
import { csvLine, resultCells, resultColumns } from './result.ts';
import { renderTable } from './table.ts';
import { type Terminal, withElapsed } from './terminal.ts';

export type ResultFormat = 'table' | 'csv' | 'json';

export interface ResultOptions {
  format: ResultFormat;
  /** The number of rows to print, at most. */
  limit?: number;
}

/** Rows that are held in memory at a time, except for tables. */
const BATCH = 10_000;

/**
 * Runs one statement and prints its rows. CSV and JSON are written batch by batch, so that a result of any size fits into
 * memory. A table is held as a whole, because its widest value decides the width.
 */
export const printResult = async (
  terminal: Terminal,
  warehouse: Warehouse,
  sql: string,
  { format, limit = Number.POSITIVE_INFINITY }: ResultOptions,
): Promise<void> => {
  const result = await withElapsed(terminal, 'Running the query', () => warehouse.result(sql));
  const rows = Math.min(result.rows, limit);
  if (format === 'table') {
    await printTable(terminal, result, rows);
    return;
  }
  if (format === 'csv') terminal.print(csvLine(result.columns.map(({ name }) => name)));
  if (format === 'json' && rows === 0) terminal.print('[]');
  for (let start = 0; start < rows && terminal.isGone?.() !== true; start += BATCH) {
    const batch = await result.read(start, Math.min(BATCH, rows - start));
    const lines =
      format === 'csv'
        ? batch.map((row) => csvLine(resultCells(result.columns, row)))
        : batch.map((row, i) => {
            const at = start + i;
            return `${at === 0 ? '[' : ' '}${JSON.stringify(row)}${at === rows - 1 ? ']' : ','}`;
          });
    terminal.print(lines.join('\n'));
  }
};

const printTable = async (terminal: Terminal, result: QueryResult, shown: number): Promise<void> => {
  const rows = await result.read(0, shown);
  const cells = rows.map((row) => resultCells(result.columns, row));
  terminal.print(renderTable(resultColumns(result.columns), cells, terminal).join('\n'));
  terminal.print(`${counted(result.rows, 'row')}${shown < result.rows ? `, ${shown} shown (--limit)` : ''}`);
};
