import type { Json } from '../../../../shared/engine/values.ts';
import { stage } from '../../../helpers/staging.ts';

const REFUSED = null;

const columnOf = (type: string, unit: string, options = ''): string =>
  `name: a, logicalType: ${type}${options}, customProperties: [{ property: epochUnit, value: ${unit} }]`;

const table = (type: string, unit: string, cases: Record<string, Json>, options = ''): void =>
  test(`text as ${type} in ${unit}${options}`, async () => {
    const texts = Object.keys(cases);
    const { all } = await stage(
      ['name: id, logicalType: integer', columnOf(type, unit, options)],
      `id|a\n${texts.map((text, i) => `${i}|${text}\n`).join('')}`,
    );
    expect(Object.fromEntries(texts.map((text, i) => [text, all[i]?.a]))).toEqual(cases);
  });

table('timestamp', 'seconds', {
  '1700000000': '2023-11-14 22:13:20',
  ' 1700000000 ': '2023-11-14 22:13:20',
  '1700000000.123': '2023-11-14 22:13:20.123',
  '1700000000.123456': '2023-11-14 22:13:20.123456',
  '1700000000.123456000': '2023-11-14 22:13:20.123456',
  '1700000000.1234567': REFUSED,
  '-0.000001': '1969-12-31 23:59:59.999999',
  '0': '1970-01-01 00:00:00',
  '-0': '1970-01-01 00:00:00',
  '+5': '1970-01-01 00:00:05',
  '-62135596800': '0001-01-01 00:00:00',
  '-62135596800.000001': REFUSED,
  '253402300799.999999': '9999-12-31 23:59:59.999999',
  '253402300800': REFUSED,
  '99999999999999999999999999999': REFUSED,
  '1.7e9': REFUSED,
  '1,700,000,000': REFUSED,
  '.5': REFUSED,
  '2024-01-01': REFUSED,
  '0x10': REFUSED,
  '1700000000 s': REFUSED,
  infinity: REFUSED,
});

table('timestamp', 'milliseconds', {
  '1700000000123': '2023-11-14 22:13:20.123',
  '1700000000123.456': '2023-11-14 22:13:20.123456',
  '1700000000123.4567': REFUSED,
  '-1': '1969-12-31 23:59:59.999',
  '253402300799999': '9999-12-31 23:59:59.999',
  '253402300800000': REFUSED,
});

table('timestamp', 'microseconds', {
  '1700000000123456': '2023-11-14 22:13:20.123456',
  '1700000000123456.0': '2023-11-14 22:13:20.123456',
  '1700000000123456.7': REFUSED,
  '253402300800000000': REFUSED,
});

table('timestamp', 'nanoseconds', {
  '1700000000123456000': '2023-11-14 22:13:20.123456',
  '1700000000123456789': REFUSED,
  '-1000': '1969-12-31 23:59:59.999999',
  '-1': REFUSED,
  '0': '1970-01-01 00:00:00',
  '253402300799999999000': '9999-12-31 23:59:59.999999',
  '253402300800000000000': REFUSED,
});

table('timestamp', 'days', { '19675': '2023-11-14 00:00:00', '-1': '1969-12-31 00:00:00', '1.5': REFUSED });
table('date', 'days', {
  '19675': '2023-11-14',
  '2932896': '9999-12-31',
  '2932897': REFUSED,
  '99999999999': REFUSED,
});
table('date', 'milliseconds', { '86400000': '1970-01-02', '86400001': REFUSED, '-86400000': '1969-12-31' });
table(
  'timestamp',
  'seconds',
  { '1700000000': '2023-11-14 22:13:20+00' },
  ', logicalTypeOptions: { timezone: true }',
);

test('numbers of JSON and Parquet count as well, and timestamps stay what they are', async () => {
  const columns = ['name: id, logicalType: integer', columnOf('timestamp', 'seconds')];
  const json = await stage(
    columns,
    '{"id":1,"a":1700000000}\n{"id":2,"a":1700000000.123456}\n{"id":3,"a":"1700000000.5"}\n{"id":4,"a":true}\n',
  );
  expect(json.all.map(({ a }) => a)).toEqual([
    '2023-11-14 22:13:20',
    '2023-11-14 22:13:20.123456',
    '2023-11-14 22:13:20.5',
    null,
  ]);
  expect(json.reasons).toEqual({ 4: ['a.type'] });
  const parquet = async (values: string, more?: string) =>
    (
      await stage([columnOf('timestamp', 'seconds')], { parquet: `SELECT unnest(${values}) AS a` }, more)
    ).all.map(({ a }) => a);
  expect(await parquet('[1700000000, -1, 253402300800]::BIGINT[]')).toEqual([
    '2023-11-14 22:13:20',
    '1969-12-31 23:59:59',
    null,
  ]);
  expect(await parquet("[1700000000.123, 'nan', 'inf', 1e300]::DOUBLE[]")).toEqual([
    '2023-11-14 22:13:20.123',
    null,
    null,
    null,
  ]);
  expect(await parquet('[1700000000.123456]::DECIMAL(18,6)[]')).toEqual(['2023-11-14 22:13:20.123456']);
  expect(await parquet("['1700000000']")).toEqual(['2023-11-14 22:13:20']);
  expect(await parquet("[TIMESTAMP '2024-01-01 10:00:00']")).toEqual(['2024-01-01 10:00:00']);
  const missing = '    customProperties: [{ property: missingValues, value: [-999] }]';
  expect(await parquet('[-999.0, -998.0]::DOUBLE[]', missing)).toEqual([null, '1969-12-31 23:43:22']);
});

test('limits are dates, and the reason names the unit', async () => {
  const { reasons } = await stage(
    [
      'name: id, logicalType: integer',
      'name: a, logicalType: timestamp, logicalTypeOptions: { minimum: "2024-01-01" }, customProperties: [{ property: epochUnit, value: seconds }]',
    ],
    'id,a\n1,1704067200\n2,1704067199\n',
  );
  expect(reasons).toEqual({ 3: ['a.minimum'] });
});
