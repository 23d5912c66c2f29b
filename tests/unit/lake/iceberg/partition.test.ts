import fc from 'fast-check';
import { literal } from '../../../../shared/engine/sql.ts';
import { type Db, withDuckDb } from '../../../../shared/engine/with-duckdb.ts';
import { registerTransforms } from '../../../../shared/lake/iceberg/bucket.ts';
import { storedType } from '../../../../shared/lake/iceberg/duckdb-types.ts';
import { unscaledOfText } from '../../../../shared/lake/iceberg/numbers.ts';
import { transformSql } from '../../../../shared/lake/iceberg/partition-sql.ts';
import { avroValue } from '../../../../shared/lake/iceberg/partition-value.ts';
import { resultType } from '../../../../shared/lake/iceberg/transforms.ts';
import type { PrimitiveType, Transform } from '../../../../shared/lake/iceberg/types.ts';
import { scratch } from '../../../helpers/scratch.ts';

const inDb = <T>(work: (db: Db) => Promise<T>): Promise<T> =>
  withDuckDb({ memoryMb: 512, threads: 2, scratch: scratch() }, async (db) => {
    registerTransforms(db);
    return await work(db);
  });

/** DuckDB's results for the texts (or NULL), as text. They come from a table, so that no value is a constant. */
const transformed = (
  transform: Transform,
  source: PrimitiveType,
  texts: readonly (string | null)[],
): Promise<{ type: string; values: (string | null)[] }> =>
  inDb(async (db) => {
    await db.run(`CREATE TABLE t (n INTEGER, v ${storedType(source)})`);
    const rows = texts.map((text, at) => `(${at}, ${text === null ? 'NULL' : literal(text)})`);
    await db.run(
      `INSERT INTO t SELECT n, CAST(v AS ${storedType(source)}) FROM (VALUES ${rows.join(', ')}) AS r(n, v)`,
    );
    const sql = transformSql(transform, '"v"', source);
    const values = await db.all<{ text: string | null }>(
      `SELECT CAST(${sql} AS VARCHAR) AS text FROM t ORDER BY n`,
    );
    const [column] = await db.describe(`SELECT ${sql} AS p FROM t`);
    return { type: column?.type ?? '', values: values.map(({ text }) => text) };
  });

const HUGE = '-12345678901234567890.1234567890';
const TIMES = [
  '1969-12-31 23:59:59.999999',
  '1970-01-01 00:00:00',
  '2012-02-29 12:00:00',
  '1968-12-01 00:00:00',
  '0001-01-01 00:00:00.000001',
];
const DATES = [
  '1970-01-01',
  '1969-12-31',
  '2012-01-31',
  '1600-02-29',
  '0001-01-01',
  '9999-12-31',
  '1969-11-30',
];

// PyIceberg 0.12's results for the same values. Days and hash buckets are numbers.
const GIVEN: [Transform, PrimitiveType, string[], (number | string)[]][] = [
  ['year', 'date', DATES, [0, -1, 42, -370, -1969, 8029, -1]],
  ['month', 'date', DATES, [0, -1, 504, -4439, -23628, 96359, -2]],
  ['day', 'date', DATES, [0, -1, 15370, -135081, -719162, 2932896, -32]],
  ['year', 'timestamp', TIMES, [-1, 0, 42, -2, -1969]],
  ['month', 'timestamp', TIMES, [-1, 0, 505, -13, -23628]],
  ['day', 'timestamp', TIMES, [-1, 0, 15399, -396, -719162]],
  ['year', 'timestamptz', TIMES, [-1, 0, 42, -2, -1969]],
  ['month', 'timestamptz', TIMES, [-1, 0, 505, -13, -23628]],
  ['day', 'timestamptz', TIMES, [-1, 0, 15399, -396, -719162]],
  ['bucket[16]', 'int', ['34', '0', '-1', '2147483647', '-2147483648'], [3, 12, 8, 14, 8]],
  ['bucket[1000]', 'long', ['34', '-9223372036854775808', '9223372036854775807'], [379, 829, 599]],
  ['bucket[100]', 'date', ['2017-11-16', '1969-12-31'], [26, 12]],
  ['bucket[100]', 'time', ['22:31:08'], [59]],
  [
    'bucket[100]',
    'timestamp',
    ['2017-11-16 22:31:08', '2017-11-16 22:31:08.000001', '1969-12-31 23:59:59.999999'],
    [7, 38, 12],
  ],
  ['bucket[100]', 'timestamptz', ['2017-11-16 14:31:08-08', '1969-12-31 23:59:59.999999+00'], [7, 12]],
  ['bucket[100]', 'decimal(9, 2)', ['14.20', '0.00', '-0.01', '-1.28', '1.28'], [59, 27, 97, 77, 49]],
  ['bucket[100]', 'decimal(3, 3)', ['.255'], [80]],
  ['bucket[100]', 'decimal(38, 0)', ['99999999999999999999999999999999999999'], [14]],
  ['bucket[100]', 'string', ['iceberg', '', 'é', '😀😀', 'a\0b', 'x'.repeat(100)], [89, 0, 95, 44, 70, 54]],
  ['bucket[100]', 'uuid', ['f79c3e09-677c-4bbd-a479-3f349cb785e7'], [40]],
  ['bucket[100]', 'binary', ['\\x00\\x01\\x02\\x03', '', '\\xFF\\xFE\\xFD'], [41, 0, 24]],
  [
    'truncate[10]',
    'int',
    ['1', '0', '-1', '-10', '-11', '9', '2147483647'],
    [0, 0, -10, -10, -20, 0, 2147483640],
  ],
  [
    'truncate[100]',
    'long',
    ['1', '-1', '-9223372036854775800', '9223372036854775807'],
    ['0', '-100', '-9223372036854775800', '9223372036854775800'],
  ],
  ['truncate[50]', 'decimal(9, 2)', ['10.65', '-0.05', '12.29', '0.00'], ['10.50', '-0.50', '12.00', '0.00']],
  ['truncate[50]', 'decimal(4, 2)', ['-10.65'], ['-11.00']],
  ['truncate[7]', 'decimal(3, 3)', ['-.100'], ['-.105']],
  [
    'truncate[3]',
    'string',
    ['iceberg', 'ice', 'é', 'e\u0301😀xyz', ''],
    ['ice', 'ice', 'é', 'e\u0301😀', ''],
  ],
  ['truncate[3]', 'binary', ['\\x00\\x01\\x02\\x03', 'a', ''], ['\\x00\\x01\\x02', 'a', '']],
];

