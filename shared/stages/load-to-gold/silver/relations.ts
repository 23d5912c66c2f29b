/**
 * The temporary relations that silver's commit makes in DuckDB. `mergeKeys` (`merge-keys.ts`, `rank-rows.ts`) makes and
 * reads all of them. It numbers the rows of the files that it compares from 0 on, through all files; sets of such numbers are bitmaps
 * (`shared/engine/bitmap.ts`).
 */
export const RELATION = {
  /** Table of the compared files: `_path`, `_file` (its key), `_first` (number of its first row). */
  files: '_files',
  /** Table of the keys of one pass whose rows come, go or are confirmed. */
  changedKeys: '_changed',
  /** Table of all rows of one pass that have such a key: key and order columns, `_source_id`, `_number`. */
  contenders: '_contenders',
  /** Table of the sources of `contenders`: `_source_id`, `_rank` (larger for the later upload). */
  sourceRanks: '_source_ranks',
  /** Table of the keys of one pass: `_rank` and `_number` of the latest row, `_showed` (rows that showed before). */
  winners: '_winners',
  /** Set: rows that are the latest of such a key. */
  latest: '_latest',
  /** Set: all rows that have such a key. */
  ranked: '_ranked',
  /** Set: rows that are deleted by position before the commit. */
  deletedBefore: '_before',
  /** Set: rows that are deleted by position after the commit. */
  deletedAfter: '_hidden',
  /** Set: rows that are in one of the two. Their files get other position deletes. */
  differing: '_differing',
  /** Table of the identities of rows that `forget` takes out: `source`, `n`. `matching-rows.ts` makes it. */
  forgotten: '_forgotten',
} as const;
