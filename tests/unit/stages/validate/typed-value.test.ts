import type { Column } from '../../../../shared/contract/model.ts';
import type { Json } from '../../../../shared/engine/values.ts';
import type { Db } from '../../../../shared/engine/with-duckdb.ts';
import { parseText, presentText, spelling } from '../../../../shared/stages/validate/typed-value.ts';
import { contractOf, inDuckDb, stage } from '../../../helpers/staging.ts';

/** Reads a text as a column of the given YAML: undefined for "no value", null for a value that does not fit. */
const typed = (options: string, texts: readonly string[]): Promise<(Json | undefined)[]> =>
  inDuckDb(async (db) => {
    const { columns } = await contractOf(db, [`name: a, ${options}`]);
    const [column] = columns;
    if (column === undefined) throw new Error('no column');
    const values: (Json | undefined)[] = [];
    for (const text of texts) {
      const row = await db.one<{ present: string | null; value: Json }>(
        `SELECT present, ${parseText('present', column)} AS value FROM (SELECT ${presentText('$1', column)} AS present)`,
        [text],
      );
      expect(await spelt(db, column, text)).toEqual(row);
      values.push(row.present === null ? undefined : row.value);
    }
    return values;
  });

/** Reads it by way of `spelling`, without a pattern, where the column has one. */
const spelt = async (db: Db, column: Column, text: string): Promise<object> => {
  const { cast, spelled, typed } = spelling('text', 'cast_value', column) ?? {
    cast: 'NULL',
    spelled: 'false',
    typed: `CAST(NULL AS ${column.silverType})`,
  };
  return await db.one(
    `WITH texts AS (SELECT $1::VARCHAR AS text), valued AS (SELECT *, ${cast} AS cast_value FROM texts),
     spelled AS (SELECT *, ${spelled} AS plain FROM valued),
     present AS (SELECT *, ${presentText('text', column, 'plain')} AS present FROM spelled)
     SELECT present, CASE WHEN plain THEN ${typed} ELSE ${parseText('present', column)} END AS value FROM present`,
    [text],
  );
};

const table = (options: string, cases: Record<string, Json | undefined>): void =>
  test(`text as { ${options} }`, async () => {
    const values = await typed(options, Object.keys(cases));
    expect(Object.fromEntries(Object.keys(cases).map((text, i) => [text, values[i]]))).toEqual(cases);
  });

const REFUSED = null;

table('logicalType: integer', {
  '12': 12,
  ' 5 ': 5,
  '5\t': 5,
  '\r\n 6\t': 6,
  '+7': 7,
  '-0': 0,
  '007': 7,
  '12.0': 12,
  '12.': 12,
  '9007199254740993.0': '9007199254740993',
  '9223372036854775807': '9223372036854775807',
  '9223372036854775808': REFUSED,
  '12.7': REFUSED,
  '0x1F': REFUSED,
  '0b11': REFUSED,
  '1_000': REFUSED,
  '1,000': REFUSED,
  '1e3': REFUSED,
  '1 000': REFUSED,
  nan: REFUSED,
  true: REFUSED,
  '--1': REFUSED,
  '-': REFUSED,
  '': undefined,
  '   ': undefined,
  '\t\r\n': undefined,
});

table('logicalType: integer, logicalTypeOptions: { format: u8 }', {
  '255': 255,
  '256': REFUSED,
  '-1': REFUSED,
});
table('logicalType: integer, logicalTypeOptions: { format: u64 }', {
  '18446744073709551615': '18446744073709551615',
  '18446744073709551616': REFUSED,
});

table('logicalType: number', {
  '12.5': 12.5,
  '.5': 0.5,
  '5.': 5,
  ' -1.5e-3 ': -0.0015,
  '1E5': 100000,
  '1e400': REFUSED,
  '-1e400': REFUSED,
  nan: REFUSED,
  NaN: REFUSED,
  inf: REFUSED,
  '-Infinity': REFUSED,
  '1_000.5': REFUSED,
  '1,5': REFUSED,
  '0x10': REFUSED,
  '.': REFUSED,
  e5: REFUSED,
  $5: REFUSED,
});