test.each(GIVEN)('%s of %s equals PyIceberg’s result', async (transform, source, texts, expected) => {
  const result = resultType(transform, source);
  const { type, values } = await transformed(transform, source, [...texts, null]);
  expect(type).toBe(storedType(result));
  expect(values.pop()).toBeNull();
  const asNumber = typeof expected[0] === 'number';
  expect(asNumber ? values.map((text) => avroValue(result, text)) : values).toEqual(expected);
});

test.each<[Transform, PrimitiveType, string[], string[]]>([
  ['identity', 'date', ['2012-01-31', 'infinity'], ['2012-01-31', 'infinity']],
  ['day', 'date', ['infinity', '0044-03-15 (BC)'], ['infinity', '0044-03-15 (BC)']],
  ['year', 'date', ['infinity', '-infinity', '0044-03-15 (BC)'], ['5879610', '-5879611', '-2013']],
  [
    'day',
    'timestamp',
    ['infinity', '-infinity', '0044-03-15 (BC) 01:02:03'],
    ['294247-01-10', '290309-12-21 (BC)', '0044-03-15 (BC)'],
  ],
  ['day', 'timestamptz', ['infinity', '-infinity'], ['294247-01-10', '290309-12-21 (BC)']],
  ['month', 'timestamptz', ['0044-03-15 (BC) 01:02:03+00'], ['-24154']],
  ['truncate[10]', 'int', ['-2147483648', '-2147483640'], ['-2147483648', '-2147483640']],
  ['truncate[2147483647]', 'int', ['-2147483648', '-1', '5'], ['-2147483648', '-2147483647', '0']],
  ['truncate[100]', 'long', ['-9223372036854775808'], ['-9223372036854775808']],
  ['truncate[50]', 'decimal(3, 0)', ['-999', '-950', '999'], ['-999', '-950', '950']],
  [
    'truncate[50]',
    'decimal(38, 0)',
    [`-${'9'.repeat(38)}`, '9'.repeat(38)],
    [`-${'9'.repeat(38)}`, `${'9'.repeat(36)}50`],
  ],
])('%s of %s at the ends of the type', async (transform, source, texts, expected) => {
  expect((await transformed(transform, source, texts)).values).toEqual(expected);
});

test('void is NULL, of the type of the column', async () => {
  expect(await transformed('void', 'date', ['2012-01-31'])).toEqual({ type: 'DATE', values: [null] });
});

test.each<[Transform, PrimitiveType, fc.Arbitrary<bigint>]>([
  ['truncate[7]', 'int', fc.bigInt({ min: -(2n ** 31n) + 7n, max: 2n ** 31n - 1n })],
  ['truncate[1000]', 'long', fc.bigInt({ min: -(2n ** 63n) + 1000n, max: 2n ** 63n - 1n })],
  ['truncate[7]', 'decimal(38, 0)', fc.bigInt({ min: -(10n ** 38n) + 8n, max: 10n ** 38n - 1n })],
])('%s of any %s is the multiple below', async (transform, source, arbitrary) => {
  const width = BigInt(/\d+/.exec(transform)?.[0] ?? 1);
  const values = fc.sample(arbitrary, { numRuns: 1000, seed: 4 });
  const expected = values.map((value) => String(value - (((value % width) + width) % width)));
  expect((await transformed(transform, source, values.map(String))).values).toEqual(expected);
});

test('the width of a decimal counts units of its last digit', async () => {
  const { values } = await transformed('truncate[7]', 'decimal(38, 10)', [HUGE]);
  const unscaled = unscaledOfText(HUGE, 38, 10) ?? 0n;
  expect(unscaledOfText(values[0] ?? '', 38, 10)).toBe(unscaled - (((unscaled % 7n) + 7n) % 7n));
});

test('more rows than one chunk holds fall into buckets, some of them NULL', async () => {
  const rows = await inDb((db) =>
    db.all<{ bucket: number | null; rows: number }>(
      `SELECT ${transformSql('bucket[4]', 'v', 'string')} AS bucket, count(*) AS rows
       FROM (SELECT CASE WHEN range % 10 > 0 THEN 'user-' || range END AS v FROM range(10000)) GROUP BY ALL ORDER BY ALL`,
    ),
  );
  expect(rows.map(({ bucket }) => bucket)).toEqual([0, 1, 2, 3, null]);
  expect(rows.at(-1)?.rows).toBe(1000);
  expect(rows.reduce((sum, row) => sum + row.rows, 0)).toBe(10000);
});
