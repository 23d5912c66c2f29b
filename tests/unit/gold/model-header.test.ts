import { loadAll } from '../../../shared/contract/load.ts';
import { checkModels, loadGoldModels, parseGoldModel } from '../../../shared/gold/model-header.ts';
import { contractYaml, sqlDirWith } from '../contract/contracts.ts';

const header = (yaml: string): string => `/*---\n${yaml}\n---*/\n`;
const COLUMNS = 'columns: [{ name: day, logicalType: date }]';

test('a model with everything', () => {
  const text = `${header(`description: Orders per day.
partitionedBy: [year]
columns:
  - { name: day, logicalType: date, primaryKey: true, description: The day. }
  - { name: orders, logicalType: integer, required: true }
  - { name: total, logicalType: number, physicalType: "DECIMAL(38,2)" }
  - { name: tags, physicalType: "MAP(VARCHAR, VARCHAR)" }
  - { name: year, logicalType: integer }`)}
-- why
with orders as (select * from silver.orders) select * from orders join silver.shops using (shop);`;
  expect(parseGoldModel('sql/orders/gold/by_day.sql', text)).toEqual({
    name: 'by_day',
    file: 'sql/orders/gold/by_day.sql',
    description: 'Orders per day.',
    partitionedBy: ['year'],
    columns: [
      { name: 'day', type: 'DATE', required: true, description: 'The day.' },
      { name: 'orders', type: 'BIGINT', required: true },
      { name: 'total', type: 'DECIMAL(38,2)', required: false },
      { name: 'tags', type: 'MAP(VARCHAR, VARCHAR)', required: false },
      { name: 'year', type: 'BIGINT', required: false },
    ],
    primaryKey: ['day'],
    sql: '-- why\nwith orders as (select * from silver.orders) select * from orders join silver.shops using (shop)',
    reads: ['orders', 'shops'],
    fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
});

test.each([
  ['select 1', /m\.sql:?\d* \(document\): expected a first block comment/],
  [`${header(COLUMNS)}`, /expected a SELECT \(there is none\)/],
  [`${header(COLUMNS)}select 1; select 2`, /expected one statement only/],
  [`${header('columns: []')}select 1`, /m\.sql:2 columns: expected at least one column, found \[\]/],
  [
    `${header(`${COLUMNS}\npartitionedBy: [month]`)}select 1`,
    /m\.sql:3 partitionedBy\[0\]: expected one of the columns/,
  ],
  [
    `${header(`${COLUMNS}\npartitoned: []`)}select 1`,
    /partitoned: expected only keys|partitoned: expected "partitionedBy"/,
  ],
  [`${header('columns: [{ name: a }]')}select 1`, /columns\[0\]: expected a logicalType or a physicalType/],
  [
    `${header('columns: [{ name: a, logicalType: int }]')}select 1`,
    /columns\[0\]\.logicalType: expected "string" or/,
  ],
  [
    `${header('columns: [{ name: a, logicalType: date }, { name: a, logicalType: date }]')}select 1`,
    /columns\[1\]\.name: expected a name of its own/,
  ],
  [`${header('a: [')}select 1`, /line 2: expected YAML/],
])('%j is no model', (text, expected) => {
  expect(() => parseGoldModel('m.sql', text)).toThrow(expected);
});

test('a name that cannot be a table', () => {
  expect(() => parseGoldModel('By Day.sql', `${header(COLUMNS)}select 1`)).toThrow(/expected a file name of/);
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
    /orders\/gold\/m\.sql \(document\): expected a name of its own: .*gold\/m\.sql makes gold\.m already/,
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
