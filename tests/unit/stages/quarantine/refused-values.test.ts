import path from 'node:path';
import { literal } from '../../../../shared/engine/sql.ts';
import { type Db, withDuckDb } from '../../../../shared/engine/with-duckdb.ts';
import { countReasons, MAX_VALUES } from '../../../../shared/stages/quarantine/refused-values.ts';
import { REASONS_TYPE } from '../../../../shared/stages/validate/row-check.ts';
import { scratch } from '../../../helpers/scratch.ts';

const OPEN = (): boolean => false;

/** Parquet of rejected records, `reason` being the SQL of one in terms of `n`. */
const records = async (db: Db, folder: string, rows: number, ...reasons: string[]): Promise<string> => {
  const file = path.join(folder, 'rejected.parquet');
  await db.run(
    `COPY (SELECT n AS line, 'r' AS raw, CAST([${reasons.join(', ')}] AS ${REASONS_TYPE}) AS reasons
     FROM range(${rows}) r(n)) TO ${literal(file)} (FORMAT parquet)`,
  );
  return file;
};

const reason = (column: string, rule: string, value: string): string =>
  `{'column': ${column}, 'rule': ${literal(rule)}, 'dimension': 'conformity', 'expected': 'e', 'value': ${value}}`;

const withDb = <T>(memoryMb: number, work: (db: Db, folder: string) => Promise<T>): Promise<T> => {
  const folder = scratch();
  return withDuckDb({ memoryMb, threads: 2, scratch: folder }, (db) => work(db, folder));
};

test('ties are ordered by the value, and only the most frequent are named', async () => {
  await withDb(512, async (db, folder) => {
    const file = await records(db, folder, 40, reason("'c'", 'type', "'v' || (n % 20)"));
    const [counted] = await countReasons(db, file, OPEN);
    expect(counted).toMatchObject({ rows: 40, distinct: 20 });
    const names = Array.from({ length: 20 }, (_, i) => `v${i}`).toSorted();
    expect(counted?.values).toEqual(names.slice(0, MAX_VALUES).map((value) => ({ value, rows: 2 })));
  });
});

test('a rule without values has none, and comes after those of columns', async () => {
  await withDb(512, async (db, folder) => {
    const file = await records(
      ...([db, folder, 3] as const),
      ...[reason('NULL', 'columns', 'NULL'), reason("'b'", 'type', "'x'"), reason("'a'", 'required', 'NULL')],
    );
    expect(await countReasons(db, file, OPEN)).toEqual([
      { column: 'a', rule: 'required', rows: 3 },
      { column: 'b', rule: 'type', rows: 3, distinct: 1, values: [{ value: 'x', rows: 3 }] },
      { column: null, rule: 'columns', rows: 3 },
    ]);
    expect(await countReasons(db, undefined, OPEN)).toEqual([]);
  });
});

test('more distinct values than fit into memory are counted exactly', async () => {
  await withDb(256, async (db, folder) => {
    const [many, often] = [600_000, 60_000];
    const value = `CASE WHEN n < ${often} THEN 'often' WHEN n < ${often + 5} THEN 'seldom' ELSE md5(n::VARCHAR) || md5((-n)::VARCHAR) END`;
    const file = await records(db, folder, many, reason("'c'", 'type', value));
    const [counted] = await countReasons(db, file, OPEN);
    expect(counted).toMatchObject({ rows: many, distinct: many - often - 5 + 2 });
    expect(counted?.values?.slice(0, 2)).toEqual([
      { value: 'often', rows: often },
      { value: 'seldom', rows: 5 },
    ]);
  });
});
