import { loadContract } from '../../../shared/contract/load.ts';
import { contractYaml, sqlDirWith } from '../../helpers/contracts.ts';

const load = (body: string): ReturnType<typeof loadContract> =>
  loadContract(sqlDirWith({ 'orders/contract.yaml': contractYaml(body) }), 'orders');

const by = (transform: string): string =>
  `partitioned: true, customProperties: [{ property: partitionTransform, value: "${transform}" }]`;

test('partition fields are columns or transforms of columns, in the order of their positions', async () => {
  const { partitionedBy } = await load(`
    properties:
      - { name: shop, logicalType: string, partitionKeyPosition: 4, ${by('truncate[3]')} }
      - { name: placed, logicalType: timestamp, partitionKeyPosition: 1, ${by('month')} }
      - { name: id, logicalType: integer, partitionKeyPosition: 3, ${by('bucket[16]')} }
      - { name: state, logicalType: string, partitioned: true, partitionKeyPosition: 2 }
      - { name: flag, logicalType: boolean, partitionKeyPosition: 5, ${by('identity')} }
      - { name: due, logicalType: date, partitionKeyPosition: 6, ${by('year')} }
      - { name: seen, logicalType: timestamp, logicalTypeOptions: { timezone: true }, partitionKeyPosition: 7, ${by('day')} }
      - { name: other, logicalType: string, customProperties: [{ property: owner, value: someone }] }`);
  expect(partitionedBy).toEqual([
    { name: 'placed_month', column: 'placed', transform: 'month' },
    { name: 'state', column: 'state', transform: 'identity' },
    { name: 'id_bucket_16', column: 'id', transform: 'bucket[16]' },
    { name: 'shop_trunc_3', column: 'shop', transform: 'truncate[3]' },
    { name: 'flag', column: 'flag', transform: 'identity' },
    { name: 'due_year', column: 'due', transform: 'year' },
    { name: 'seen_day', column: 'seen', transform: 'day' },
  ]);
});

const types: [logical: string, fitting: string[]][] = [
  ['logicalType: string', ['identity', 'bucket[8]', 'truncate[8]']],
  ['logicalType: integer', ['identity', 'bucket[8]', 'truncate[8]']],
  ['logicalType: integer, logicalTypeOptions: { format: u8 }', ['identity', 'bucket[8]', 'truncate[8]']],
  ['logicalType: integer, logicalTypeOptions: { format: u64 }', ['identity', 'bucket[8]', 'truncate[8]']],
  ['logicalType: number, physicalType: "DECIMAL(9,2)"', ['identity', 'bucket[8]', 'truncate[8]']],
  ['logicalType: date', ['identity', 'year', 'month', 'day', 'bucket[8]']],
  ['logicalType: timestamp', ['identity', 'year', 'month', 'day', 'bucket[8]']],
  ['logicalType: time', ['identity', 'bucket[8]']],
  ['logicalType: boolean', ['identity']],
  ['logicalType: number', []],
  ['logicalType: number, logicalTypeOptions: { format: f32 }', []],
  ['logicalType: object', []],
  ['logicalType: array', []],
];

test.each(types)('a column with %s supports %j', async (type, fitting) => {
  const found: string[] = [];
  for (const transform of ['identity', 'year', 'month', 'day', 'bucket[8]', 'truncate[8]'])
    await load(`properties: [{ name: a, ${type}, ${by(transform)} }]`).then(
      () => found.push(transform),
      (error) => expect(String(error)).toMatch(/expected a (?:transform that|type with exact, short values)/),
    );
  expect(found).toEqual(fitting);
});

const TRANSFORM = 'customProperties: [{ property: partitionTransform';

test.each([
  [
    `a, logicalType: date, ${by('truncate[4]')}`,
    /properties\[0\]\.customProperties\[0\]\.value: expected a transform that DATE supports \(identity, year, month, day, bucket\[16\]\), found "truncate\[4\]"/,
  ],
  [
    `a, logicalType: object, ${by('bucket[4]')}`,
    /properties\[0\]\.partitioned: expected a type with exact, short values, found "JSON"/,
  ],
  ...['hour', 'days', 'void', 'bucket', 'bucket[0]', 'bucket[-1]', 'bucket[x]', 'truncate(4)', ''].map(
    (text): [string, RegExp] => [
      `a, logicalType: date, ${by(text)}`,
      /customProperties\[0\]\.value: expected identity, year, month, day, bucket\[N\] or truncate\[N\], found/,
    ],
  ),
  [
    `a, logicalType: date, ${TRANSFORM}, value: day }]`,
    /:8 schema\[0\]\.properties\[0\]\.customProperties\[0\]: needs partitioned: true on the same property/,
  ],
  [
    `a, logicalType: date, partitioned: false, ${TRANSFORM}, value: day }]`,
    /customProperties\[0\]: needs partitioned: true on the same property/,
  ],
  [
    `a, logicalType: date, partitioned: true, ${TRANSFORM}, value: 4 }]`,
    /customProperties\[0\]\.value: expected a string, found 4/,
  ],
  [
    `a, logicalType: date, partitioned: true, ${TRANSFORM}, value: day }, { property: partitionTransform, value: year }]`,
    /customProperties\[1\]\.property: duplicate property "partitionTransform"; keep one/,
  ],
  [
    'a, logicalType: date, partitioned: true, customProperties: [{ property: partitionTransfrom, value: day }]',
    /customProperties\[0\]\.property: unknown property "partitionTransfrom"; did you mean "partitionTransform"\?/,
  ],
  [
    `a, logicalType: date, ${by('day')} }, { name: A_day, logicalType: string`,
    /customProperties\[0\]\.value: the partition field "a_day" has the name of a column/,
  ],
  [
    `a_b, logicalType: date, ${by('day')} }, { name: A_B_DAY, logicalType: string, transformLogic: "'x'"`,
    /the partition field "a_b_day" has the name of a column/,
  ],
])('{ name: %s }', async (property, expected) => {
  const body = `properties: [{ name: ${property} }]`;
  await expect(load(body)).rejects.toThrow(expected);
  await expect(load(body)).rejects.toThrow(/^1 problem to fix/);
});

test('a transform that is not on a property is a mistake', async () => {
  await expect(
    load(`properties: [{ name: a, logicalType: date }]\n    ${TRANSFORM}, value: day }]`),
  ).rejects.toThrow(
    /schema\[0\]\.customProperties\[0\]: "partitionTransform" belongs under schema\[0\]\.properties/,
  );
});
