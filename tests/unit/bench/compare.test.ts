import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { compare, countDifferences, describeDifference, type Outcome } from '../../../bench/compare.ts';
import { workSpec } from '../../../bench/work-spec.ts';
import { literal } from '../../../shared/engine/sql.ts';
import { withDuckDb } from '../../../shared/engine/with-duckdb.ts';
import { scratch } from '../../helpers/scratch.ts';

const ROWS = 1000;

/** The tables of a contender that had 1,000 rows, as they would be but for the change. */
const made = async (contender: string, change = '', rows = ROWS): Promise<Outcome> => {
  const folder = scratch();
  mkdirSync(path.join(folder, 'silver', 'year=2024'), { recursive: true });
  await withDuckDb({ memoryMb: 512, threads: 2, scratch: path.join(folder, 'db') }, async (db) => {
    const copy = (query: string, file: string) =>
      db.run(`COPY (${query}) TO ${literal(path.join(folder, file))} (FORMAT parquet)`);
    await db.run(`
      CREATE TABLE silver AS SELECT i AS id, 'N' AS name, 'a@example.com' AS email,
        CAST(i AS DECIMAL(18,2)) AS amount, DATE '2024-01-01' AS day FROM range(${rows}) AS r(i);
      CREATE TABLE gold AS SELECT 2024 AS year, DATE '2024-01-01' AS day, ${ROWS} AS rows,
        499500.00::DECIMAL(38,2) AS total, 999.00::DECIMAL(18,2) AS largest;
      CREATE TABLE rejected AS SELECT '7' AS key, 'day.type' AS reasons;
      ${change}`);
    await copy(`FROM silver ORDER BY hash(id, ${literal(contender)})`, 'silver/year=2024/some.parquet');
    await copy('FROM gold', 'gold.parquet');
    await copy('FROM rejected', 'rejected.parquet');
  });
  return {
    contender,
    folder,
    lake: false,
    rows: { read: ROWS + 1, rejected: 1, duplicates: 0, silver: ROWS },
  };
};

test('the same rows in another order are the same', async () => {
  const outcomes = [await made('polars'), await made('pandas')];
  expect(await compare(await workSpec('narrow'), await made('baseline'), outcomes)).toEqual([]);
});

test('a changed value, a row too many and a lost one are found, each in its table', async () => {
  const changed = await made(
    'polars',
    "UPDATE silver SET amount = 0.01 WHERE id = 5; UPDATE rejected SET reasons = 'day.required'",
  );
  // The same row twice is another multiset.
  const doubled = await made('pandas', 'INSERT INTO silver FROM silver WHERE id = 3; DELETE FROM gold');
  const found = await compare(await workSpec('narrow'), await made('baseline'), [changed, doubled]);
  expect(found.map(({ contender, table, missing, extra }) => [contender, table, missing, extra])).toEqual([
    ['polars', 'silver', 1, 1],
    ['polars', 'rejected', 1, 1],
    ['pandas', 'silver', 0, 1],
    ['pandas', 'gold', 1, 0],
  ]);
  expect(describeDifference(found[0] as (typeof found)[number])).toMatch(
    /^polars differs from baseline in silver: 1 rows are missing, 1 are too many\n {2}missing: \{"id":5,/,
  );
});

test('counts must agree', async () => {
  const reference = await made('baseline');
  const other = { ...reference, contender: 'pyspark', rows: { ...reference.rows, duplicates: 2, read: 999 } };
  expect(countDifferences(reference, other)).toMatchObject([
    { table: 'count of read', missing: 2, extra: 0 },
    { table: 'count of duplicates', missing: 0, extra: 2 },
  ]);
});