table('logicalType: number, logicalTypeOptions: { format: f32 }', { '0.5': 0.5, '1e39': REFUSED });
table('logicalType: number, physicalType: "DECIMAL(5,2)"', {
  '12.5': '12.50',
  '999.99': '999.99',
  '999.994': '999.99',
  '999.995': REFUSED,
  '1000': REFUSED,
  '1e2': '100.00',
  '1e-5': '0.00',
  '0.00001': '0.00',
  '5e-3': '0.01',
  '-5e-3': '-0.01',
  '5e-45': '0.00',
  '4.9E-324': '0.00',
  '99.5e-4': '0.01',
  '.5e3': '500.00',
  '123456789.5e-7': '12.35',
  '99999.6e-2': REFUSED,
  '1.5e3': REFUSED,
  '1e99999999999': REFUSED,
  nan: REFUSED,
});
table('logicalType: number, physicalType: "DECIMAL(4,4)"', {
  '1e-3': '0.0010',
  '9999.4e-4': '0.9999',
  '1e0': REFUSED,
});
table('logicalType: number, physicalType: "DECIMAL(10,0)"', { '1.5e9': '1500000000', '1.5e10': REFUSED });

table('logicalType: boolean', {
  true: true,
  'true\t': true,
  FALSE: false,
  t: true,
  f: false,
  ' yes ': true,
  no: false,
  '1': true,
  '0': false,
  '2': REFUSED,
  '1.0': REFUSED,
  on: REFUSED,
  maybe: REFUSED,
});

table('logicalType: date', {
  '2024-02-29': '2024-02-29',
  ' 2024-1-5 ': '2024-01-05',
  '2024/01/05': '2024-01-05',
  '2024-02-30': REFUSED,
  '2023-02-29': REFUSED,
  '2024-13-01': REFUSED,
  '0000-00-00': REFUSED,
  '0000-05-05': REFUSED,
  '0001-01-01': '0001-01-01',
  '9999-12-31': '9999-12-31',
  '24-01-05': REFUSED,
  '05.01.2024': REFUSED,
  '01/05/2024': REFUSED,
  '20240105': REFUSED,
  '2024-01/05': REFUSED,
  '2024-01-05T00:00:00': REFUSED,
  '2024-01-05 (BC)': REFUSED,
  '12024-01-05': REFUSED,
  infinity: REFUSED,
  epoch: REFUSED,
  today: REFUSED,
});

table('logicalType: date, logicalTypeOptions: { format: dd.MM.yyyy }', {
  '05.01.2024': '2024-01-05',
  '5.1.2024': '2024-01-05',
  '05.01.24': REFUSED,
  '05.01.124': REFUSED,
  '05.01.0024': '0024-01-05',
  '05.01.0000': REFUSED,
  '30.02.2024': REFUSED,
  '2024-01-05': REFUSED,
  infinity: REFUSED,
  epoch: REFUSED,
});

table('logicalType: date, logicalTypeOptions: { format: yyyyMMdd }', {
  '20240105': '2024-01-05',
  '2024015': REFUSED,
  '202415': REFUSED,
});
table('logicalType: date, logicalTypeOptions: { format: yyyyDDD }', {
  '2024005': '2024-01-05',
  '20245': REFUSED,
});
table('logicalType: timestamp, logicalTypeOptions: { format: "yyyyMMdd HHmmss" }', {
  '20240105 100059': '2024-01-05 10:00:59',
  '20240105 10005': REFUSED,
  '20240105 1000': REFUSED,
});
table('logicalType: date, logicalTypeOptions: { format: ddMMyyyy }', {
  '05012024': '2024-01-05',
  '050124': REFUSED,
});

