import path from 'node:path';
import { loadContract } from '../../../shared/contract/load.ts';
import { ContractInvalid } from '../../../shared/errors.ts';
import { contractYaml, sqlDirWith } from '../../helpers/contracts.ts';

/** The problems that are reported of a contract, one line each, without the folder. */
const problems = async (yaml: string, silverSql?: string): Promise<string[]> => {
  const sqlDir = sqlDirWith({
    'orders/contract.yaml': yaml,
    ...(silverSql !== undefined && { 'orders/silver.sql': silverSql }),
  });
  const error: unknown = await loadContract(sqlDir, 'orders').then(
    () => new Error('no problem found'),
    (reason) => reason,
  );
  if (!(error instanceof ContractInvalid)) throw error;
  return error.message
    .split('\n')
    .slice(1)
    .map((line) => line.trim().replace(path.join(path.basename(sqlDir), 'orders/'), ''));
};

/** The problems of a contract with this body, without file and line. */
const ofBody = async (body: string): Promise<string[]> =>
  (await problems(contractYaml(body))).map((line) => line.replace(/^contract\.yaml:\d+ schema\[0\]\./, ''));

const ofProperty = async (rest: string): Promise<string[]> =>
  (await ofBody(`properties: [{ name: a, ${rest} }, { name: other, logicalType: integer }]`)).map((line) =>
    line.replace('properties[0].', ''),
  );

test('every mistake is reported at once, with its line', async () => {
  const yaml = contractYaml(`
    properties:
      - name: id
        logicalType: integer
        requierd: true
      - name: mail
        logicalType: string
        logicalTypeOptions:
          pattern: x
          maxLength: -1
      - name: day
        logicalType: date
        logicalTypeOptions: { format: YYYY-MM-DD }
        quality:
          - { metric: nullValues }
    customProperties:
      - { property: qualityTreshold, value: 0.9 }`);
  expect(await problems(yaml, 'delete from accepted')).toEqual([
    'contract.yaml:11 schema[0].properties[0].requierd: unknown key "requierd"; did you mean "required"?',
    'contract.yaml:16 schema[0].properties[1].logicalTypeOptions.maxLength: expected 0 or more, found -1',
    'contract.yaml:19 schema[0].properties[2].logicalTypeOptions.format: format "YYYY-MM-DD": the letters "YYYY" are not supported (did you mean "yyyy"?)',
    'contract.yaml:21 schema[0].properties[2].quality[0]: expected exactly one of mustBe, mustNotBe, mustBeGreaterThan, mustBeGreaterOrEqualTo, mustBeLessThan, mustBeLessOrEqualTo, mustBeBetween, mustNotBeBetween, found []',
    'contract.yaml:23 schema[0].customProperties[0].property: unknown property "qualityTreshold"; did you mean "qualityThreshold"?',
    'silver.sql (document): expected a statement that begins with SELECT or WITH',
  ]);
});

