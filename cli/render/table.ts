import { printable } from '../../shared/base/text.ts';
import { cut, displayWidth, pad } from './text.ts';

export interface TableColumn {
  name: string;
  /** Whether cells are aligned right, as numbers are. */
  right: boolean;
}

/** Undefined is an empty cell; null prints as `NULL`. */
export type Cell = string | null | undefined;

export interface TableOptions {
  /** Columns of the screen; wider tables are cut. Undefined cuts nothing. */
  width?: number;
  style?: (style: 'bold' | 'dim', text: string) => string;
}

const GAP = '  ';
const NARROWEST = 8;

const textOf = (cell: Cell): string => (cell === null ? 'NULL' : printable(cell ?? ''));

/** Aligned columns under their names, as lines. */
export const renderTable = (
  columns: readonly TableColumn[],
  rows: readonly (readonly Cell[])[],
  options: TableOptions = {},
): string[] => {
  const style = options.style ?? ((_, text) => text);
  const widths = columns.map((column, i) =>
    rows.reduce(
      (widest, row) => Math.max(widest, displayWidth(textOf(row[i]))),
      displayWidth(printable(column.name)),
    ),
  );
  const fitted = options.width === undefined ? widths : shrink(widths, options.width);
  const line = (texts: readonly string[], paint: (text: string, i: number) => string): string =>
    texts
      .map((text, i) => paint(pad(cut(text, fitted[i] ?? 0), fitted[i] ?? 0, columns[i]?.right), i))
      .join(GAP)
      .trimEnd();
  return [
    line(
      columns.map((column) => printable(column.name)),
      (text) => style('bold', text),
    ),
    line(
      fitted.map((width) => '-'.repeat(width)),
      (text) => style('dim', text),
    ),
    ...rows.map((row) =>
      line(
        columns.map((_, i) => textOf(row[i])),
        (text, i) => (row[i] === null ? style('dim', text) : text),
      ),
    ),
  ];
};

/** Narrows the widest column until all fit on the screen, or none can be narrowed further. */
const shrink = (widths: readonly number[], available: number): number[] => {
  const fitted = [...widths];
  const total = () => fitted.reduce((sum, width) => sum + width + GAP.length, -GAP.length);
  while (total() > available) {
    const widest = Math.max(...fitted);
    if (widest <= NARROWEST) break;
    fitted[fitted.indexOf(widest)] = widest - 1;
  }
  return fitted;
};
