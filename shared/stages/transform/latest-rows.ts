import type { Contract } from '../../contract/model.ts';
import { createBitmap, isIn } from '../../engine/bitmap.ts';
import { findSuspects } from '../../engine/duplicates.ts';
import { identList } from '../../engine/sql.ts';
import { planGrouping, type Strategy } from '../../engine/strategy.ts';
import type { Db } from '../../engine/with-duckdb.ts';
import { firstBy } from './order.ts';

export interface LatestRows {
  /** SQL, true for the rows that stay; `true` where all do. */
  where: string;
  /** Rows that do not. */
  rows: number;
  /** Of the pass over the rows that needed the most. None where the contract has no key. */
  strategy?: Strategy;
}

/** Of rows that are less than one in so many of a view a table is made; else the view is read again for them. */
const FEW = 3;

/**
 * Of a view's rows with the same primary key, the latest: the first by the contract's `dedupeOrderBy`, then the later
 * record of the file. The keys must not be NULL.
 *
 * Only rows that may share their key are looked at. Each such key's latest row is an aggregate, which takes one number
 * per key whether the key comes twice or ten million times; a window would hold all rows of a key at once. The rows that
 * are not the latest are told from the others by a bit for each record.
 *
 * @param view with the key, the columns to order by, and `_row`, the record's number, which tells every row apart
 */
export const latestRows = async (db: Db, contract: Contract, view: string): Promise<LatestRows> => {
  const { primaryKey, dedupeOrderBy } = contract;
  if (primaryKey.length === 0) return { where: 'true', rows: 0 };
  const suspects = await findSuspects(db, view, primaryKey);
  if (!suspects.some) return { where: 'true', rows: 0, strategy: suspects.strategy };
  const {
    last,
    rows: all,
    some,
  } = await db.one<{ last: number; rows: number; some: number }>(
    `SELECT max(_row) AS last, count(*) AS rows, count(*) FILTER (${suspects.where}) AS some FROM ${view}`,
  );
  const among = some * FEW > all ? view : '_suspected';
  if (among !== view) {
    const columns = [...new Set([...primaryKey, ...dedupeOrderBy.map(({ column }) => column), '_row'])];
    await db.run(
      `CREATE OR REPLACE TEMP TABLE _suspected AS SELECT ${identList(columns)} FROM ${view} WHERE ${suspects.where}`,
    );
  }
  const latest = firstBy(dedupeOrderBy, '_row');
  const { strategy, passes } = await planGrouping(db, among, primaryKey, latest.kept);
  await createBitmap(
    db,
    '_latest',
    last + 1,
    passes.map(
      ({ where }) => `SELECT ${latest.sql} FROM ${among} WHERE ${where} GROUP BY ${identList(primaryKey)}`,
    ),
  );
  await createBitmap(db, '_superseded', last + 1, [
    `SELECT _row FROM ${among} WHERE NOT ${isIn('_latest', '_row')}`,
  ]);
  const { rows } = await db.one<{ rows: number }>('SELECT bit_count(bits) AS rows FROM _superseded');
  return {
    where: `NOT ${isIn('_superseded', '_row')}`,
    rows,
    strategy: passes.length > 1 ? strategy : suspects.strategy,
  };
};
