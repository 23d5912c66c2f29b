import { measures, PROPERTIES, RECORDS, reasons } from '../../../helpers/measuring.ts';

test('rows that break types and limits lower conformity once each, malformed rows included', async () => {
  const found = await measures();
  expect(found.get('schema.conformity')).toMatchObject({
    measured: 4,
    share: 0.6,
    passed: false,
    dimension: 'conformity',
  });
  expect(found.get('size.type')).toMatchObject({
    column: 'size',
    rows_failing: 1,
    share: 0.9,
    dimension: 'conformity',
  });
  expect(found.get('size.minimum')).toMatchObject({ rows_failing: 1 });
});

test('rows without a required value lower completeness once each', async () => {
  const found = await measures();
  expect(found.get('schema.required')).toMatchObject({ measured: 3, share: 0.7, dimension: 'completeness' });
  expect(found.get('mail.required')).toMatchObject({ rows_failing: 2 });
  expect(found.get('id.required')).toMatchObject({ rows_failing: 1 });
  const optional = await measures({ properties: PROPERTIES.slice(2), records: RECORDS });
  expect(optional.has('schema.required')).toBe(false);
});

test('rows beyond the first of a key or a unique value lower uniqueness; absent values are no duplicates', async () => {
  const found = await measures();
  expect(found.get('schema.primaryKey')).toMatchObject({ rows_failing: 3, share: 0.7, column: 'id' });
  expect(found.get('mail.unique')).toMatchObject({ rows_failing: 1, share: 0.9, column: 'mail' });
});

test('a key of several columns is one rule; a derived one is left to Transform', async () => {
  const key = (name: string, position: number) =>
    `name: ${name}, logicalType: integer, primaryKey: true, primaryKeyPosition: ${position}`;
  const composed = await measures({ properties: [key('id', 1), key('size', 2)] });
  expect(composed.get('schema.primaryKey')).toMatchObject({ rows_failing: 0, passed: true });
  expect(composed.get('schema.primaryKey')?.column).toBeUndefined();
  const derived = await measures({
    properties: [
      'name: size, logicalType: integer',
      'name: k, logicalType: integer, transformLogic: size + 1, primaryKey: true',
    ],
  });
  expect(derived.has('schema.primaryKey')).toBe(false);
});

const freshness = (uploadedAt: string, records = RECORDS) =>
  measures({
    more: 'slaProperties: [{ property: freshness, element: orders.day, value: 36, unit: h }]',
    uploadedAt,
    records,
  });

test('freshness: the newest value against the moment of upload', async () => {
  const fresh = (await freshness('2024-01-06T12:00:00.000Z')).get('sla.freshness');
  expect(fresh).toMatchObject({
    measured: 129_600,
    passed: true,
    share: 1,
    dimension: 'timeliness',
    column: 'day',
  });
  const stale = (await freshness('2024-01-06T12:00:01.000Z')).get('sla.freshness');
  expect(stale).toMatchObject({ measured: 129_601, passed: false, share: 0 });
});

test('a date far in the future does not make a stale file fresh', async () => {
  const found = await freshness(
    '2024-02-06T12:00:00.000Z',
    `SELECT * REPLACE (CASE WHEN id = 1 THEN DATE '2204-02-06' ELSE day END AS day) FROM (${RECORDS})`,
  );
  expect(found.get('sla.freshness')).toMatchObject({ passed: false, share: 0 });
});

test('a file without any date is not fresh', async () => {
  const found = await freshness(
    '2024-01-06T12:00:00.000Z',
    `SELECT * REPLACE (NULL::DATE AS day) FROM (${RECORDS})`,
  );
  expect(found.get('sla.freshness')).toMatchObject({ passed: false, share: 0 });
});

test('columns of the contract may have the names of our own columns', async () => {
  const found = await measures({
    properties: [
      'name: reason, logicalType: integer, unique: true, quality: [{ id: it, metric: nullValues, mustBe: 0 }]',
      'name: rows, logicalType: integer, unique: true',
    ],
    records: `SELECT 1 AS reason, 2 AS rows, ${reasons(['reason', 'type', 'conformity'])} AS _reasons`,
  });
  expect(found.get('it')).toMatchObject({ measured: 0 });
  expect(found.get('rows.unique')).toMatchObject({ measured: 0 });
});
