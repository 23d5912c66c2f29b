import type { Contract } from '../contract/model.ts';
import { createBitmap, isIn } from '../duckdb/bitmap.ts';
import { countDuplicates } from '../duckdb/duplicates.ts';
import { identList } from '../duckdb/sql.ts';
import { planGrouping, type Strategy } from '../duckdb/strategy.ts';
import type { Db } from '../duckdb/with-duckdb.ts';
import { firstBy } from './order.ts';

export interface LatestRows {
  /** SQL, true for the rows that stay; `true` where all do. */
  where: string;
  /** Rows that do not. */
  rows: number;
  /** Of the pass over the rows that needed the most. None where the contract has no key. */
  strategy?: Strategy;
}

/**
 * Of a view's rows with the same primary key, the latest: the first by the contract's `dedupeOrderBy`, then the later
 * record of the file. The keys must not be NULL.
 *
 * Each key's latest row is an aggregate, which takes one number per key whether the key comes once or ten million times;
 * a window would hold all rows of a key at once. The latest rows are told from the others by a bit for each record.
 *
 * @param view with the key, the columns to order by, and `_row`, the record's number, which tells every row apart
 */
export const latestRows = async (db: Db, contract: Contract, view: string): Promise<LatestRows> => {
  const { primaryKey, dedupeOrderBy } = contract;
  if (primaryKey.length === 0) return { where: 'true', rows: 0 };
  const counted = await countDuplicates(db, view, primaryKey);
  if (counted.rows === 0) return { where: 'true', rows: 0, strategy: counted.strategy };
  const latest = firstBy(dedupeOrderBy, '_row');
  const { strategy, passes } = await planGrouping(db, view, primaryKey, latest.bytes);
  const { last } = await db.one<{ last: number }>(`SELECT max(_row) AS last FROM ${view}`);
  await createBitmap(
    db,
    '_latest',
    last + 1,
    passes.map(
      ({ where }) => `SELECT ${latest.sql} FROM ${view} WHERE ${where} GROUP BY ${identList(primaryKey)}`,
    ),
  );
  return { where: isIn('_latest', '_row'), rows: counted.rows, strategy };
};
