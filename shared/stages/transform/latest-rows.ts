import type { Contract } from '../../contract/model.ts';
import { createBitmap, isIn } from '../../engine/bitmap.ts';
import { findSuspects } from '../../engine/duplicates.ts';
import { identList } from '../../engine/sql.ts';
import { planGrouping, type Strategy } from '../../engine/strategy.ts';
import type { Db } from '../../engine/with-duckdb.ts';
import { firstBy } from './order.ts';
import { RELATION } from './relations.ts';

export interface LatestRows {
  /** SQL condition on the rows that stay; `true` where all do. */
  where: string;
  /** How many rows do not stay. */
  rows: number;
  /** How duplicates were found, in the pass that needed the most memory. None where the contract has no key. */
  strategy?: Strategy;
}

/** If fewer than one in this many rows are suspects, they are copied to a table; otherwise the view is read again. */
const COPY_BELOW_ONE_IN = 3;

/**
 * Finds the latest of a view's rows with the same primary key: the first by the contract's `dedupeOrderBy`, then the
 * later record of the file. The keys must not be NULL.
 *
 * Only suspects are looked at: rows that may share their key with another. Each such key's latest row is an aggregate,
 * which holds one number per key whether the key comes twice or ten million times; a window would hold all rows of a key
 * at once. A bit for each record marks the rows that are not the latest.
 *
 * @param view with the key, the columns to order by, and `_row`, the record's number, which no two rows share
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
  const among = some * COPY_BELOW_ONE_IN > all ? view : RELATION.suspected;
  if (among !== view) {
    const columns = [...new Set([...primaryKey, ...dedupeOrderBy.map(({ column }) => column), '_row'])];
    await db.run(
      `CREATE OR REPLACE TEMP TABLE ${RELATION.suspected} AS SELECT ${identList(columns)} FROM ${view} WHERE ${suspects.where}`,
    );
  }
  const latest = firstBy(dedupeOrderBy, '_row');
  const { strategy, passes } = await planGrouping(db, among, primaryKey, latest.kept);
  await createBitmap(
    db,
    RELATION.latest,
    last + 1,
    passes.map(
      ({ where }) => `SELECT ${latest.sql} FROM ${among} WHERE ${where} GROUP BY ${identList(primaryKey)}`,
    ),
  );
  await createBitmap(db, RELATION.superseded, last + 1, [
    `SELECT _row FROM ${among} WHERE NOT ${isIn(RELATION.latest, '_row')}`,
  ]);
  const { rows } = await db.one<{ rows: number }>(
    `SELECT bit_count(bits) AS rows FROM ${RELATION.superseded}`,
  );
  return {
    where: `NOT ${isIn(RELATION.superseded, '_row')}`,
    rows,
    strategy: passes.length > 1 ? strategy : suspects.strategy,
  };
};
