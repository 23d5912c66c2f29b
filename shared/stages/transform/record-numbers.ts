import { literal } from '../../engine/sql.ts';
import type { Db } from '../../engine/with-duckdb.ts';

/** Rows that share an entry of `_gaps`: 64, so that a table for ten million rows takes some megabytes. */
const BLOCK_SHIFT = 6;

/**
 * SELECT of the accepted records with `_row`, the record's number in the file, from 1. Records that could not be parsed
 * count too, though the staged file does not hold them.
 *
 * @param gaps local Parquet of `row` and `skipped`: the number of such records directly before a row, by its number from 0
 */
export const numberedRecords = async (db: Db, records: string, gaps: string | undefined): Promise<string> => {
  const read = `read_parquet(${literal(records)}, file_row_number = true)`;
  const columns = 'EXCLUDE (_reasons, _raw, file_row_number)';
  if (gaps === undefined)
    return `SELECT * ${columns}, file_row_number + 1 AS _row FROM ${read} WHERE _reasons IS NULL`;
  await createGaps(db, read, gaps);
  const within = 'list_filter(_within, lambda _gap: _gap.row <= file_row_number)';
  const skipped = `coalesce(list_sum(list_transform(${within}, lambda _gap: _gap.skipped)), 0)`;
  return `SELECT records.* ${columns}, CAST(file_row_number + 1 + coalesce(_before, 0) + ${skipped} AS BIGINT) AS _row
    FROM ${read} AS records LEFT JOIN _gaps ON file_row_number >> ${BLOCK_SHIFT} = _block WHERE _reasons IS NULL`;
};

/** The table `_gaps`: for each block of rows, the records skipped before it, and the gaps within it. */
const createGaps = async (db: Db, records: string, gaps: string): Promise<void> => {
  await db.run(`
    CREATE TEMP TABLE _gaps AS
    WITH gaps AS (SELECT row >> ${BLOCK_SHIFT} AS block, row, skipped FROM read_parquet(${literal(gaps)})),
    filled AS (SELECT block, sum(skipped) AS skipped, list({'row': row, 'skipped': skipped}) AS within FROM gaps GROUP BY block),
    blocks AS (SELECT unnest(generate_series(min(block), (SELECT count(*) FROM ${records}) >> ${BLOCK_SHIFT})) AS block FROM gaps)
    SELECT block AS _block, within AS _within,
      coalesce(sum(skipped) OVER (ORDER BY block ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS _before
    FROM blocks LEFT JOIN filled USING (block)`);
};
