import { literal } from '../../../shared/duckdb/sql.ts';
import { RuleNotEvaluable } from '../../../shared/errors.ts';
import { measure } from '../../../shared/quality/measure.ts';
import type { Measure } from '../../../shared/quality/score.ts';
import { REASONS_TYPE } from '../../../shared/validation/row-check.ts';
import { contractOf, inDuckDb } from '../validation/staging.ts';

const reasons = (...found: [column: string, rule: string, dimension: string][]): string =>
  `[${found.map(([column, rule, dimension]) => `{'column': ${literal(column)}, 'rule': ${literal(rule)}, 'dimension': ${literal(dimension)}, 'expected': '', 'value': NULL}`).join(', ')}]`;

const PROPERTIES = [
  'name: id, logicalType: integer, primaryKey: true',
  'name: mail, logicalType: string, required: true, unique: true',
  'name: size, logicalType: integer',
  'name: day, logicalType: date',
];

/** Eight parsed rows: two without mail, one size that is no number, one id that comes three times, one twice. */
const RECORDS = `
  SELECT id, mail, size, day, CAST(reasons AS ${REASONS_TYPE}) AS _reasons
  FROM (VALUES
    (1, 'a', 10, DATE '2024-01-01', NULL),
    (1, 'b', 20, DATE '2024-01-02', NULL),
    (1, NULL, 30, NULL, ${reasons(['mail', 'required', 'completeness'])}),
    (2, NULL, NULL, NULL, ${reasons(['mail', 'required', 'completeness'], ['size', 'type', 'conformity'])}),
    (2, 'e', -1, DATE '2024-01-05', ${reasons(['size', 'minimum', 'conformity'])}),
    (3, 'a', 0, NULL, NULL),
    (NULL, 'g', NULL, NULL, ${reasons(['id', 'required', 'completeness'])}),
    (4, 'h', 40, DATE '2024-01-04', NULL)
  ) AS t(id, mail, size, day, reasons)`;

interface Setting {
  properties?: readonly string[];
  more?: string;
  records?: string;
  uploadedAt?: string;
}

/** All measures by rule, over the records and two rows more that could not be parsed. */
const measures = ({ properties = PROPERTIES, more = '', records = RECORDS, uploadedAt }: Setting = {}) =>
  inDuckDb(async (db) => {
    await db.run(
      `CREATE VIEW _records AS ${records}; CREATE VIEW orders AS SELECT * EXCLUDE (_reasons) FROM _records`,
    );
    const { parsed } = await db.one<{ parsed: number }>('SELECT count(*) AS parsed FROM _records');
    const measured = await measure(db, await contractOf(db, properties, more), {
      records: '_records',
      table: 'orders',
      rowsRead: parsed + 2,
      malformed: 2,
      uploadedAt: uploadedAt ?? '2024-01-06T00:00:00.000Z',
    });
    return new Map(measured.map((one) => [one.rule, one]));
  });

/** The measure of one rule: on column `size`, or with `table` on the whole. */
const ruled = async (rule: string, on: 'column' | 'table' = 'column'): Promise<Measure> => {
  const stated = `quality: [{ id: it, ${rule} }]`;
  const onColumn = PROPERTIES.map((one) => (one.startsWith('name: size') ? `${one}, ${stated}` : one));
  const setting = on === 'column' ? { properties: onColumn } : { more: `    ${stated}` };
  const found = (await measures(setting)).get('it');
  if (found === undefined) throw new Error('not measured');
  return found;
};

