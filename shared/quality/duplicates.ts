import { ident, identList } from '../duckdb/sql.ts';
import type { Db } from '../duckdb/with-duckdb.ts';

/** Rows beyond the first of their value; rows with a NULL in any column are no duplicates of each other. */
export const countDuplicates = async (db: Db, view: string, columns: readonly string[]): Promise<number> => {
  const present = columns.map((name) => `${ident(name)} IS NOT NULL`).join(' AND ');
  const row = await db.one<{ failing: number }>(`
    SELECT coalesce(sum(rows - 1), 0)::BIGINT AS failing
    FROM (SELECT count(*) AS rows FROM ${view} WHERE ${present} GROUP BY ${identList(columns)} HAVING count(*) > 1)`);
  return row.failing;
};