test.each([
  [
    'a: [',
    [
      'contract.yaml:1 (document): not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
  ],
  ['', ['contract.yaml (document): expected an object, found null']],
])('%j is not a contract', async (yaml, expected) => {
  expect(await problems(yaml)).toEqual(expected);
});

test('mistakes in the document are reported', async () => {
  const yaml = contractYaml('properties: [{ name: a, logicalType: date }]')
    .replace('v3.1.0', 'v2.2.2')
    .replace('status: active', 'servres: []');
  expect(await problems(yaml)).toEqual([
    'contract.yaml:1 apiVersion: expected "v3.1.0", found "v2.2.2"',
    'contract.yaml:1 status: missing; expected a string',
    'contract.yaml:5 servres: unknown key "servres"; did you mean "servers"?',
  ]);
});

test('two objects, a wrong name and misplaced settings are reported', async () => {
  const yaml =
    `${contractYaml('properties: [{ name: a, logicalType: date, customProperties: [{ property: unknownColumns, value: reject }] }]')}  - name: orders_2
customProperties: [{ property: qualityThreshold, value: 0.5 }]
`.replace('- name: orders\n', '- name: order\n');
  expect(await problems(yaml)).toEqual([
    'contract.yaml:7 schema: expected exactly one object: a contract describes one dataset, found 2',
    'contract.yaml:7 schema[0].name: expected "orders", the name of the folder, found "order"',
    'contract.yaml:8 schema[0].properties[0].customProperties[0]: "unknownColumns" belongs under schema[0].customProperties; move it there',
    'contract.yaml:10 customProperties[0]: "qualityThreshold" belongs under schema[0].customProperties; move it there',
  ]);
});

test.each([
  ['logicalType: text', /^logicalType: expected "string" or .*, found "text"$/],
  ['logicalType: date, required: yes please', /^required: expected a boolean, found "yes please"$/],
  [
    'logicalType: date, logicalTypeOptions: { pattern: x }',
    /^logicalTypeOptions.pattern: unknown key "pattern"; known here: format, minimum/,
  ],
  [
    'logicalType: date, logicalTypeOptions: { minimum: 01.02.2024 }',
    /minimum: expected a value of type DATE/,
  ],
  [
    'logicalType: date, logicalTypeOptions: { minimum: "2024-02-01", maximum: "2024-01-31" }',
    /minimum: expected at most maximum \(2024-01-31\), found "2024-02-01"$/,
  ],
  [
    'logicalType: integer, logicalTypeOptions: { minimum: 10, exclusiveMaximum: 10 }',
    /minimum: expected less than exclusiveMaximum \(10\), found "10"$/,
  ],
  [
    'logicalType: integer, logicalTypeOptions: { format: u8, maximum: 256 }',
    /maximum: expected a value of type UTINYINT/,
  ],
  [
    'logicalType: integer, logicalTypeOptions: { maximum: 10.5 }',
    /maximum: expected a value of type BIGINT, found 10.5/,
  ],
  [
    'logicalType: number, physicalType: "DECIMAL(12,2)", logicalTypeOptions: { maximum: 99.995 }',
    /maximum: expected a value of type DECIMAL\(12,2\), found 99.995/,
  ],
  [
    'logicalType: integer, quality: [{ metric: invalidValues, arguments: { validValues: [1, 2.5] }, mustBe: 0 }]',
    /^quality\[0\].arguments.validValues\[1\]: expected a value of type BIGINT, found "2.5"$/,
  ],
  [
    'logicalType: integer, quality: [{ metric: invalidValues, arguments: { validValues: [low, 1] }, mustBe: 0, severity: info }]',
    /^quality\[0\].arguments.validValues\[0\]: expected a value of type BIGINT, found "low"$/,
  ],
  [
    'logicalType: date, logicalTypeOptions: { format: dd.MM.yyyy }, quality: [{ metric: invalidValues, arguments: { validValues: ["05.01.2024"] }, mustBe: 0 }]',
    /^quality\[0\].arguments.validValues\[0\]: expected a value of type DATE \(ISO 8601\), found "05.01.2024"$/,
  ],
  [
    'logicalType: integer, logicalTypeOptions: { maximum: 9007199254740993 }',
    /maximum: expected a number of at most 2\^53/,
  ],
  ['logicalType: number, physicalType: "DECIMAL(40,2)"', /^physicalType: expected DECIMAL/],
  [
    'logicalType: string, logicalTypeOptions: { minLength: 3, maxLength: 2 }',
    /minLength: expected at most maxLength/,
  ],
  [
    'logicalType: string, logicalTypeOptions: { pattern: "(a)\\\\1" }',
    /pattern: expected a pattern that RE2 compiles/,
  ],
  [
    'logicalType: string, logicalTypeOptions: { format: mail }',
    /format: expected one of email, uuid, uri, hostname, ipv4/,
  ],
  ['logicalType: integer, logicalTypeOptions: { format: i128 }', /format: expected .*"i64"/],
  [
    'logicalType: array, logicalTypeOptions: { maxItems: 3 }',
    /maxItems: not supported: limits of objects and arrays/,
  ],
  [
    'logicalType: timestamp, logicalTypeOptions: { defaultTimezone: Europe/Berlin }',
    /defaultTimezone: expected "Etc\/UTC"/,
  ],
  [
    'logicalType: date, primaryKeyPosition: 1',
    /^primaryKeyPosition: needs primaryKey: true on the same property/,
  ],
  ['logicalType: number, partitioned: true', /^partitioned: expected a type with exact, short values/],
  [
    'logicalType: date, transformLogic: silver.sql',
    /^transformLogic: silver.sql is missing: add it to the folder/,
  ],
  [
    'logicalType: date, transformLogic: othr + 1',
    /^transformLogic: expected an expression over one row.*"othr" not found/,
  ],
  [
    'logicalType: integer, transformLogic: max(other)',
    /^transformLogic: expected an expression over one row/,
  ],
  [
    'logicalType: integer, transformLogic: other, logicalTypeOptions: { minimum: 1 }',
    /minimum: not supported on a derived column/,
  ],
  ['logicalType: integer, transformLogic: other, unique: true', /^unique: not supported on a derived column/],
  [
    'logicalType: integer, transformLogic: other, physicalName: b',
    /^physicalName: not allowed with transformLogic/,
  ],
])('property with %s', async (rest, expected) => {
  expect(await ofProperty(rest)).toEqual([expect.stringMatching(expected)]);
});

test.each([
  ['{ type: custom, engine: soda, implementation: x }', /type: expected library or sql/],
  ['{ mustBe: 0 }', /metric: missing; name a metric, or set type: sql/],
  [
    '{ metric: nullValues, mustBe: 0, mustBeLessThan: 1 }',
    /expected exactly one of .*\["mustBe","mustBeLessThan"\]$/,
  ],
  ['{ metric: nullValues, mustBe: none }', /mustBe: expected a number, found "none"/],
  ['{ metric: nullValues, mustBeBetween: [2, 1] }', /mustBeBetween: expected the lower number first/],
  ['{ metric: nullValues, mustBe: 0, severity: fatal }', /severity: expected "info" or "warning"/],
  ['{ metric: nullValues, mustBe: 0, dimension: validity }', /dimension: expected "accuracy" or/],
  ['{ metric: nullValues, mustBe: 0, unit: permille }', /unit: expected "rows" or "percent"/],
  [
    '{ metric: nullValues, mustBe: 0, arguments: { pattern: x } }',
    /arguments.pattern: argument not allowed for nullValues/,
  ],
  ['{ metric: invalidValues, mustBe: 0 }', /arguments: missing; name validValues or a pattern/],
  [
    '{ metric: invalidValues, mustBe: 0, arguments: { pattern: "(?=x)" } }',
    /pattern: expected a pattern that RE2 compiles/,
  ],
  [
    '{ metric: invalidValues, mustBe: 0, arguments: { validValue: [x] } }',
    /arguments.validValue: unknown key "validValue"; remove it/,
  ],
  ['{ metric: rowCount, mustBe: 0 }', /metric: rowCount is a rule on the table/],
  [
    '{ metric: duplicateValues, mustBe: 0, arguments: { properties: [other] } }',
    /properties: argument not allowed on a property/,
  ],
  ['{ type: sql, mustBe: 0 }', /query: missing; expected a SELECT of one value/],
  [
    '{ type: sql, query: "select 1; select 2", mustBe: 0 }',
    /query: expected one statement \(there are several\)/,
  ],
  [
    `{ type: sql, query: "select count(*) from \${table} where b = 1", mustBe: 0 }`,
    /query: expected a SELECT of one value over .*"b" not found/,
  ],
  [
    `{ type: sql, query: "select count(*) from \${tabel}", mustBe: 0 }`,
    /query: expected \$\{table\} or \$\{column\}, found "\$\{tabel\}"/,
  ],
])('quality %s', async (rule, expected) => {
  const found = await ofProperty(`logicalType: string, quality: [${rule}]`);
  expect(found[0]).toMatch(expected);
});

test.each([
  ['quality: [{ metric: nullValues, mustBe: 0 }]', /quality\[0\].metric: nullValues is a rule on a property/],
  ['quality: [{ metric: rowCount, mustBe: 1, unit: percent }]', /unit: expected rows/],
  [
    'quality: [{ metric: duplicateValues, mustBe: 0 }]',
    /properties: missing; list the properties to compare/,
  ],
  [
    'quality: [{ metric: duplicateValues, mustBe: 0, arguments: { properties: [b] } }]',
    /properties\[0\]: expected a property that/,
  ],
  [
    `quality: [{ type: sql, query: "select \${column} from \${table}", mustBe: 0 }]`,
    /query: expected \$\{table\} \(\$\{column\} is filled in only for rules on a property\)/,
  ],
  [
    'customProperties: [{ property: qualityThreshold, value: 95 }]',
    /customProperties\[0\].value: expected a number from 0 to 1, found 95/,
  ],
  [
    'customProperties: [{ property: unknownColumns, value: keep }]',
    /value: expected "rescue" or "reject" or "ignore"/,
  ],
  ['customProperties: [{ property: dimensionWeights, value: { completenes: 2 } }]', /value/],
  [
    'customProperties: [{ property: dimensionWeights, value: { accuracy: 0, completeness: 0, conformity: 0, consistency: 0, coverage: 0, timeliness: 0, uniqueness: 0 } }]',
    /value: every weight is 0/,
  ],
  [
    'customProperties: [{ property: dedupeOrderBy, value: a }]',
    /value: expected "<column> asc" or "<column> desc", found "a"/,
  ],
  [
    'customProperties: [{ property: dedupeOrderBy, value: b desc }]',
    /customProperties: dedupeOrderBy names "b", which is not a column/,
  ],
  [
    'customProperties: [{ property: qualityThreshold, value: 1 }, { property: qualityThreshold, value: 0 }]',
    /customProperties\[1\].property: duplicate property "qualityThreshold"/,
  ],
])('table with %s', async (rest, expected) => {
  const [found] = await ofBody(`properties: [{ name: a, logicalType: date, primaryKey: true }]\n    ${rest}`);
  expect(found).toMatch(expected);
});

test.each([
  'logicalType: number, physicalType: "DECIMAL(38,18)", logicalTypeOptions: { minimum: 1.57, maximum: 1e3 }',
  'logicalType: number, physicalType: "DECIMAL(12,7)", logicalTypeOptions: { minimum: 0.0000001 }',
  'logicalType: integer, logicalTypeOptions: { minimum: 10.0, maximum: 1e6 }',
])('a limit that the type holds exactly is not a mistake: { %s }', async (rest) => {
  await expect(ofProperty(rest)).rejects.toThrow('no problem found');
});

test('dedupeOrderBy needs a primary key', async () => {
  const found = await ofBody(
    'properties: [{ name: a, logicalType: date }]\n    customProperties: [{ property: dedupeOrderBy, value: a desc }]',
  );
  expect(found).toEqual([expect.stringMatching(/dedupeOrderBy needs a primaryKey/)]);
});

test.each([
  ['{ name: _row, logicalType: date }', /name: "_row" begins with "_", which is reserved/],
  ['{ name: a-b, logicalType: date }', /name: expected a letter, then letters, digits and _/],
  ['{ name: FILE_row_number, logicalType: date }', /name: "FILE_row_number" is the column in which DuckDB/],
  ['{ name: A, logicalType: date }', /name: duplicate name "A"/],
  ['{ name: b, physicalName: " A ", logicalType: date }', /physicalName: duplicate source column " A "/],
  [
    '{ name: b, logicalType: date, primaryKey: true }',
    /primaryKeyPosition is missing; give one to every primaryKey property/,
  ],
  [
    '{ name: b, logicalType: date, primaryKey: true, primaryKeyPosition: 1 }',
    /primaryKeyPosition: duplicate position 1/,
  ],
])('second property %s', async (second, expected) => {
  const first = '{ name: a, logicalType: date, primaryKey: true, primaryKeyPosition: 1 }';
  const found = await ofBody(`properties: [${first}, ${second}]`);
  expect(found.at(-1)).toMatch(expected);
});

test.each([
  ['element: orders.b, value: 1', /element: expected orders\.<a date or timestamp/],
  ['element: a, value: 1', /element: expected orders\.<a date or timestamp/],
  ['element: orders.a, value: soon', /value: expected a number above 0/],
  ['element: orders.a, value: 1, unit: fortnight', /unit: expected one of s, second/],
  ['element: orders.a, vlaue: 1', /vlaue: unknown key "vlaue"; did you mean "value"\?/],
])('freshness with %s', async (sla, expected) => {
  const yaml = `${contractYaml('properties: [{ name: a, logicalType: date }]')}slaProperties: [{ property: freshness, ${sla} }]\n`;
  expect((await problems(yaml)).join('\n')).toMatch(expected);
});

describe('the relation source', () => {
  const withLogic = (logic: string, custom = '') =>
    ofBody(
      `properties: [{ name: a, logicalType: string }, { name: b, logicalType: string, transformLogic: "${logic}" }]${custom}`,
    );
  const pattern = (value: string) => `\n    customProperties: [{ property: keyPattern, value: '${value}' }]`;

  test.each([
    [
      'source.kye',
      'properties[1].transformLogic: "source.kye": source has no column "kye"; did you mean "key"?',
    ],
    [
      'SOURCE.region',
      'properties[1].transformLogic: "source.region": source has no column "region"; it has key, uploaded_at, version, folders',
    ],
  ])('has no column of another name: %s', async (logic, problem) => {
    expect((await withLogic(logic))[0]).toBe(problem);
  });

  test('has the groups of keyPattern', async () => {
    expect(await withLogic('source.dya', pattern('(?P<day>.*)'))).toEqual(
      expect.arrayContaining([expect.stringContaining('did you mean "day"?')]),
    );
  });

  test.each([
    ['(.*)', 'expected an RE2 pattern with named groups'],
    ['[(?P<a>)]', 'expected an RE2 pattern with named groups'],
    ['(?P<Key>.*)', 'the group "Key" has the name of another column of source; rename it'],
    ['(?P<a>.)(?P<A>.)', 'the group "A" has the name of another column of source; rename it'],
    ['(?P<a>(?=x))', 'DuckDB'],
  ])('a keyPattern that cannot be used: %s', async (value, problem) => {
    const found = await ofBody(`properties: [{ name: a, logicalType: string }]${pattern(value)}`);
    expect(found.join('\n')).toContain(problem);
    expect(found[0]).toMatch(/^customProperties\[0\]\.value/);
  });

  test('is checked in silver.sql too, unless that has a subquery of the name', async () => {
    const body = contractYaml('properties: [{ name: a, logicalType: string }]');
    expect(await problems(body, 'select a, _row from accepted, source where source.versoin is null')).toEqual(
      ['silver.sql (document): "source.versoin": source has no column "versoin"; did you mean "version"?'],
    );
    for (const sql of [
      'with source as (select * from accepted) select source.a, source._row from source',
      'select source.a, source._row from accepted as source',
      'select source.a, source._row from accepted source',
    ])
      await expect(problems(body, sql)).rejects.toThrow('no problem found');
  });
});
