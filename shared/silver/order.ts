import type { Contract } from '../contract/model.ts';
import { ident } from '../duckdb/sql.ts';

/** Bytes of a sort key as a group keeps it: most orders are by one number or moment, and the tie-breaker. */
const SORT_KEY = 48;

/**
 * SQL of an aggregate: the number of the row that comes first by the contract's `dedupeOrderBy`, and among equals the
 * largest number.
 *
 * DuckDB's own sort keys are compared, byte by byte, so that the result is that of ORDER BY in every type
 * (`create_sort_key` in DuckDB's documentation of BLOB functions).
 *
 * @param number SQL of a number that is each row's own, larger for the later ones
 * @returns with the bytes that a group keeps beside a number
 */
export const firstBy = (order: Contract['dedupeOrderBy'], number: string): { sql: string; bytes: number } => {
  if (order.length === 0) return { sql: `max(${number})`, bytes: 0 };
  const keys = order.map(({ column, direction }) => `${ident(column)}, '${direction} NULLS LAST'`);
  return {
    sql: `arg_min(${number}, create_sort_key(${[...keys, `${number}, 'DESC NULLS LAST'`].join(', ')}))`,
    bytes: SORT_KEY,
  };
};
