import path from 'node:path';
import { ident, literal } from '../../shared/duckdb/sql.ts';
import type { Row } from '../../shared/duckdb/values.ts';
import { withDuckDb } from '../../shared/duckdb/with-duckdb.ts';
import type { Snapshot } from '../../shared/table/snapshot.ts';
import { Table, type Version } from '../../shared/table/table.ts';
import { datasets, type TestPipeline, testPipeline } from '../helpers/pipeline.ts';
import { scratch } from '../helpers/scratch.ts';
import { contractYaml } from '../helpers/silver-lake.ts';
import { compareDb, difference, NONE, viewOf } from './compare.ts';
import { type PyIceberg, startPyIceberg } from './pyiceberg.ts';

/** Before, and after: columns renamed, widened, dropped, added and in another order. */
const BEFORE = contractYaml('orders', [
  '{ name: number, logicalType: integer, logicalTypeOptions: { format: i32 }, primaryKey: true }',
  '{ name: customer, logicalType: string }',
  '{ name: quantity, logicalType: integer, logicalTypeOptions: { format: i16 } }',
  '{ name: weight, logicalType: number, logicalTypeOptions: { format: f32 } }',
  '{ name: price, logicalType: number, physicalType: "DECIMAL(6,2)" }',
  '{ name: note, logicalType: string, required: true }',
  '{ name: placed, logicalType: date, partitioned: true }',
]);
const AFTER = contractYaml('orders', [
  '{ name: placed, logicalType: date, partitioned: true }',
  '{ name: country, logicalType: string, required: true }',
  '{ name: order_number, id: number, logicalType: integer, primaryKey: true }',
  '{ name: price, logicalType: number, physicalType: "DECIMAL(12,2)" }',
  '{ name: quantity, logicalType: integer }',
  '{ name: weight, logicalType: number }',
  '{ name: client, id: customer, logicalType: string }',
  // A column that has nothing to do with the one that was called so.
  '{ name: customer, id: customer-2, logicalType: boolean }',
]);

const FIRST = `number,customer,quantity,weight,price,note,placed
1,Ada,3,1.5,1234.50,gift,2024-01-01
2,Grace,-4,0.25,-0.01,-,2024-01-01
3,,32767,,9999.99,late,2024-01-02
`;
const SECOND = `placed,country,order_number,price,quantity,weight,client,customer
2024-01-02,DE,2,1234567890.12,5000000000,1e300,Grace H.,true
2024-01-03,FR,4,0.10,,0.1,Alan,false
`;

/** What the first file brought. */
const OLD_ROWS = [
  {
    number: 1,
    customer: 'Ada',
    quantity: 3,
    weight: 1.5,
    price: '1234.50',
    note: 'gift',
    placed: '2024-01-01',
  },
  {
    number: 2,
    customer: 'Grace',
    quantity: -4,
    weight: 0.25,
    price: '-0.01',
    note: '-',
    placed: '2024-01-01',
  },
  {
    ...{ number: 3, customer: null, quantity: 32_767, weight: null, price: '9999.99', note: 'late' },
    placed: '2024-01-02',
  },
];
/** Both files' rows, order 2 as the second file has it. */
const NEW_ROWS = [
  {
    ...{ placed: '2024-01-01', country: null, order_number: 1, price: '1234.50', quantity: 3, weight: 1.5 },
    ...{ client: 'Ada', customer: null },
  },
  {
    ...{
      placed: '2024-01-02',
      country: 'DE',
      order_number: 2,
      price: '1234567890.12',
      quantity: 5_000_000_000,
    },
    ...{ weight: 1e300, client: 'Grace H.', customer: true },
  },
  {
    ...{
      placed: '2024-01-02',
      country: null,
      order_number: 3,
      price: '9999.99',
      quantity: 32_767,
      weight: null,
    },
    ...{ client: null, customer: null },
  },
  {
    ...{ placed: '2024-01-03', country: 'FR', order_number: 4, price: '0.10', quantity: null, weight: 0.1 },
    ...{ client: 'Alan', customer: false },
  },
];

const folder = scratch();
const under = (contract: string): TestPipeline =>
  testPipeline({ folder, sqlDir: datasets({ 'orders/contract.yaml': contract }) });
const [before, after] = [under(BEFORE), under(AFTER)];
let pyiceberg: PyIceberg;
let version: Version;
let old: Snapshot;

