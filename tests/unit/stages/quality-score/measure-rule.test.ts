import { RuleNotEvaluable } from '../../../../shared/errors.ts';
import type { Measure } from '../../../../shared/stages/quality-score/report.ts';
import { REASONS_TYPE } from '../../../../shared/stages/validate/row-check.ts';
import { measures, PROPERTIES } from '../../../helpers/measuring.ts';

/** The measure of one rule: on column `size`, or with `table` on the whole. */
const ruled = async (rule: string, on: 'column' | 'table' = 'column'): Promise<Measure> => {
  const stated = `quality: [{ id: it, ${rule} }]`;
  const onColumn = PROPERTIES.map((one) => (one.startsWith('name: size') ? `${one}, ${stated}` : one));
  const setting = on === 'column' ? { properties: onColumn } : { more: `    ${stated}` };
  const found = (await measures(setting)).get('it');
  if (found === undefined) throw new Error('not measured');
  return found;
};

test('a share of rows is its percentage exactly: a value at the limit passes', async () => {
  const records = `SELECT range AS id, 'm' || range AS mail, CASE WHEN range >= 29 THEN 1 END AS size,
    DATE '2024-01-01' AS day, CAST(NULL AS ${REASONS_TYPE}) AS _reasons FROM range(98)`;
  for (const [rule, passed] of [
    ['mustBeLessOrEqualTo: 29', true],
    ['mustBe: 29', true],
    ['mustBeLessThan: 29', false],
  ] as const) {
    const properties = PROPERTIES.map((one) =>
      one.startsWith('name: size')
        ? `${one}, quality: [{ id: it, metric: nullValues, ${rule}, unit: percent }]`
        : one,
    );
    const found = (await measures({ properties, records })).get('it');
    expect(found).toMatchObject({ measured: 29, passed });
  }
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

test('a rule also sees rejected rows', async () => {
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
    /^Rule "it" of [^/]+\/orders\/contract\.yaml cannot be evaluated: .*\. Fix the rule, deploy, and redrive\.$/,
  );
});

test('the message of a failing rule holds no values of rows', async () => {
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
