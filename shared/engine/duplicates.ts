import { createBitmap, isIn } from './bitmap.ts';
import { ident, identList } from './sql.ts';
import { planGrouping, type Strategy } from './strategy.ts';
import { isInteger } from './type-names.ts';
import type { Db } from './with-duckdb.ts';

export interface Duplicates {
  /** Rows after the first with the same values. A row with a NULL in any of the columns is never a duplicate. */
  rows: number;
  strategy: Strategy;
}

/** A bitmap is used up to this many bits per row, and up to this many in all: 25 MB per thread. */
const MAX_BITS_PER_ROW = 64;
const MAX_BITS = 200_000_000;

/**
 * Counts rows that share their values in some columns.
 *
 * Whole numbers that lie close together, as ids do, are marked in a bitmap. That takes a tenth of the work of grouping
 * them, and one bit for each instead of some fifty bytes for a group. Other values are grouped, in as many passes as the
 * memory requires.
 */
export const countDuplicates = async (
  db: Db,
  view: string,
  columns: readonly string[],
): Promise<Duplicates> => {
  const span = await spanOf(db, view, columns);
  if (span !== undefined) return { rows: await countInBitmap(db, view, span), strategy: 'bitmap' };
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

/** The range of a column of whole numbers that lie close enough together for one bit for each number in the range. */
interface Span {
  /** SQL of the column, and of its number minus the least one. */
  name: string;
  offset: string;
  rows: number;
  least: number;
  most: number;
}

/** Undefined if the column does not hold whole numbers, or they are too far apart. */
const spanOf = async (db: Db, view: string, columns: readonly string[]): Promise<Span | undefined> => {
  const [column] = columns;
  if (columns.length !== 1 || column === undefined) return undefined;
  const name = ident(column);
  const [described] = await db.describe(`SELECT ${name} FROM ${view}`);
  if (described === undefined || !isInteger(described.type)) return undefined;
  const { rows, least, most } = await db.one<{ rows: number; least: number | null; most: number | null }>(
    `SELECT count(${name}) AS rows, min(${name}) AS least, max(${name}) AS most FROM ${view}`,
  );
  if (least === null || most === null) return { name, offset: '0', rows: 0, least: 0, most: 0 };
  if (!Number.isSafeInteger(least) || !Number.isSafeInteger(most)) return undefined;
  const bits = most - least + 1;
  if (bits > MAX_BITS || bits > rows * MAX_BITS_PER_ROW) return undefined;
  return { name, offset: `(CAST(${name} AS BIGINT) - ${least})`, rows, least, most };
};

const countInBitmap = async (db: Db, view: string, { name, rows, least, most }: Span): Promise<number> => {
  if (rows === 0) return 0;
  const { distinct } = await db.one<{ distinct: number }>(
    `SELECT bit_count(bitstring_agg(${name}, ${least}, ${most})) AS "distinct" FROM ${view}`,
  );
  return rows - distinct;
};

export interface Suspects {
  /** SQL condition: true for every row that shares its values with another, and for few other rows. */
  where: string;
  /** Whether the condition is true for any row. */
  some: boolean;
  strategy: Strategy;
}

/** A block is 64 consecutive values: the value shifted right by this is its block, and the bits shifted out are its bit. */
const BLOCK_SHIFT = 6;
const BLOCK = 2 ** BLOCK_SHIFT;
/** Blocks are used up to this many bits per row: each group then serves eight values or more on average. */
const MAX_BLOCKED_BITS_PER_ROW = 8;
/** Values that are not numbers are hashed into this many slots: a megabyte of bits. */
const HASH_SLOTS = 2 ** 23;

/**
 * Finds the rows that may share their values with others, so that a query which decides between such rows reads few of
 * them and need not keep something for each value of the file.
 *
 * Whole numbers that lie close together are counted in blocks of 64: a block with more rows than distinct bits holds a
 * value twice. That takes a tenth of the work of grouping by the values.
 *
 * @param columns without NULLs
 */
export const findSuspects = async (db: Db, view: string, columns: readonly string[]): Promise<Suspects> => {
  const span = await spanOf(db, view, columns);
  if (span !== undefined && span.most - span.least < span.rows * MAX_BLOCKED_BITS_PER_ROW) {
    const block = `(${span.offset} >> ${BLOCK_SHIFT})`;
    const bit = `1::UBIGINT << CAST(${span.offset} & ${BLOCK - 1} AS UBIGINT)`;
    const crowded = `SELECT ${block} FROM ${view} GROUP BY ALL HAVING count(*) > bit_count(bit_or(${bit}))`;
    const blocks = Math.floor((span.most - span.least) / BLOCK) + 1;
    await createBitmap(db, '_suspects', blocks, [crowded]);
    return await suspected(db, block, 'bitmap');
  }
  if (span !== undefined && (await countInBitmap(db, view, span)) === 0)
    return { where: 'false', some: false, strategy: 'bitmap' };
  const slot = `hash(${identList(columns)}) % ${HASH_SLOTS}`;
  const { strategy, passes } = await planGrouping(db, view, columns);
  const shared = passes.map(
    ({ where }) =>
      `SELECT ${slot} FROM ${view} WHERE ${where} GROUP BY ${identList(columns)} HAVING count(*) > 1`,
  );
  await createBitmap(db, '_suspects', HASH_SLOTS, shared);
  return await suspected(db, slot, strategy);
};

const suspected = async (db: Db, number: string, strategy: Strategy): Promise<Suspects> => {
  const { some } = await db.one<{ some: boolean }>('SELECT bit_count(bits) > 0 AS some FROM _suspects');
  return { where: isIn('_suspects', number), some, strategy };
};
