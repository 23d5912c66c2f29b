import path from 'node:path';
import { ident, literal } from '../../shared/engine/sql.ts';
import type { Row } from '../../shared/engine/values.ts';
import { scratch } from '../helpers/scratch.ts';
import { changingOrders, NEW_ROWS, OLD_ROWS } from '../iceberg/changing-orders.ts';
import { compareDb } from '../iceberg/compare.ts';
import type { Question, Reader } from '../iceberg/pyiceberg.ts';
import { type SparkAnswer, startSpark } from './spark.ts';

const { load } = changingOrders();
let spark: Reader<SparkAnswer>;

beforeAll(async () => {
  spark = await startSpark();
});

afterAll(async () => await spark?.stop());

const rows = async (question: Question, order: string): Promise<Row[]> => {
  const parquet = path.join(scratch(), 'rows.parquet');
  await spark.ask({ ...question, parquet });
  const read = `SELECT COLUMNS(c -> c[1] <> '_') FROM ${literal(parquet)} ORDER BY ${ident(order)}`;
  return await compareDb((db) => db.all(read));
};

// Iceberg 1.11 and older fail here, unless they read row by row (option vectorization-enabled): apache/iceberg#16341.
test('Spark reads files from before and after a change of the contract, and the old rows by their snapshot', async () => {
  const { version, old } = await load();
  expect(await rows({ metadata: version.file }, 'order_number')).toEqual(NEW_ROWS);
  expect(await rows({ metadata: version.file, snapshot: old.id }, 'number')).toEqual(OLD_ROWS);
});
