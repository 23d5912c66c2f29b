import type { Json } from '../../../../shared/engine/values.ts';
import { stage } from '../../../helpers/staging.ts';

/** Reads a column of Parquet as a column of the contract: its values, and the reasons of the rejected rows. */
const fromParquet = async (options: string, expression: string) => {
  const { all, reasons } = await stage([`name: a, ${options}`], { parquet: `SELECT ${expression} AS a` });
  return { values: all.map(({ a }) => a), reasons: Object.values(reasons).flat() };
};

test.each<[string, string, Json[], string[]]>([
  ['logicalType: integer', 'unnest([12.0, 12.7, NULL]::DOUBLE[])', [12, null, null], ['a.type']],
  [
    'logicalType: integer',
    `unnest([1e16, 'nan', 'inf', 1e300]::DOUBLE[])`,
    ['10000000000000000', null, null, null],
    ['a.type', 'a.type', 'a.type'],
  ],
  ['logicalType: integer', 'unnest([1.00, 1.50]::DECIMAL(9,2)[])', [1, null], ['a.type']],
  [
    'logicalType: integer, logicalTypeOptions: { format: u8 }',
    'unnest([255, 256, -1]::BIGINT[])',
    [255, null, null],
    ['a.type', 'a.type'],
  ],
  ['logicalType: integer', 'true', [null], ['a.type']],
  [
    'logicalType: number',
    `unnest([1.5::FLOAT, 'nan'::FLOAT, '-inf'::FLOAT])`,
    [1.5, null, null],
    ['a.type', 'a.type'],
  ],
  [
    'logicalType: number, physicalType: "DECIMAL(4,1)"',
    'unnest([0.1, 12.3, 1e6]::DOUBLE[])',
    ['0.1', '12.3', null],
    ['a.type'],
  ],
  ['logicalType: number', '7::UBIGINT', [7], []],
  ['logicalType: boolean', 'unnest([true, false])', [true, false], []],
  ['logicalType: boolean', 'unnest([0, 1, 2])', [false, true, null], ['a.type']],
  ['logicalType: date', `unnest([DATE '2024-01-05', 'infinity'::DATE])`, ['2024-01-05', null], ['a.type']],
  [
    'logicalType: date',
    `unnest([TIMESTAMP '2024-01-05 00:00:00', TIMESTAMP '2024-01-05 10:00:00'])`,
    ['2024-01-05', null],
    ['a.type'],
  ],
  ['logicalType: date, logicalTypeOptions: { format: yyyyMMdd }', '20240105', ['2024-01-05'], []],
  ['logicalType: timestamp', `TIMESTAMPTZ '2024-01-01 10:00:00+02'`, ['2024-01-01 08:00:00'], []],
  [
    'logicalType: timestamp',
    `unnest([TIMESTAMP_NS '2024-01-01 10:00:00.123456000', TIMESTAMP_NS '2024-01-01 10:00:00.123456789', TIMESTAMP_NS '1969-12-31 23:59:59.999999999'])`,
    ['2024-01-01 10:00:00.123456', null, null],
    ['a.type', 'a.type'],
  ],
  [
    'logicalType: timestamp, logicalTypeOptions: { timezone: true }',
    `unnest([TIMESTAMP_NS '2024-01-01 10:00:00', TIMESTAMP_NS '2024-01-01 10:00:00.000000001'])`,
    ['2024-01-01 10:00:00+00', null],
    ['a.type'],
  ],
  [
    'logicalType: date',
    `unnest([TIMESTAMP_NS '2024-01-05 00:00:00', TIMESTAMP_NS '2024-01-05 00:00:00.000000001', TIMESTAMP_NS '1677-09-22 00:12:43.145224193'])`,
    ['2024-01-05', null, null],
    ['a.type', 'a.type'],
  ],
  [
    'logicalType: string',
    `TIMESTAMP_NS '2024-01-01 10:00:00.123456789'`,
    ['2024-01-01 10:00:00.123456789'],
    [],
  ],
  [
    'logicalType: timestamp',
    `unnest([TIMESTAMP '0001-01-01 00:00:00', TIMESTAMP '9999-12-31 23:59:59.999999', TIMESTAMP '0001-01-01 00:00:00' - INTERVAL 1 SECOND, TIMESTAMP '10000-01-01 00:00:00'])`,
    ['0001-01-01 00:00:00', '9999-12-31 23:59:59.999999', null, null],
    ['a.type', 'a.type'],
  ],
  [
    'logicalType: timestamp, logicalTypeOptions: { timezone: true }',
    `unnest([TIMESTAMPTZ '2024-01-01 00:00:00+00', TIMESTAMPTZ '10000-01-01 00:00:00+00', 'infinity'::TIMESTAMPTZ])`,
    ['2024-01-01 00:00:00+00', null, null],
    ['a.type', 'a.type'],
  ],
  [
    'logicalType: date',
    `unnest([DATE '9999-12-31', DATE '29349-01-26', DATE '0001-01-01' - 1])`,
    ['9999-12-31', null, null],
    ['a.type', 'a.type'],
  ],
  [
    'logicalType: timestamp',
    `unnest([DATE '29349-01-26', '-infinity'::DATE])`,
    [null, null],
    ['a.type', 'a.type'],
  ],
  [
    'logicalType: time',
    `unnest([TIME '23:59:59.999999', TIME '24:00:00'])`,
    ['23:59:59.999999', null],
    ['a.type'],
  ],
  [
    'logicalType: number, physicalType: "DECIMAL(38,10)"',
    `unnest([200000000000000.0, 2455555555.33, 5e-324, 1e23, 1e30, 'nan', '-inf']::DOUBLE[])`,
    [
      '200000000000000.0000000000',
      '2455555555.3300000000',
      '0.0000000000',
      '100000000000000000000000.0000000000',
      null,
      null,
      null,
    ],
    ['a.type', 'a.type', 'a.type'],
  ],
  [
    'logicalType: number, physicalType: "DECIMAL(10,2)"',
    'unnest([0.1, 16777216, 2.675]::FLOAT[])',
    ['0.10', '16777216.00', '2.68'],
    [],
  ],
  ['logicalType: timestamp', `DATE '2024-01-01'`, ['2024-01-01 00:00:00'], []],
  [
    'logicalType: timestamp, logicalTypeOptions: { timezone: true }',
    `TIMESTAMP '2024-01-01 10:00:00'`,
    ['2024-01-01 10:00:00+00'],
    [],
  ],
  ['logicalType: time', `TIME '10:00:00'`, ['10:00:00'], []],
  ['logicalType: time', `TIMETZ '10:00:00+02'`, ['08:00:00'], []],
  ['logicalType: string', '12', ['12'], []],
  ['logicalType: string', `DATE '2024-01-05'`, ['2024-01-05'], []],
  ['logicalType: string', `'active'::ENUM('active', 'gone')`, ['active'], []],
  ['logicalType: string', `unnest(['a', ' ', NULL])`, ['a', null, null], []],
  [
    'logicalType: string',
    `unnest(['Z\\xC3\\xBCrich'::BLOB, '\\x5CxFF'::BLOB, ' '::BLOB, NULL])`,
    ['Zürich', '\\xFF', null, null],
    [],
  ],
  [
    'logicalType: string, required: true',
    `unnest(['Z\\xFCrich'::BLOB, 'a\\xED\\xA0\\x80'::BLOB, 'b'::BLOB])`,
    [null, null, 'b'],
    ['a.type', 'a.type'],
  ],
  ['logicalType: string', `'\\xFF'::BLOB`, [null], ['a.type']],
  [
    'logicalType: integer',
    `unnest(['12'::BLOB, 'x'::BLOB, '\\xFF'::BLOB])`,
    [12, null, null],
    ['a.type', 'a.type'],
  ],
  ['logicalType: object', `'{"city": "Z\\xC3\\xBCrich"}'::BLOB`, ['{"city": "Zürich"}'], []],
  ['logicalType: string', `unnest([{'x': 1}, NULL])`, [null, null], ['a.nested']],
  ['logicalType: integer', '[1, 2]', [null], ['a.nested']],
  ['logicalType: integer', 'MAP {1: 2}', [null], ['a.nested']],
  ['logicalType: object', `{'x': 1, 'y': [NULL]}`, ['{"x":1,"y":[null]}'], []],
  ['logicalType: object', `MAP {'x': 1}`, ['{"x":1}'], []],
  ['logicalType: array', `['a', 'b']`, ['["a","b"]'], []],
  ['logicalType: array', `{'x': 1}`, [null], ['a.type']],
])('Parquet as { %s }: %s', async (options, expression, values, reasons) => {
  expect(await fromParquet(options, expression)).toEqual({ values, reasons });
});

