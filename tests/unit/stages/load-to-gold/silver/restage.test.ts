import { SchemaIncompatible } from '../../../../../shared/errors.ts';
import { Table } from '../../../../../shared/lake/table/commit/table.ts';
import { Intents } from '../../../../../shared/stages/load-to-gold/silver/intents.ts';
import { contractOf, rowsSql, runOf, SilverLake } from '../../../../helpers/silver-lake.ts';

const ID = '{ name: id, logicalType: integer, primaryKey: true }';
const V = '{ name: v, logicalType: string }';
const W = '{ name: w, logicalType: string }';
const COUNTRY = '{ name: country, logicalType: string }';
const bucketed = (buckets: number): string =>
  `{ name: id, logicalType: integer, primaryKey: true, partitioned: true, customProperties: [{ property: partitionTransform, value: 'bucket[${buckets}]' }] }`;

const lakeOf = async (...properties: string[]) => new SilverLake(await contractOf(properties));
const all = (lake: SilverLake) =>
  lake.query('SELECT * EXCLUDE (_run_id, _source_id, _row, _rescued) FROM silver.t ORDER BY id');

/** Stages a file under one contract, commits another's under a second, and then the first: under which it says. */
const meet = async (
  first: { contract: string[]; rows: string },
  second: { contract: string[]; rows: string },
  then: string[],
): Promise<SilverLake> => {
  const lake = await lakeOf(...first.contract);
  await lake.upload('zero', 0, first.rows.replaceAll('1', '9'));
  const run = runOf('first', 1);
  const staged = await lake.stage(run, first.rows);
  lake.contract = await contractOf(second.contract);
  await lake.upload('second', 2, second.rows);
  lake.contract = await contractOf(then);
  expect(await lake.load(run, staged)).toEqual({ status: 'loaded', version: 3 });
  return lake;
};

test('a run that was transformed before a column came finds the table with it, and has NULL there', async () => {
  const first = { contract: [ID, V], rows: rowsSql('id, v', "(1, 'v1')") };
  const second = { contract: [ID, W, V], rows: rowsSql('id, w, v', "(2, 'w2', 'v2')") };
  expect(await all(await meet(first, second, second.contract))).toEqual([
    { id: 1, w: null, v: 'v1' },
    { id: 2, w: 'w2', v: 'v2' },
    { id: 9, w: null, v: 'v9' },
  ]);
});

test('of two deployments side by side, the one that does not know a column loses none of its values', async () => {
  const first = { contract: [ID, V], rows: rowsSql('id, v', "(1, 'v1')") };
  const second = { contract: [ID, V, W], rows: rowsSql('id, v, w', "(2, 'v2', 'w2')") };
  const lake = await meet(first, second, first.contract);
  expect(await all(lake)).toHaveLength(3);
  lake.contract = await contractOf(second.contract);
  await lake.upload('third', 3, rowsSql('id, v, w', "(3, 'v3', 'w3')"));
  expect((await all(lake)).map(({ w }) => w)).toEqual([null, 'w2', 'w3', null]);
});

test('a column that was renamed meanwhile keeps the values that were transformed before', async () => {
  const first = {
    contract: [ID, '{ name: v, id: text, logicalType: string }'],
    rows: rowsSql('id, v', "(1, 'v1')"),
  };
  const second = {
    contract: [ID, '{ name: words, id: text, logicalType: string }'],
    rows: rowsSql('id, words', "(2, 'v2')"),
  };
  expect((await all(await meet(first, second, second.contract))).map(({ words }) => words)).toEqual([
    'v1',
    'v2',
    'v9',
  ]);
});

test('both are given new columns of the same number: each keeps its own values', async () => {
  const lake = await lakeOf(ID);
  await lake.upload('zero', 0, rowsSql('id', '(9)'));
  lake.contract = await contractOf([ID, V]);
  const run = runOf('first', 1);
  const staged = await lake.stage(run, rowsSql('id, v', "(1, 'v1')"));
  lake.contract = await contractOf([ID, W]);
  await lake.upload('second', 2, rowsSql('id, w', "(2, 'w2')"));
  lake.contract = await contractOf([ID, V, W]);
  await lake.load(run, staged);
  expect(await all(lake)).toEqual([
    { id: 1, v: 'v1', w: null },
    { id: 2, v: null, w: 'w2' },
    { id: 9, v: null, w: null },
  ]);
});

test('the first two runs of a table, under contracts that name its columns in other orders', async () => {
  const lake = await lakeOf(ID, V);
  const run = runOf('first', 1);
  const staged = await lake.stage(run, rowsSql('id, v', "(1, 'v1')"));
  lake.contract = await contractOf([V, ID]);
  await lake.upload('second', 2, rowsSql('v, id', "('v2', 2)"));
  await lake.load(run, staged);
  expect(await all(lake)).toEqual([
    { v: 'v1', id: 1 },
    { v: 'v2', id: 2 },
  ]);
});

