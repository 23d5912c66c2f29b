import type { Grammar } from '../records/grammar.ts';
import type { ExpectedColumn } from '../records/opened-records.ts';
import { type Header, likenessOf, normalName } from './header.ts';
import { type Beginning, sampledRecords, valuesOf } from './measure.ts';

/** How the rows below a header are laid out. */
export interface Layout {
  /** Names of the rows' columns. */
  columns: string[];
  /** Whether each row ends with one delimiter more than it has columns. */
  trailing: boolean;
}

/** Enough rows to tell how the others are laid out. */
const MAX_ROWS = 500;

/**
 * Compares the header's width with that of the rows. Writers put a delimiter at the end of each row, or of the header
 * alone; R writes row names that the header does not name, as a first column.
 */
export const layoutOf = (
  beginning: Beginning,
  grammar: Grammar,
  header: Header,
  expected: readonly ExpectedColumn[],
): Layout => {
  const { columns } = header;
  const rows: { fields: number; values: string[] }[] = [];
  let skip = header.present ? 1 : 0;
  for (const { start, end, fields, broken } of sampledRecords(beginning, grammar)) {
    if (skip-- > 0) continue;
    const wider = !broken && fields === columns.length + 1;
    rows.push({
      fields: broken ? 0 : fields,
      values: wider ? valuesOf(beginning.sample, start, end, grammar) : [],
    });
    if (rows.length === MAX_ROWS) break;
  }
  const most = (matching: number): boolean => matching * 2 > rows.length;
  const width = columns.length;
  if (
    header.present &&
    width > 1 &&
    columns.at(-1) === '' &&
    most(rows.filter(({ fields }) => fields === width - 1).length)
  )
    return { columns: columns.slice(0, -1), trailing: false };
  const wider = rows.filter(({ fields }) => fields === width + 1).map(({ values }) => values);
  if (most(wider.filter((values) => values.at(-1) === '').length)) return { columns, trailing: true };
  return header.present && wider.length === rows.length && areRowNames(wider, columns, expected)
    ? { columns: ['', ...columns], trailing: false }
    : { columns, trailing: false };
};

/**
 * Whether the first field of each row is a name that the header has no column for. The names are distinct; and the
 * other values have the types of the header's columns where the first ones have not, or the names are numbers in order.
 */
const areRowNames = (
  rows: readonly (readonly string[])[],
  columns: readonly string[],
  expected: readonly ExpectedColumn[],
): boolean => {
  if (new Set(rows.map(([name]) => name)).size < rows.length || rows.length < 2) return false;
  const types = columns.map(
    (column): Pick<ExpectedColumn, 'logicalType'> => ({
      logicalType:
        expected.find((each) =>
          [each.sourceName, each.name ?? ''].map(normalName).includes(normalName(column)),
        )?.logicalType ?? 'string',
    }),
  );
  const typesFit = (from: number): boolean =>
    rows.every((values) => likenessOf(values.slice(from, from + columns.length), types).fits);
  if (!typesFit(1)) return false;
  const first = Number(rows[0]?.[0]);
  const inOrder = (first === 0 || first === 1) && rows.every(([name], i) => name === String(first + i));
  return !typesFit(0) || inOrder;
};
