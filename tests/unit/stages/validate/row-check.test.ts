import { type Staged, stage } from '../../../helpers/staging.ts';

const reasonsPerRow = ({ reasons }: Staged): string[][] => Object.values(reasons);

test('a row is rejected with all its reasons at once', async () => {
  const staged = await stage(
    [
      'name: id, logicalType: integer, required: true, logicalTypeOptions: { minimum: 1, multipleOf: 5 }',
      'name: name, logicalType: string, required: true, logicalTypeOptions: { minLength: 2, maxLength: 3, pattern: "^[a-z]+$" }',
      'name: day, logicalType: date, logicalTypeOptions: { maximum: "2024-12-31" }',
      'name: size, logicalType: string, quality: [{ metric: invalidValues, arguments: { validValues: [S, M] }, mustBe: 0 }]',
    ],
    'id,name,day,size\n5,abc,2024-12-31,S\n-3,ABCD,2025-01-01,L\n,,,\nx,a,2024-02-30,m\n',
  );
  expect(staged.reasons).toEqual({
    3: ['id.minimum', 'id.multipleOf', 'name.maxLength', 'name.pattern', 'day.maximum', 'size.allowed'],
    4: ['id.required', 'name.required'],
    5: ['id.type', 'name.minLength', 'day.type', 'size.allowed'],
  });
  expect(staged.raw[3]).toBe('{"id":"-3","name":"ABCD","day":"2025-01-01","size":"L"}');
  expect(staged.rows).toEqual({ read: 4, accepted: 1, rejected: 3 });
});

