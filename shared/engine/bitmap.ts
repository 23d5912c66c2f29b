import { ident, literal } from './sql.ts';
import type { Db } from './with-duckdb.ts';

/**
 * Sets of whole numbers from 0, with one bit for each number, as tables of one row and the column `bits`. A set of a
 * hundred million takes 12 MB; a table of the numbers takes 800 MB, and a join with it more.
 *
 * Queries read a set through a variable of the same name. If they read it by a subquery, DuckDB joins every row with the
 * table's only row, and reading text of the remaining rows took 400 MB more (10 million rows of 100 bytes).
 */

/** SQL of an empty set. DuckDB has no empty BIT, so it has at least one bit. `bitstring('0', n)` would spell all bits as text. */
const emptySql = (size: number): string =>
  `set_bit((SELECT bitstring_agg(n, 0, ${Math.max(1, size) - 1}) FROM (SELECT 0) AS zero(n)), 0, 0)`;

/**
 * Makes the table of a set.
 *
 * @param size must be above the largest number; DuckDB allows up to a billion
 * @param parts SELECTs of one column, run one after the other, so that each frees its memory before the next
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

/** Adds the numbers of one more SELECT to a set. */
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

/** Makes a set by an expression over the `bits` of others. All must have the same size, as DuckDB requires. */
export const combineBitmaps = async (db: Db, table: string, bits: string, from: string): Promise<void> => {
  await db.run(`CREATE OR REPLACE TEMP TABLE ${ident(table)} AS SELECT ${bits} AS bits FROM ${from}`);
  await publish(db, table);
};

const publish = async (db: Db, table: string): Promise<void> =>
  await db.run(`SET VARIABLE ${ident(table)} = (SELECT bits FROM ${ident(table)})`);

/** SQL condition: the set contains the number. The set is read once, when the query begins. */
export const isIn = (table: string, number: string): string =>
  `get_bit(CAST(getvariable(${literal(table)}) AS BIT), CAST(${number} AS INTEGER)) = 1`;
