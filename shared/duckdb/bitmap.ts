import { ident } from './sql.ts';
import type { Db } from './with-duckdb.ts';

/**
 * Sets of whole numbers from 0, a bit for each, as tables of one row and the column `bits`: a hundred million take
 * 12 MB, where a table of the numbers takes 800 and a join with it more.
 */

/** SQL of an empty set. DuckDB knows no text of no bits. */
const empty = (size: number): string => `bitstring('0', ${Math.max(1, size)})`;

/**
 * Makes the table of a set.
 *
 * @param size above the largest number; DuckDB takes up to a billion
 * @param parts SELECTs of one column, each run by itself, so that what one takes is given back before the next
 */
export const createBitmap = async (
  db: Db,
  table: string,
  size: number,
  parts: readonly string[],
): Promise<void> => {
  const name = ident(table);
  const none = empty(size);
  for (const [i, part] of parts.entries()) {
    const bits = `coalesce((SELECT bitstring_agg(n, 0, ${Math.max(1, size) - 1}) FROM (${part}) AS part(n)), ${none})`;
    await db.run(
      `CREATE OR REPLACE TEMP TABLE ${name} AS SELECT ${i === 0 ? bits : `bits | ${bits}`} AS bits${i === 0 ? '' : ` FROM ${name}`}`,
    );
  }
  if (parts.length === 0) await db.run(`CREATE OR REPLACE TEMP TABLE ${name} AS SELECT ${none} AS bits`);
};

/** SQL: the number is in the set. */
export const isIn = (table: string, number: string): string =>
  `get_bit((SELECT bits FROM ${ident(table)}), CAST(${number} AS INTEGER)) = 1`;