test('texts mean "no value" for typed values too', async () => {
  const { all } = await stage(
    ['name: a, logicalType: integer'],
    { parquet: 'SELECT unnest([1, -1]) AS a' },
    '    customProperties: [{ property: missingValues, value: [-1] }]',
  );
  expect(all.map(({ a }) => a)).toEqual([1, null]);
});

test.each([
  ['DOUBLE', '[-999]'],
  ['DOUBLE', '[-999.00]'],
  ['FLOAT', '["-999"]'],
  ['DECIMAL(9,2)', '[-999]'],
  ['BIGINT', '[-999.0]'],
  ['SMALLINT', '["000", 99999, -999]'],
])('in a column of %s, "no value" listed as %s means the number', async (type, missing) => {
  const { all } = await stage(
    ['name: a, logicalType: number'],
    { parquet: `SELECT unnest([1, -999, -998]::${type}[]) AS a` },
    `    customProperties: [{ property: missingValues, value: ${missing} }]`,
  );
  expect(all.map(({ a }) => a)).toEqual([1, null, -998]);
});

test.each(['UTINYINT', 'TINYINT', 'UBIGINT', 'DECIMAL(3,1)'])(
  'of %s, "no value" that the type cannot hold is no value of it, and a code is no number',
  async (type) => {
    const { all } = await stage(
      ['name: a, logicalType: number'],
      { parquet: `SELECT unnest([1, 0, 99]::${type}[]) AS a` },
      '    customProperties: [{ property: missingValues, value: [-999, 1e3, "000", "N/A", 123456789012345678901234567890123456789012] }]',
    );
    expect(all.map(({ a }) => a)).toEqual([1, 0, 99]);
  },
);

test('a number that is listed as "no value" is not rounded to a value that the column can hold', async () => {
  const { all } = await stage(
    ['name: a, logicalType: number'],
    { parquet: 'SELECT unnest([-999.00, -999.01]::DECIMAL(9,2)[]) AS a' },
    '    customProperties: [{ property: missingValues, value: [-999.004, "N/A"] }]',
  );
  expect(all.map(({ a }) => a)).toEqual([-999, -999.01]);
});

test('a required value that is nested is reported as nested, not as missing', async () => {
  const { reasons } = await stage(['name: a, logicalType: string, required: true'], {
    parquet: `SELECT unnest([{'x': 1}, NULL]) AS a`,
  });
  expect(reasons).toEqual({ 1: ['a.nested'], 2: ['a.required'] });
});
