import { isNumber } from '../../shared/engine/type-names.ts';
import type { Json, Row } from '../../shared/engine/values.ts';
import type { Cell, TableColumn } from './table.ts';

/** The columns of a query's result, from DuckDB's names and types. Without a type they are aligned left. */
export const resultColumns = (
  described: readonly { name: string; type: string | undefined }[],
): TableColumn[] =>
  described.map(({ name, type }) => ({ name, right: type !== undefined && isNumber(type) }));

/** A row's values as text, in the order of the columns; null stays null. */
export const resultCells = (columns: readonly { name: string }[], row: Row): (string | null)[] =>
  columns.map(({ name }) => cellOf(row[name]));

const cellOf = (value: Json | undefined): string | null => {
  if (value === null || value === undefined) return null;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
};

/** One line of CSV (RFC 4180). NULL is an empty field, an empty text is `""`. */
export const csvLine = (cells: readonly Cell[]): string =>
  cells
    .map((cell) => {
      if (cell === null || cell === undefined) return '';
      return cell === '' || /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
    })
    .join(',');
