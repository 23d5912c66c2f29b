import { loadAll } from '../../../../../shared/contract/load.ts';
import {
  checkModels,
  loadGoldModels,
  parseGoldModel,
} from '../../../../../shared/stages/load-to-gold/gold/model-header.ts';
import { contractYaml, sqlDirWith } from '../../../../helpers/contracts.ts';
import { withTestDb } from '../../../../helpers/duckdb.ts';

const header = (yaml: string): string => `/*---\n${yaml}\n---*/\n`;
const COLUMNS = 'columns: [{ name: day, logicalType: date }]';

test('a model with everything', () => {
  const text = `${header(`description: Orders per day.
partitionedBy:
  - year
  - month(day)
  - bucket(16, orders)
  - truncate( 4,shop )
columns:
  - { name: day, logicalType: date, primaryKey: true, description: The day. }
  - { name: orders, logicalType: integer, required: true }
  - { name: total, logicalType: number, physicalType: "DECIMAL(38,2)" }
  - { name: tags, physicalType: "MAP(VARCHAR, VARCHAR)" }
  - { name: year, logicalType: integer }
  - { name: shop, logicalType: string }`)}
-- why
with orders as (select * from silver.orders) select * from orders join silver.shops using (shop);`;
  expect(parseGoldModel('sql/orders/gold/by_day.sql', text)).toEqual({
    name: 'by_day',
    file: 'sql/orders/gold/by_day.sql',
    description: 'Orders per day.',
    partitionedBy: [
      { name: 'year', column: 'year', transform: 'identity' },
      { name: 'day_month', column: 'day', transform: 'month' },
      { name: 'orders_bucket_16', column: 'orders', transform: 'bucket[16]' },
      { name: 'shop_trunc_4', column: 'shop', transform: 'truncate[4]' },
    ],
    columns: [
      { name: 'day', type: 'DATE', required: true, description: 'The day.' },
      { name: 'orders', type: 'BIGINT', required: true },
      { name: 'total', type: 'DECIMAL(38,2)', required: false },
      { name: 'tags', type: 'MAP(VARCHAR, VARCHAR)', required: false },
      { name: 'year', type: 'BIGINT', required: false },
      { name: 'shop', type: 'VARCHAR', required: false },
    ],
    primaryKey: ['day'],
    sql: '-- why\nwith orders as (select * from silver.orders) select * from orders join silver.shops using (shop)',
    reads: ['orders', 'shops'],
    fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
});

test.each([
  ['select 1', /m\.sql:?\d* \(document\): no header; begin with a block comment/],
  [`${header(COLUMNS)}`, /expected a SELECT \(there is no statement\)/],
  [`${header(COLUMNS)}select 1; select 2`, /expected one statement \(there are several\)/],
  [`${header('columns: []')}select 1`, /m\.sql:2 columns: expected at least one column, found \[\]/],
  [
    `${header(`${COLUMNS}\npartitionedBy: [month]`)}select 1`,
    /m\.sql:3 partitionedBy\[0\]: expected one of the columns/,
  ],
  [
    `${header(`${COLUMNS}\npartitoned: []`)}select 1`,
    /partitoned: unknown key "partitoned"; known here: .*partitionedBy/,
  ],
  [`${header('columns: [{ name: a }]')}select 1`, /columns\[0\]: expected a logicalType or a physicalType/],
  [
    `${header('columns: [{ name: a, logicalType: int }]')}select 1`,
    /columns\[0\]\.logicalType: expected "string" or/,
  ],
  [
    `${header('columns: [{ name: a, logicalType: date }, { name: a, logicalType: date }]')}select 1`,
    /columns\[1\]\.name: duplicate name "a"/,
  ],
  [`${header('a: [')}select 1`, /m\.sql:2 \(document\): not valid YAML/],
])('%j is no model', (text, expected) => {
  expect(() => parseGoldModel('m.sql', text)).toThrow(expected);
});

test('a name that cannot be a table', () => {
  expect(() => parseGoldModel('By Day.sql', `${header(COLUMNS)}select 1`)).toThrow(/expected a file name of/);
});

const typed = (physicalType: string): string =>
  `${header(`columns: [{ name: a, physicalType: ${JSON.stringify(physicalType)} }]`)}select 1`;

test.each([
  ['decimal(38, 2)', 'DECIMAL(38,2)'],
  ['NUMERIC(5)', 'DECIMAL(5,0)'],
  ['int', 'INTEGER'],
  ['Text', 'VARCHAR'],
  ['timestamp  with time zone', 'TIMESTAMP WITH TIME ZONE'],
  ['timestamptz', 'TIMESTAMP WITH TIME ZONE'],
  ['UBIGINT', 'UBIGINT'],
  ['uuid', 'UUID'],
  ['DECIMAL(4,1)[]', 'DECIMAL(4,1)[]'],
  ['STRUCT(a INTEGER, b VARCHAR[])', 'STRUCT(a INTEGER, b VARCHAR[])'],
])('physicalType %s is %s', async (written, type) => {
  expect(parseGoldModel('m.sql', typed(written)).columns[0]?.type).toBe(type);
  await withTestDb(async (db) =>
    expect(await db.describe(`SELECT CAST(NULL AS ${written}) AS a`)).toEqual([{ name: 'a', type }]),
  );
});

test.each([
  'HUGEINT',
  'uhugeint',
  'INTERVAL',
  'TIMETZ',
  'TIME WITH TIME ZONE',
  'BIT',
  'MAP(VARCHAR, HUGEINT)',
  'STRUCT(a INTERVAL)',
  'UNION(a INTEGER, b VARCHAR)',
  'DECIMAL(40,2)',
  'DECIMAL(3,4)',
  'DECIMAL',
  'DECIMAL(40,2)[]',
  'STRUCT(a DECIMAL(1,2))',
  'INTEGER) AS a, (1',
  'money',
])('no table can hold a column of %s', (physicalType) => {
  expect(() => parseGoldModel('m.sql', typed(physicalType))).toThrow(
    /m\.sql:2 columns\[0\]\.physicalType: expected a type that Iceberg has, .*, found "/,
  );
});

test.each([
  ['[hour(day)]', /:3 partitionedBy\[0\]: expected identity, year, month, .*, found "hour"/],
  ['[void(day)]', /partitionedBy\[0\]: expected identity, year/],
  ['[bucket(day)]', /partitionedBy\[0\]: expected identity, year/],
  ['["bucket(0, day)"]', /partitionedBy\[0\]: expected identity, year.*found "bucket\[0\]"/],
  ['["month(2, day)"]', /partitionedBy\[0\]: expected identity, year.*found "month\[2\]"/],
  ['[month(dya)]', /partitionedBy\[0\]: expected one of the columns, found "dya"/],
  [
    '[bucket(16, day)]',
    /partitionedBy\[0\]: expected a column or a transform of one, such as month\(day\); a comma between \[ and \] needs quotes.*found "bucket\(16"/,
  ],
  ['["month(day) desc"]', /partitionedBy\[0\]: expected a column or a transform of one/],
  ['["truncate(4, day)"]', /expected a transform that DATE supports \(identity, year.*found "truncate\[4\]"/],
  ['[tags]', /partitionedBy\[0\]: expected a type with exact, short values, found "MAP/],
  ['[ratio]', /partitionedBy\[0\]: expected a type with exact, short values, found "DOUBLE/],
  ['[year(day), month(day)]', /partitionedBy\[1\]: duplicate partition field of column "day"/],
  ['[year(day)]', /partitionedBy\[0\]: the partition field "day_year" has the name of a column/],
])('partitionedBy %s cannot be', (partitionedBy, expected) => {
  const columns = `columns:
  - { name: day, logicalType: date }
  - { name: day_year, logicalType: integer }
  - { name: ratio, logicalType: number }
  - { name: tags, physicalType: "MAP(VARCHAR, VARCHAR)" }`;
  expect(() =>
    parseGoldModel(
      'm.sql',
      `${header(`description: d\npartitionedBy: ${partitionedBy}\n${columns}`)}select 1`,
    ),
  ).toThrow(expected);
});

const orders = (properties: string): string => contractYaml(`properties: [${properties}]`);
const PARTITIONED =
  '{ name: day, logicalType: date }, { name: year, logicalType: integer, transformLogic: year(day), partitioned: true }';

const check = async (files: Record<string, string>): Promise<void> => {
  const sqlDir = sqlDirWith({ 'orders/contract.yaml': orders(PARTITIONED), ...files });
  checkModels(await loadGoldModels(sqlDir), await loadAll(sqlDir));
};
const BY_YEAR = header('partitionedBy: [year]\ncolumns: [{ name: year, logicalType: integer }]');

test('models lie beside their dataset, or in sql/gold; deeper files are no models', async () => {
  const model = `${header(COLUMNS)}select day from silver.orders`;
  const sqlDir = sqlDirWith({
    'orders/contract.yaml': orders(PARTITIONED),
    'orders/gold/by_day.sql': model,
    'orders/gold/old/by_week.sql': 'not a model',
    'gold/all.sql': model,
    'orders/silver.sql': 'select * from accepted',
  });
  const models = await loadGoldModels(sqlDir);
  expect(models.map(({ name }) => name)).toEqual(['all', 'by_day']);
  checkModels(models, await loadAll(sqlDir));
});

test('a partitioned model follows the partitions of all it reads', async () => {
  await check({ 'gold/m.sql': `${BY_YEAR}select distinct year from silver.orders` });
  const shops = orders('{ name: shop, logicalType: string }').replace('name: orders', 'name: shops');
  await expect(
    check({
      'shops/contract.yaml': shops,
      'gold/m.sql': `${BY_YEAR}select distinct year from silver.orders, silver.shops`,
    }),
  ).rejects.toThrow(
    /partitionedBy\[0\]: expected a partition column of silver\.shops \(or no partitions\), found "year"/,
  );
});

test('a model partitioned by a transform follows the same transform of all it reads', async () => {
  const by = (transform: string): string =>
    orders(
      `{ name: day, logicalType: date, partitioned: true, customProperties: [{ property: partitionTransform, value: ${transform} }] }`,
    );
  const model = (...partitionedBy: string[]): string =>
    `${header(`partitionedBy: ${JSON.stringify(partitionedBy)}\n${COLUMNS}`)}select day from silver.orders`;
  await check({ 'orders/contract.yaml': by('month'), 'gold/m.sql': model('month(day)') });
  await check({ 'orders/contract.yaml': by('"bucket[4]"'), 'gold/m.sql': model('bucket(4, day)') });
  await check({ 'orders/contract.yaml': by('identity'), 'gold/m.sql': model('day') });
  await expect(
    check({ 'orders/contract.yaml': by('month'), 'gold/m.sql': model('year(day)') }),
  ).rejects.toThrow(
    /gold\/m\.sql partitionedBy\[0\]: expected the transform that silver\.orders is partitioned by, month\(day\) \(or no partitions\), found "year\(day\)"/,
  );
  await expect(
    check({ 'orders/contract.yaml': by('"bucket[4]"'), 'gold/m.sql': model('bucket(8, day)') }),
  ).rejects.toThrow(/, bucket\(4, day\) \(or no partitions\), found "bucket\(8, day\)"/);
  await expect(check({ 'orders/contract.yaml': by('month'), 'gold/m.sql': model('day') })).rejects.toThrow(
    /, month\(day\) \(or no partitions\), found "day"/,
  );
});

test.each([
  [
    { 'gold/m.sql': `${header(COLUMNS)}select day from silver.order` },
    /expected silver\.<one of orders>, found "silver\.order"/,
  ],
  [
    { 'gold/m.sql': `${header(COLUMNS)}select current_date as day` },
    /expected a SELECT that reads at least one silver/,
  ],
  [
    {
      'gold/m.sql': `${header(COLUMNS)}select day from silver.orders`,
      'orders/gold/m.sql': `${header(COLUMNS)}select day from silver.orders`,
    },
    /orders\/gold\/m\.sql \(document\): duplicate model "m": .*gold\/m\.sql makes gold\.m already/,
  ],
  [
    {
      'gold/m.sql': `${header('partitionedBy: [year]\ncolumns: [{ name: year, logicalType: string }]')}select year::varchar as year from silver.orders`,
    },
    /expected the type it has in silver\.orders, BIGINT, found "VARCHAR"/,
  ],
] as [Record<string, string>, RegExp][])('models that cannot be', async (files, expected) => {
  await expect(check(files)).rejects.toThrow(expected);
});