test('files that fit are committed as they are', async () => {
  const lake = await lakeOf(ID, V);
  const run = runOf('first', 1);
  const staged = await lake.stage(run, rowsSql('id, v', "(1, 'v1')"));
  await lake.upload('second', 2, rowsSql('id, v', "(2, 'v2')"));
  await lake.load(run, staged);
  expect((await lake.filesOf('first')).map(({ key }) => key)).toEqual(staged.files.map(({ key }) => key));
});

test.each([
  ['not at all', 'by country', ID, ID, COUNTRY, `${COUNTRY.slice(0, -2)}, partitioned: true }`],
  ['into few buckets', 'into more', bucketed(8), bucketed(16), COUNTRY, COUNTRY],
])(
  'a run whose files are split %s finds the table split %s: its rows are split again',
  async (_, __, id, idThen, country, countryThen) => {
    const lake = await lakeOf(id, country);
    const run = runOf('first', 1);
    const rows = "SELECT i AS id, ['DE', 'FR', 'IT'][1 + i % 3] AS country FROM range(50) AS t(i)";
    const staged = await lake.stage(run, rows);
    lake.contract = await contractOf([idThen, countryThen]);
    await lake.load(run, staged);
    const fresh = await lakeOf(idThen, countryThen);
    await fresh.upload('first', 1, rows);
    const partitions = async (of: SilverLake) =>
      (await (await of.snapshot()).files())
        .map(({ partition, rows }) => JSON.stringify({ partition, rows }))
        .toSorted();
    expect(await partitions(lake)).toEqual(await partitions(fresh));
    expect(await all(lake)).toEqual(await all(fresh));
  },
);

test('rows of which one of each key was chosen by another key are refused', async () => {
  const key = (name: string, position: number): string =>
    `{ name: ${name}, logicalType: string, primaryKey: true, primaryKeyPosition: ${position} }`;
  const lake = await lakeOf(key('id', 1), key('v', 2));
  const run = runOf('first', 1);
  const staged = await lake.stage(run, rowsSql('id, v', "('1', 'a')", "('1', 'b')"));
  lake.contract = await contractOf([key('id', 1), V]);
  await expect(lake.load(run, staged)).rejects.toThrow(/the primary key has changed.* Replay the file/);
  await expect(lake.snapshot()).rejects.toThrow('nothing is committed');
});

test('who waits with files that are split otherwise is not taken along', async () => {
  const lake = await lakeOf(ID, COUNTRY);
  const run = runOf('first', 1);
  const staged = await lake.stage(run, rowsSql('id, country', "(1, 'DE')"));
  lake.contract = await contractOf([ID, `${COUNTRY.slice(0, -2)}, partitioned: true }`]);
  await new Intents(lake.store, 't').write({ run, staged, fingerprint: lake.contract.fingerprint });
  await lake.upload('second', 2, rowsSql('id, country', "(2, 'FR')"));
  expect((await (await lake.snapshot()).files()).map(({ partition }) => partition)).toEqual([
    { country: 'FR' },
  ]);
});

test('rows that cannot become what the contract says now are refused', async () => {
  const lake = await lakeOf(ID, '{ name: v, id: new, logicalType: string }');
  const run = runOf('first', 1);
  const staged = await lake.stage(run, rowsSql('id, v', "(1, 'secret')"));
  lake.contract = await contractOf([ID, '{ name: v, id: new, logicalType: integer }']);
  await lake.upload('second', 2, rowsSql('id, v', '(2, 2)'));
  const attempt = lake.load(run, staged);
  await expect(attempt).rejects.toThrow(SchemaIncompatible);
  await expect(attempt).rejects.not.toThrow('secret');
  expect((await lake.snapshot()).version).toBe(1);
});

test('rows that lack a column which the table promises in every row are refused', async () => {
  const lake = await lakeOf(ID);
  const run = runOf('first', 1);
  const staged = await lake.stage(run, rowsSql('id', '(1)'));
  lake.contract = await contractOf([ID, '{ name: v, logicalType: string, required: true }']);
  const refused = expect(lake.load(run, staged)).rejects;
  await refused.toThrow(SchemaIncompatible);
  await refused.toThrow('Replay the file');
  expect(await new Table(lake.store, 't').current()).toBeUndefined();
  // In a table that has older rows the column is optional, and NULL in all of them.
  await lake.upload('other', 2, rowsSql('id, v', "(2, 'b')"));
  const older = await lake.stage(runOf('third', 3), rowsSql('id, v', "(3, 'c')"));
  expect(await lake.load(runOf('third', 3), older)).toMatchObject({ status: 'loaded' });
});

test('a run without rows commits whatever the columns are', async () => {
  const lake = await lakeOf(ID, V);
  const run = runOf('first', 1);
  const staged = await lake.stage(run, `${rowsSql('id, v', "(1, 'v')")} WHERE false`);
  lake.contract = await contractOf([ID, W]);
  await lake.upload('second', 2, rowsSql('id, w', "(2, 'w2')"));
  expect(await lake.load(run, staged)).toEqual({ status: 'loaded', version: 2 });
  expect(await all(lake)).toEqual([{ id: 2, w: 'w2' }]);
});