test.each<[string, string[], string[]]>([
  ['logicalType: integer, logicalTypeOptions: { minimum: 1, maximum: 3 }', ['1', '3'], ['0', '4']],
  [
    'logicalType: integer, logicalTypeOptions: { exclusiveMinimum: 1, exclusiveMaximum: 3 }',
    ['2'],
    ['1', '3'],
  ],
  ['logicalType: number, logicalTypeOptions: { minimum: -0.5 }', ['-0.5', '0'], ['-0.51']],
  [
    'logicalType: integer, logicalTypeOptions: { multipleOf: 2 }',
    ['0', '-4', '9007199254740994'],
    ['3', '9007199254740993'],
  ],
  [
    'logicalType: number, logicalTypeOptions: { multipleOf: 0.1 }',
    ['0.3', '0.7', '123456.7', '-1.1', '0'],
    ['0.35', '0.301'],
  ],
  [
    'logicalType: number, logicalTypeOptions: { multipleOf: 0.01 }',
    ['12345678.90', '1234567890.12', '0.29', '-4.35'],
    ['12345678.905', '1234567890.125', '0.2901'],
  ],
  [
    'logicalType: number, logicalTypeOptions: { format: f32, multipleOf: 0.1 }',
    ['0.3', '1234.5'],
    ['0.35', '1234.53'],
  ],
  [
    'logicalType: number, physicalType: "DECIMAL(18,2)", logicalTypeOptions: { multipleOf: 5 }',
    ['3000000000', '-5.00', '9999999999999995'],
    ['3000000001', '9999999999999996', '5.01'],
  ],
  [
    'logicalType: number, physicalType: "DECIMAL(18,2)", logicalTypeOptions: { multipleOf: 0.125 }',
    ['9999999999999999.25', '0'],
    ['9999999999999999.26'],
  ],
  [
    'logicalType: number, physicalType: "DECIMAL(38,0)", logicalTypeOptions: { multipleOf: 0.01 }',
    ['99999999999999999999999999999999999999', '7'],
    [],
  ],
  [
    'logicalType: integer, logicalTypeOptions: { multipleOf: 2.5 }',
    ['9223372036854775805', '-5'],
    ['9223372036854775806', '1'],
  ],
  [
    'logicalType: string, logicalTypeOptions: { minLength: 2, maxLength: 3 }',
    ['ab', 'äöü', '👍👍'],
    ['a', 'abcd'],
  ],
  ['logicalType: string, logicalTypeOptions: { pattern: "b+" }', ['abc', 'b'], ['ac']],
  ['logicalType: string, logicalTypeOptions: { format: email }', ['a@b.de'], ['a@b', 'a b@c.de']],
  ['logicalType: date, logicalTypeOptions: { minimum: "2020-01-01" }', ['2020-01-01'], ['2019-12-31']],
  [
    'logicalType: timestamp, logicalTypeOptions: { maximum: "2020-01-01T00:00:00Z" }',
    ['2020-01-01T02:00:00+02:00'],
    ['2020-01-01T00:00:00.000001'],
  ],
  [
    'logicalType: timestamp, logicalTypeOptions: { minimum: "2024-01-01T00:00:00+02:00", exclusiveMaximum: "2024-01-01T00:00:00-01:00" }',
    ['2023-12-31T22:00:00Z', '2024-01-01T00:59:59'],
    ['2023-12-31T21:59:59Z', '2024-01-01T01:00:00'],
  ],
  [
    'logicalType: timestamp, quality: [{ metric: invalidValues, arguments: { validValues: ["2024-01-01T00:00:00+02:00"] }, mustBe: 0 }]',
    ['2023-12-31T22:00:00', '2024-01-01T00:00:00+02:00'],
    ['2024-01-01T00:00:00'],
  ],
  [
    'logicalType: integer, quality: [{ metric: invalidValues, arguments: { validValues: [1, 2] }, mustBe: 0 }]',
    ['1', '2.0'],
    ['3'],
  ],
  [
    'logicalType: number, quality: [{ metric: invalidValues, arguments: { validValues: [1, 2.5] }, mustBe: 0 }]',
    ['1', '1.0', '2.50'],
    ['2'],
  ],
  [
    'logicalType: date, quality: [{ metric: invalidValues, arguments: { validValues: ["2024-01-05"] }, mustBe: 0 }]',
    ['2024-1-5'],
    ['2024-01-06'],
  ],
  [
    'logicalType: string, quality: [{ metric: invalidValues, arguments: { validValues: ["it\'s", ""], pattern: "s$" }, mustBe: 0 }]',
    ["it's"],
    ['its', 'it'],
  ],
])('{ %s } accepts %j and rejects %j', async (options, good, bad) => {
  const rows = [...good, ...bad].map((value, i) => `${i},"${value}"`);
  const staged = await stage(
    ['name: n, logicalType: integer', `name: a, ${options}`],
    `n,a\n${rows.join('\n')}\n`,
  );
  const accepted = staged.all.filter((_, i) => staged.reasons[i + 2] === undefined).map(({ n }) => n);
  expect(accepted).toEqual(good.map((_, i) => i));
  expect(reasonsPerRow(staged)).toHaveLength(bad.length);
});

test('a missing value breaks no limit', async () => {
  const { rows } = await stage(
    [
      'name: id, logicalType: integer',
      'name: a, logicalType: string, logicalTypeOptions: { minLength: 1, pattern: x }',
      'name: b, logicalType: integer, logicalTypeOptions: { minimum: 1, multipleOf: 2 }, quality: [{ metric: invalidValues, arguments: { validValues: [2] }, mustBe: 0 }]',
    ],
    'id,a,b\n1,,\n2, ," "\n',
  );
  expect(rows).toEqual({ read: 2, accepted: 2, rejected: 0 });
});

test('records that cannot be parsed are kept with the rows that break rules, in the order of lines', async () => {
  const staged = await stage(
    ['name: id, logicalType: integer, required: true', 'name: s, logicalType: string'],
    'id,s\n1,a\n2\nx,"two\nlines"\n3,b,c\n4,"d" e\n5,f\n',
  );
  expect(staged.reasons).toEqual({ 3: ['columns'], 4: ['id.type'], 6: ['columns'], 7: ['quote'] });
  expect(staged.raw[6]).toBe('3,b,c');
  expect(staged.rows).toEqual({ read: 6, accepted: 2, rejected: 4 });
});