beforeAll(async () => {
  pyiceberg = await startPyIceberg();
  expect((await before.drop('orders/first.csv', FIRST)).status).toBe('succeeded');
  expect((await after.drop('orders/second.csv', SECOND)).status).toBe('succeeded');
  const newest = await new Table(after.lake.silver, 'orders').newest();
  const first = newest?.snapshot?.history.at(-1);
  if (newest === undefined || first === undefined) throw new Error('nothing is committed');
  version = newest;
  old = first;
});

afterAll(async () => await pyiceberg?.stop());

/** Rows as PyIceberg reads them, without the lineage, and the columns in its order. */
const readRows = async (order: string, snapshot?: Snapshot): Promise<{ columns: string[]; rows: Row[] }> => {
  const parquet = path.join(scratch(), 'rows.parquet');
  await pyiceberg.ask({
    metadata: version.file,
    parquet,
    ...(snapshot !== undefined && { snapshot: snapshot.id }),
  });
  return await withDuckDb({ memoryMb: 512, threads: 1, scratch: scratch() }, async (db) => {
    const rows = `SELECT COLUMNS(c -> c[1] <> '_') FROM ${literal(parquet)} ORDER BY ${ident(order)}`;
    const columns = await db.describe(rows);
    return { columns: columns.map(({ name }) => name), rows: await db.all(rows) };
  });
};

test('after a change of the contract PyIceberg and queries show all rows under the new columns', async () => {
  const shown = await after.query(
    "SELECT COLUMNS(c -> c[1] <> '_') FROM silver.orders ORDER BY order_number",
  );
  expect(shown).toEqual(NEW_ROWS);
  const read = await readRows('order_number');
  expect(read.rows).toEqual(NEW_ROWS);
  expect(read.columns).toEqual(Object.keys(NEW_ROWS[0] ?? {}));
});

test('PyIceberg sees the types widened, new columns optional, and each column’s number kept', async () => {
  const { schema, schemas } = await pyiceberg.ask({ metadata: version.file });
  const shown = (columns = schema) =>
    columns
      .filter(({ name }) => !name.startsWith('_'))
      .map(({ id, name, type, required }) => `${id} ${name} ${type}${required ? ' required' : ''}`);
  expect(shown(schemas[old.schema['schema-id']])).toEqual([
    '1 number int required',
    '2 customer string',
    '3 quantity int',
    '4 weight float',
    '5 price decimal(6, 2)',
    '6 note string required',
    '7 placed date',
  ]);
  expect(shown()).toEqual([
    '7 placed date',
    '12 country string',
    '1 order_number long required',
    '5 price decimal(12, 2)',
    '3 quantity long',
    '4 weight double',
    '2 client string',
    '13 customer boolean',
  ]);
});

test('time travel shows the old rows under the old columns', async () => {
  const read = await readRows('number', old);
  expect(read.rows).toEqual(OLD_ROWS);
  expect(read.columns).toEqual(Object.keys(OLD_ROWS[0] ?? {}));
  await compareDb(async (db, at) => {
    const view = await viewOf(db, old, after.lake.silver, at);
    const own = `SELECT COLUMNS(c -> c[1] <> '_') FROM ${view}`;
    expect(await db.all(`${own} ORDER BY number`)).toEqual(OLD_ROWS);
    const parquet = path.join(at, 'old.parquet');
    await pyiceberg.ask({ metadata: version.file, snapshot: old.id, parquet });
    expect(await difference(db, `FROM ${view}`, parquet)).toEqual(NONE);
  });
});

test.each([
  ['order_number = 1', 1],
  ['quantity >= 5000000000', 1],
  ['quantity = 32767', 1],
  ['weight = 1.5', 1],
  ['weight > 1000000', 1],
  ['price > 10000', 1],
  ['price = 9999.99', 1],
  ["client = 'Ada'", 1],
  ["client = 'Grace H.'", 1],
  ['country is null', 2],
  ['customer = true', 1],
  ["placed = '2024-01-02'", 2],
])('a filter on columns as they are now finds rows of files from before: %s', async (filter, rows) => {
  const parquet = path.join(scratch(), 'rows.parquet');
  const { read } = await pyiceberg.ask({ metadata: version.file, filter, parquet });
  expect(read?.rows).toBe(rows);
  expect(await after.query(`SELECT count(*) AS n FROM silver.orders WHERE ${filter}`)).toEqual([{ n: rows }]);
});