test('rows that break types and limits lower conformity once each, those not parsed among them', async () => {
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

test('rows beyond the first of a key or a unique value lower uniqueness; no value is no double', async () => {
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

test.each<[string, Partial<Measure>]>([
  [
    'metric: nullValues, mustBe: 0',
    {
      measured: 1,
      rows_failing: 1,
      passed: false,
      share: 0.9,
      dimension: 'completeness',
      threshold: 'mustBe 0 rows',
    },
  ],
  [
    'metric: nullValues, mustBeLessThan: 11, unit: percent',
    { measured: 10, rows_failing: 1, passed: true, share: 1 },
  ],
  ['metric: nullValues, mustBeLessThan: 10, unit: percent', { measured: 10, passed: false, share: 0.9 }],
  [
    'metric: missingValues, arguments: { missingValues: [null, 0, "-1"] }, mustBe: 3',
    { measured: 3, passed: true, dimension: 'completeness' },
  ],
  [
    'metric: invalidValues, arguments: { validValues: [10, 20, 30, 40] }, mustBe: 0',
    { measured: 3, passed: false, share: 0.7, dimension: 'conformity' },
  ],
  ['metric: invalidValues, arguments: { pattern: "^[0-9]0$" }, mustBe: 0', { measured: 3, passed: false }],
  ['metric: duplicateValues, mustBe: 0', { measured: 0, passed: true, dimension: 'uniqueness' }],
  [
    `type: sql, query: "select max(\${column}) from \${table}", mustBe: 40`,
    { measured: 40, passed: true, share: 1, dimension: 'consistency' },
  ],
  [
    `type: sql, query: "select max(\${property}) from \${object}", mustBeLessThan: 40, severity: warning, dimension: accuracy`,
    { measured: 40, passed: false, share: 0, severity: 'warning', dimension: 'accuracy' },
  ],
])('on a column: { %s }', async (rule, expected) => {
  const { column, ...found } = await ruled(rule);
  expect(found).toMatchObject(expected);
  expect(column).toBe('size');
});

test.each<[string, Partial<Measure>]>([
  ['metric: rowCount, mustBe: 10', { measured: 10, passed: true, dimension: 'coverage' }],
  ['metric: rowCount, mustBeGreaterThan: 10', { measured: 10, passed: false, share: 0 }],
  [
    'metric: duplicateValues, arguments: { properties: [id, mail] }, mustBe: 0',
    { measured: 0, passed: true },
  ],
  [
    'metric: duplicateValues, arguments: { properties: [id] }, mustBeBetween: [2, 3]',
    { measured: 3, passed: true },
  ],
  [
    'metric: duplicateValues, arguments: { properties: [id] }, mustNotBeBetween: [25, 35], unit: percent',
    { measured: 30, passed: false, share: 0.7 },
  ],
  [`type: sql, query: "select count(*) > 5 from \${table};", mustBe: 1`, { measured: 1, passed: true }],
  [
    `type: sql, query: "select avg(size)::DECIMAL(9,4) from \${table} -- of all", mustBeBetween: [16, 17]`,
    { measured: 16.5, passed: true },
  ],
  [`type: sql, query: "select count(*) from \${table} where mail = 'it''s'", mustBe: 0`, { passed: true }],
])('on the table: { %s }', async (rule, expected) => {
  const found = await ruled(rule, 'table');
  expect(found).toMatchObject(expected);
  expect(found.column).toBeUndefined();
  if (rule.includes('type: sql') || rule.includes('rowCount')) expect(found.rows_failing).toBeUndefined();
});

test('a rule sees the rows that were refused too', async () => {
  expect(await ruled(`type: sql, query: "select count(*) from \${table}", mustBe: 8`, 'table')).toMatchObject(
    {
      passed: true,
    },
  );
});

test.each<[string, RegExp]>([
  [`select 1/0 from \${table} limit 1`, /it gives NULL, or none that is finite/],
  [`select id from \${table} where id = 99`, /it gives 0 rows/],
  [`select id from \${table} where id = 2`, /it gives 2 rows/],
  [`select max(id), 1 from \${table}`, /it gives 2 columns/],
  [`select max(id) from \${table} where id > 99`, /it gives NULL, or none that is finite/],
  [`select 'nan'::DOUBLE from \${table} limit 1`, /it gives NULL, or none that is finite/],
  [`select max(mail) from \${table}`, /it gives a value of type VARCHAR/],
  [`select max(day) from \${table}`, /it gives a value of type DATE/],
  [`select sum(mail::integer) from \${table}`, /Conversion Error: Could not convert string in column mail/],
  [`select (select id from \${table})`, /Invalid Input Error/],
])('a rule that gives no number is no pass: %s', async (query, reason) => {
  const failing = ruled(`type: sql, query: "${query}", mustNotBe: -5`, 'table');
  await expect(failing).rejects.toThrow(RuleNotEvaluable);
  await expect(failing).rejects.toThrow(reason);
  await expect(failing).rejects.toThrow(
    /^Rule "it" of [^/]+\/orders\/contract\.yaml cannot be evaluated: .*\. Mend the rule, deploy, and redrive\.$/,
  );
});

test('what a failing rule says holds no values of rows', async () => {
  const records = `SELECT 1 AS id, 'ada@example.com' AS mail, 4711 AS size, DATE '2024-01-01' AS day, NULL AS _reasons`;
  const queries = [
    `select max(mail::date) from \${table}`,
    `select max(size * 2000000000::integer) from \${table}`,
    `select max(strptime(mail, '%Y')) is null from \${table}`,
  ];
  for (const query of queries) {
    const error = await measures({
      records,
      more: `    quality: [{ id: it, type: sql, query: "${query}", mustBe: 0 }]`,
    }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RuleNotEvaluable);
    expect(String(error)).not.toMatch(/ada|4711/);
  }
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

test('a file without any date is not fresh', async () => {
  const found = await freshness(
    '2024-01-06T12:00:00.000Z',
    `SELECT * REPLACE (NULL::DATE AS day) FROM (${RECORDS})`,
  );
  expect(found.get('sla.freshness')).toMatchObject({ passed: false, share: 0 });
});

test('columns may be called as we call ours', async () => {
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