table('logicalType: timestamp', {
  '2024-01-01T10:00:00': '2024-01-01 10:00:00',
  '2024-01-01 10:00:00.123456': '2024-01-01 10:00:00.123456',
  '2024-01-01T10:00:00Z': '2024-01-01 10:00:00',
  '2024-01-01T10:00:00+02:00': '2024-01-01 08:00:00',
  '2024-01-01T23:30:00-0530': '2024-01-02 05:00:00',
  '2024-01-01 10:00:00 Europe/Berlin': '2024-01-01 09:00:00',
  '2024-01-01 10:00:00 america/argentina/buenos_aires': '2024-01-01 13:00:00',
  '2024-01-01 10:00:00 Etc/GMT+5': '2024-01-01 15:00:00',
  '2024-01-01 10:00:00 UTC': '2024-01-01 10:00:00',
  '2024-01-01 10:00:00 gmt': '2024-01-01 10:00:00',
  '2024-07-01 10:00:00 BST': REFUSED,
  '2024-07-01 10:00:00 IST': REFUSED,
  '2024-07-01 10:00:00 CST': REFUSED,
  '2024-07-01 10:00:00 EST': REFUSED,
  '2024-07-01 10:00:00 PST8PDT': REFUSED,
  '2024-07-01 10:00:00 SystemV/PST8': REFUSED,
  '2024-07-01 10:00:00 UTC+2': REFUSED,
  '2024-01-01T10:00Z': '2024-01-01 10:00:00',
  '2024-01-01T10:00+02:00': '2024-01-01 08:00:00',
  '2024-01-01 10:00 -0530': '2024-01-01 15:30:00',
  '2024-01-01 10:00 Europe/Berlin': '2024-01-01 09:00:00',
  '2024-01-01 10:00UTC': '2024-01-01 10:00:00',
  '2024-01-01T10:00:00z': '2024-01-01 10:00:00',
  '2024-01-01 10:00:00.5 Z': '2024-01-01 10:00:00.5',
  '2024-01-01 10:00:00 +02:00': '2024-01-01 08:00:00',
  '2024-01-01T10:00:00  america/la_paz': '2024-01-01 14:00:00',
  '2024-01-01T10:60Z': REFUSED,
  '2024-01-01T10Z': REFUSED,
  '2024-02-30T10:00Z': REFUSED,
  '0001-01-01T00:00+02:00': REFUSED,
  '2024-01-01T10:00:00+14:00': '2023-12-31 20:00:00',
  '2024-01-01T10:00:00-18:00': '2024-01-02 04:00:00',
  '2024-01-01T10:00:00+18:01': REFUSED,
  '2024-01-01T10:00:00-19:00': REFUSED,
  '2024-01-01T10:00:00+25:00': REFUSED,
  '2024-01-01T10:00:00.123456000': '2024-01-01 10:00:00.123456',
  '2024-01-01T10:00:00.123456789': REFUSED,
  '2024-01-01T10:00:00.1234567Z': REFUSED,
  '2024-01-01 24:00:00': REFUSED,
  '2024-01-01T24:00:00Z': REFUSED,
  '0000-05-05 10:00:00': REFUSED,
  '0001-01-01T00:00:00+02:00': REFUSED,
  '0001-01-01T00:00:00-02:00': '0001-01-01 02:00:00',
  '9999-12-31T23:00:00-02:00': REFUSED,
  '9999-12-31T23:00:00+02:00': '9999-12-31 21:00:00',
  '2024-01-01': '2024-01-01 00:00:00',
  '2024-02-30 10:00:00': REFUSED,
  '2024-01-01T25:00:00': REFUSED,
  '2024-01-01T10:00:00 Nowhere/Town': REFUSED,
  '24-01-01 10:00:00': REFUSED,
  '10:00:00': REFUSED,
  infinity: REFUSED,
  epoch: REFUSED,
  now: REFUSED,
  '1704103200': REFUSED,
});

table('logicalType: timestamp, logicalTypeOptions: { timezone: true }', {
  '2024-01-01T10:00:00+02:00': '2024-01-01 08:00:00+00',
});

table(`logicalType: timestamp, logicalTypeOptions: { format: "dd/MM/yyyy HH:mm XXX" }`, {
  '01/02/2024 10:00 +02:00': '2024-02-01 08:00:00',
  '01/02/2024 10:00': REFUSED,
  '01/02/2024 10:00 +25:00': REFUSED,
  '01/01/0001 00:00 +02:00': REFUSED,
  '31/12/9999 23:00 -02:00': REFUSED,
});

table('logicalType: time', {
  '10:05': '10:05:00',
  '9:05:01.5': '09:05:01.5',
  '25:00:00': REFUSED,
  '24:00': REFUSED,
  '24:00:00': REFUSED,
  '10:00:00.123456000': '10:00:00.123456',
  '10:00:00.1234567': REFUSED,
  '10:65': REFUSED,
  '10:00:00+02:00': REFUSED,
  '10:00:00 PM': REFUSED,
  '2024-01-01 10:00:00': REFUSED,
});

table('logicalType: time, logicalTypeOptions: { format: "hh:mm a" }', {
  '10:05 PM': '22:05:00',
  '10:05': REFUSED,
});

table('logicalType: string', { ' a ': ' a ', 'a\t': 'a\t', '12': '12', '  ': undefined });
table('logicalType: string, primaryKey: true', {
  ' A1 ': 'A1',
  'A1\t': 'A1',
  '\r\nA 1': 'A 1',
  ' Zürich ': 'Zürich',
  '\u00a0A1': '\u00a0A1',
  ' \t': undefined,
});

