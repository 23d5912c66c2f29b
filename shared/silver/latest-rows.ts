import type { Contract } from '../contract/model.ts';
import { createBitmap, isIn } from '../duckdb/bitmap.ts';
import { countDuplicates } from '../duckdb/duplicates.ts';
import { identList } from '../duckdb/sql.ts';
import { planGrouping, type Strategy } from '../duckdb/strategy.ts';
import type { Db } from '../duckdb/with-duckdb.ts';
import { firstBy } from './order.ts';

export interface LatestRows {
  /** SELECT of the rows that stay. */
  query: string;
  /** Rows that do not. */
  rows: number;
  /** Of the pass over the rows that needed the most. None where the contract has no key. */
  strategy?: Strategy;
}

/**
 * Of the rows of `_cleaned` with the same primary key, the latest: the first by the contract's `dedupeOrderBy`, then
 * the later record of the file. Keys are never NULL: checkSilver has seen to it.
 *
 * Each key's latest row is an aggregate, which takes one number per key whether the key comes once or ten million times;
 * a window would hold all rows of a key at once. The latest rows are told from the others by a bit for each record.
 */
export const latestRows = async (db: Db, contract: Contract): Promise<LatestRows> => {
  const { primaryKey, dedupeOrderBy } = contract;
  if (primaryKey.length === 0) return { query: 'FROM _cleaned', rows: 0 };
  const counted = await countDuplicates(db, '_cleaned', primaryKey);
  if (counted.rows === 0) return { query: 'FROM _cleaned', rows: 0, strategy: counted.strategy };
  const latest = firstBy(dedupeOrderBy, '_row');
  const { strategy, passes } = await planGrouping(db, '_cleaned', primaryKey, latest.bytes);
  const { last } = await db.one<{ last: number }>('SELECT max(_row) AS last FROM _cleaned');
  await createBitmap(
    db,
    '_latest',
    last + 1,
    passes.map(
      ({ where }) => `SELECT ${latest.sql} FROM _cleaned WHERE ${where} GROUP BY ${identList(primaryKey)}`,
    ),
  );
  return { query: `FROM _cleaned WHERE ${isIn('_latest', '_row')}`, rows: counted.rows, strategy };
};
