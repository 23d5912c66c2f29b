import type { Contract } from '../../contract/model.ts';
import { ident } from '../../engine/sql.ts';
import type { Kept } from '../../engine/strategy.ts';

/** Estimated bytes of a sort key in a group, without texts: most orders are by one number or time, and the tie-breaker. */
const SORT_KEY = 48;

/**
 * SQL of an aggregate: the number of the row that comes first by the contract's `dedupeOrderBy`; among equal rows, the
 * largest number.
 *
 * DuckDB's own sort keys are compared, byte by byte, so that the result is that of ORDER BY in every type
 * (`create_sort_key` in DuckDB's documentation of BLOB functions).
 *
 * @param number SQL of a number that is unique to each row, and larger for later rows
 * @returns also the memory that a group needs
 */
export const firstBy = (order: Contract['dedupeOrderBy'], number: string): { sql: string; kept: Kept } => {
  if (order.length === 0) return { sql: `max(${number})`, kept: { bytes: 0, columns: [], copies: 0 } };
  const keys = order.map(({ column, direction }) => `${ident(column)}, '${direction} NULLS LAST'`);
  return {
    sql: `arg_min(${number}, create_sort_key(${[...keys, `${number}, 'DESC NULLS LAST'`].join(', ')}))`,
    kept: { bytes: SORT_KEY, columns: order.map(({ column }) => column), copies: 1 },
  };
};