table('logicalType: object', {
  '{"a": 1}': '{"a": 1}',
  '[1]': REFUSED,
  '1': REFUSED,
  '{"a": ': REFUSED,
});
table('logicalType: array', { '[1, 2]': '[1, 2]', '{"a": 1}': REFUSED });

test('texts that mean "no value" are compared exactly, after trimming', async () => {
  const values = await inDuckDb(async (db) => {
    const { columns } = await contractOf(
      db,
      ['name: a, logicalType: string'],
      '    customProperties: [{ property: missingValues, value: [N/A, "-", "O\'Nil"] }]',
    );
    const [column] = columns;
    if (column === undefined) throw new Error('no column');
    return await db.all(
      `SELECT text, ${presentText('text', column)} IS NULL AS missing FROM (SELECT unnest(['N/A', ' N/A ', 'n/a', '-', '--', 'O''Nil']) AS text)`,
    );
  });
  expect(values.map(({ missing }) => missing)).toEqual([true, true, false, true, false, true]);
});

table('logicalType: date, logicalTypeOptions: { format: yyyy-DDD }', {
  '2024-366': '2024-12-31',
  '2023-365': '2023-12-31',
  '2023-366': REFUSED,
  '2366-001': '2366-01-01',
});

table(`logicalType: timestamp, logicalTypeOptions: { format: "DDD yyyy HH:mm XXX" }`, {
  '366 2024 23:30 -02:00': '2025-01-01 01:30:00',
  '366 2023 10:00 +02:00': REFUSED,
});

test('the zone of one row is not applied to the next', async () => {
  const rows = [
    '2024-07-01T10:00:00 Europe/Berlin',
    '2024-07-01T10:00',
    '2024-07-02',
    '2024-07-01T10:00:00Z',
  ];
  const { all } = await stage(
    ['name: id, logicalType: integer', 'name: at, logicalType: timestamp'],
    `id,at\n${rows.map((at, i) => `${i},${at}\n`).join('')}`,
  );
  expect(all.map(({ at }) => at)).toEqual([
    '2024-07-01 08:00:00',
    '2024-07-01 10:00:00',
    '2024-07-02 00:00:00',
    '2024-07-01 10:00:00',
  ]);
});

test('the name of a zone may be part of the format', async () => {
  const { all } = await stage(
    [
      'name: id, logicalType: integer',
      'name: at, logicalType: timestamp, logicalTypeOptions: { format: "yyyy-MM-dd HH:mm VV" }',
    ],
    'id,at\n1,2024-07-01 10:00 Europe/Berlin\n2,2024-07-01 10:00 UTC\n3,2024-07-01 10:00\n4,2024-07-01 10:00 BST\n',
  );
  expect(all.map(({ at }) => at)).toEqual(['2024-07-01 08:00:00', '2024-07-01 10:00:00', null, null]);
});

test('numbers that a contract lists as texts keep its spelling', async () => {
  const { all, reasons } = await stage(
    [
      'name: a, logicalType: number',
      'name: b, logicalType: string, quality: [{ metric: invalidValues, arguments: { validValues: [01, 02] }, mustBe: 0 }]',
      'name: c, logicalType: number, quality: [{ metric: missingValues, arguments: { missingValues: [0.00] }, mustBe: 1 }]',
    ],
    'a,b,c\n-999.0,01,0.00\n-999,2,0\n',
    '    customProperties: [{ property: missingValues, value: [-999.0] }]',
  );
  expect(all.map(({ a, c }) => [a, c])).toEqual([
    [null, null],
    [-999, 0],
  ]);
  expect(reasons).toEqual({ 3: ['b.allowed'] });
});

test('numbers listed by an alias keep the spelling at its anchor, and numbers that are no decimals are compared by value', async () => {
  const { all, reasons } = await stage(
    [
      'name: a, logicalType: number, quality: [{ metric: missingValues, arguments: { missingValues: &gone [-999.0] }, mustBe: 1 }]',
      'name: b, logicalType: number, quality: [{ metric: missingValues, arguments: { missingValues: *gone }, mustBe: 1 }]',
      'name: c, logicalType: integer, quality: [{ metric: invalidValues, arguments: { validValues: [0x1F] }, mustBe: 0 }]',
    ],
    'a,b,c\n-999.0,-999.0,31\n-999,-999,30\n',
  );
  expect(all.map(({ a, b }) => [a, b])).toEqual([
    [null, null],
    [-999, -999],
  ]);
  expect(reasons).toEqual({ 3: ['c.allowed'] });
});
