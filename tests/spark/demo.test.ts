import { openLake } from '../../operate/local/lake.ts';
import { scratch } from '../helpers/scratch.ts';
import { compareDb, expectAgreement, viewOf } from '../iceberg/compare.ts';
import { demoStore, newestOf, runDemo, snapshotOf, TABLES, withDemo } from '../iceberg/demo-tables.ts';
import type { Reader } from '../iceberg/pyiceberg.ts';
import { type SparkAnswer, startSpark } from './spark.ts';

const NAMES = Object.keys(TABLES);

const folder = scratch();
const lake = openLake(folder);
let spark: Reader<SparkAnswer>;

beforeAll(async () => {
  await runDemo(folder);
  spark = await startSpark();
});

afterAll(async () => await spark?.stop());

test.each(NAMES)('%s: Spark reads the rows that queries read', async (name) => {
  const { file } = await newestOf(lake, name);
  const { read } = await withDemo(lake, (db, at) =>
    expectAgreement(db, spark, { metadata: file }, `FROM ${name}`, at),
  );
  expect(read?.rows).toBeGreaterThan(0);
});

test.each(NAMES)('%s: filters skip files, but no rows', async (name) => {
  const { file } = await newestOf(lake, name);
  const { files } = await spark.ask({ metadata: file });
  for (const filter of Object.values(TABLES[name] ?? {})) {
    const filtered = await withDemo(lake, (db, at) =>
      expectAgreement(db, spark, { metadata: file, filter }, `FROM ${name} WHERE ${filter}`, at),
    );
    expect({ filter, fewer: filtered.files < files }).toEqual({ filter, fewer: true });
  }
});

test.each(NAMES)('%s: every snapshot can be read as it was', async (name) => {
  const version = await newestOf(lake, name);
  for (const snapshot of snapshotOf(version).history.slice(1))
    await compareDb(async (db, at) => {
      const view = await viewOf(db, snapshot, demoStore(lake, name), at);
      const question = { metadata: version.file, snapshot: snapshot.id };
      await expectAgreement(db, spark, question, `FROM ${view}`, at);
    });
});
