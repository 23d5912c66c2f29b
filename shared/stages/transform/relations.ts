/** The relations that Transform makes in DuckDB. */
export const RELATION = {
  /**
   * View of the accepted records, with `_row`, the record's number from 1. `buildSilver` makes it, and the datasets'
   * `silver.sql` reads it under this name, which is therefore part of the documented interface.
   */
  accepted: 'accepted',
  /** View of the data files that `silver.sql` was written to. `buildSilver` makes it; `checkSilver` and Transform read it. */
  cleaned: '_cleaned',
  /** Table of the rows that may share their key with another. `latestRows` makes and reads it. */
  suspected: '_suspected',
  /** Set of `_row`: the latest row of each key (`shared/engine/bitmap.ts`). `latestRows` makes and reads it. */
  latest: '_latest',
  /** Set of `_row`: all others of these keys. `latestRows` makes it; the queries that use its condition read it. */
  superseded: '_superseded',
} as const;
