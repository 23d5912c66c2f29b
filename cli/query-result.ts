import { counted } from '../shared/base/text.ts';
import { withoutSemicolon } from '../shared/contract/sql-text.ts';
import type { Row } from '../shared/engine/values.ts';
import type { Db } from '../shared/engine/with-duckdb.ts';
import { csvLine, resultCells, resultColumns } from './render/result.ts';
import { renderTable, type TableColumn } from './render/table.ts';
import { during, type Terminal } from './render/terminal.ts';

export type ResultFormat = 'table' | 'csv' | 'json';

export interface ResultOptions {
  format: ResultFormat;
  /** Rows to print at most. */
  limit?: number;
}

/** Rows that are held in memory at a time, unless they are aligned in a table. */
const BATCH = 10_000;

/**
 * Runs one statement and prints all of its rows. CSV and JSON are written as they are read, so that a result of any
 * size fits into memory; a table is not, because its widest value sets the width.
 */
export const printResult = async (
  terminal: Terminal,
  db: Db,
  sql: string,
  { format, limit = Number.POSITIVE_INFINITY }: ResultOptions,
): Promise<void> => {
  const result = await during(terminal, 'Running the query', () => materialize(db, sql));
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

const printTable = async (terminal: Terminal, result: Result, shown: number): Promise<void> => {
  const rows = await result.read(0, shown);
  const cells = rows.map((row) => resultCells(result.columns, row));
  terminal.print(renderTable(result.columns, cells, terminal).join('\n'));
  terminal.print(`${counted(result.rows, 'row')}${shown < result.rows ? `, ${shown} shown (--limit)` : ''}`);
};

interface Result {
  columns: TableColumn[];
  rows: number;
  read(start: number, count: number): Promise<Row[]>;
}

/** DuckDB keeps the result, on disk where it is large. What is no SELECT has a result that fits into memory. */
const materialize = async (db: Db, sql: string): Promise<Result> => {
  const statement = withoutSemicolon(sql);
  if (!/^(\(|select|from|with|values|pivot|unpivot)\b|^\(/i.test(statement)) {
    const rows = await db.all(statement);
    const columns = Object.keys(rows[0] ?? {}).map((name) => ({ name, right: false }));
    return { columns, rows: rows.length, read: async (start, count) => rows.slice(start, start + count) };
  }
  await db.run(`CREATE TEMP TABLE _result AS\n${statement}`);
  const { rows } = await db.one<{ rows: number }>('SELECT count(*) AS rows FROM _result');
  return {
    columns: resultColumns(await db.describe('FROM _result')),
    rows,
    read: (start, count) =>
      db.all('FROM _result WHERE rowid >= $1 AND rowid < $2 ORDER BY rowid', [start, start + count]),
  };
};
