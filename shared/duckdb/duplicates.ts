import { ident, identList } from './sql.ts';
import { planGrouping, type Strategy } from './strategy.ts';
import { isInteger } from './type-names.ts';
import type { Db } from './with-duckdb.ts';

export interface Duplicates {
  /** Rows beyond the first of their value; rows with a NULL in any column are no duplicates of each other. */
  rows: number;
  strategy: Strategy;
}

/** Bits that are worth a row, and bits at most: 25 MB a thread. */
const SPREAD = 64;
const MOST_BITS = 200_000_000;

/**
 * Counts rows that share their values in some columns.
 *
 * Whole numbers that lie close together, as ids do, are marked in a bitmap: a tenth of the work of grouping them,
 * and a bit of memory for each where a group takes some fifty bytes. Other values are grouped, in as many passes as
 * the memory makes necessary.
 */
export const countDuplicates = async (
  db: Db,
  view: string,
  columns: readonly string[],
): Promise<Duplicates> => {
  const [only] = columns;
  if (columns.length === 1 && only !== undefined) {
    const rows = await bitmapDuplicates(db, view, only);
    if (rows !== undefined) return { rows, strategy: 'bitmap' };
  }
  const present = columns.map((name) => `${ident(name)} IS NOT NULL`).join(' AND ');
  const { strategy, passes } = await planGrouping(db, view, columns);
  let rows = 0;
  for (const { where } of passes) {
    const pass = await db.one<{ rows: number }>(`
      SELECT coalesce(sum(rows - 1), 0)::BIGINT AS rows
      FROM (SELECT count(*) AS rows FROM ${view} WHERE ${present} AND ${where}
        GROUP BY ${identList(columns)} HAVING count(*) > 1)`);
    rows += pass.rows;
  }
  return { rows, strategy };
};

/** Undefined where the values are no whole numbers, or too far apart. */
const bitmapDuplicates = async (db: Db, view: string, column: string): Promise<number | undefined> => {
  const name = ident(column);
  const [described] = await db.describe(`SELECT ${name} FROM ${view}`);
  if (described === undefined || !isInteger(described.type)) return undefined;
  const { rows, least, most } = await db.one<{ rows: number; least: number; most: number }>(
    `SELECT count(${name}) AS rows, min(${name}) AS least, max(${name}) AS most FROM ${view}`,
  );
  if (rows === 0) return 0;
  if (!Number.isSafeInteger(least) || !Number.isSafeInteger(most)) return undefined;
  const bits = most - least + 1;
  if (bits > MOST_BITS || bits > rows * SPREAD) return undefined;
  const { distinct } = await db.one<{ distinct: number }>(
    `SELECT bit_count(bitstring_agg(${name}, ${least}, ${most})) AS "distinct" FROM ${view}`,
  );
  return rows - distinct;
};
