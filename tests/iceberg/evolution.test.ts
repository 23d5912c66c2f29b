import path from 'node:path';
import { ident, literal } from '../../shared/engine/sql.ts';
import type { Row } from '../../shared/engine/values.ts';
import { withDuckDb } from '../../shared/engine/with-duckdb.ts';
import type { MetadataVersion } from '../../shared/lake/table/commit/table.ts';
import type { Snapshot } from '../../shared/lake/table/read/snapshot.ts';
import { scratch } from '../helpers/scratch.ts';
import { changingOrders, NEW_ROWS, OLD_ROWS } from './changing-orders.ts';
import { compareDb, difference, NONE, viewOf } from './compare.ts';
import { type PyIceberg, startPyIceberg } from './pyiceberg.ts';

const { after, load } = changingOrders();
let pyiceberg: PyIceberg;
let version: MetadataVersion;
let old: Snapshot;

beforeAll(async () => {
  pyiceberg = await startPyIceberg();
  ({ version, old } = await load());
});

afterAll(async () => await pyiceberg?.stop());

/** The rows that PyIceberg reads, without columns of lineage, and the columns in its order. */
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

test('PyIceberg sees widened types, optional new columns, and the same field ids', async () => {
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
])('a filter on present columns finds rows of older files: %s', async (filter, rows) => {
  const parquet = path.join(scratch(), 'rows.parquet');
  const { read } = await pyiceberg.ask({ metadata: version.file, filter, parquet });
  expect(read?.rows).toBe(rows);
  expect(await after.query(`SELECT count(*) AS n FROM silver.orders WHERE ${filter}`)).toEqual([{ n: rows }]);
});
