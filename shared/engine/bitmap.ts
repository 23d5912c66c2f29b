import { ident, literal } from './sql.ts';
import type { Db } from './with-duckdb.ts';

/**
 * Sets of whole numbers from 0, a bit for each, as tables of one row and the column `bits`: a hundred million take
 * 12 MB, where a table of the numbers takes 800 and a join with it more.
 *
 * Queries look into a set through a variable of the same name. With a subquery for it DuckDB joins every row with the
 * table's only one, and what then reads text of the rows that are left took 400 MB more (10 million rows of 100 bytes).
 */

/** SQL of an empty set, of one bit at least: DuckDB knows no empty BIT. `bitstring('0', n)` would write out all bits as text. */
const emptySql = (size: number): string =>
  `set_bit((SELECT bitstring_agg(n, 0, ${Math.max(1, size) - 1}) FROM (SELECT 0) AS zero(n)), 0, 0)`;

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
  await db.run(`CREATE OR REPLACE TEMP TABLE ${ident(table)} AS SELECT ${emptySql(size)} AS bits`);
  for (const part of parts) await insert(db, table, size, part);
  await publish(db, table);
};

/** Adds to a set what one more SELECT yields. */
export const addToBitmap = async (db: Db, table: string, size: number, part: string): Promise<void> => {
  await insert(db, table, size, part);
  await publish(db, table);
};

const insert = async (db: Db, table: string, size: number, part: string): Promise<void> => {
  const added = `(SELECT bitstring_agg(n, 0, ${Math.max(1, size) - 1}) FROM (${part}) AS part(n))`;
  await db.run(
    `CREATE OR REPLACE TEMP TABLE ${ident(table)} AS SELECT coalesce(bits | ${added}, bits) AS bits FROM ${ident(table)}`,
  );
};

/** Makes a set out of others, by an expression over their `bits`: of the same size, as DuckDB demands. */
export const combineBitmaps = async (db: Db, table: string, bits: string, from: string): Promise<void> => {
  await db.run(`CREATE OR REPLACE TEMP TABLE ${ident(table)} AS SELECT ${bits} AS bits FROM ${from}`);
  await publish(db, table);
};

const publish = async (db: Db, table: string): Promise<void> =>
  await db.run(`SET VARIABLE ${ident(table)} = (SELECT bits FROM ${ident(table)})`);

/** SQL: the number is in the set, as it is when the query begins. */
export const isIn = (table: string, number: string): string =>
  `get_bit(CAST(getvariable(${literal(table)}) AS BIT), CAST(${number} AS INTEGER)) = 1`;
