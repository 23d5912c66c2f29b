import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { openLake } from '../../operate/local/lake.ts';
import type { Db } from '../../shared/engine/with-duckdb.ts';
import type { Lake } from '../../shared/lake/paths.ts';
import { scratch } from '../helpers/scratch.ts';
import { compareDb, expectAgreement, viewOf } from './compare.ts';
import { demoStore, newestOf, runDemo, snapshotOf, TABLES, withDemo } from './demo-tables.ts';
import { type PyIceberg, startPyIceberg } from './pyiceberg.ts';

const NAMES = Object.keys(TABLES);

const METADATA_TABLES = ['files', 'entries', 'manifests', 'history', 'snapshots', 'partitions', 'refs'];

const folder = scratch();
const lake: Lake = openLake(folder);
let pyiceberg: PyIceberg;

beforeAll(async () => {
  pyiceberg = await startPyIceberg();
  await runDemo(folder);
});

afterAll(async () => await pyiceberg?.stop());

const storeOf = (name: string) => demoStore(lake, name);
const newest = (name: string) => newestOf(lake, name);
const withLake = <T>(work: (db: Db, folder: string) => Promise<T>): Promise<T> => withDemo(lake, work);

test('the demo makes exactly these tables', () => {
  const tables = ['silver', 'gold'].flatMap((zone) =>
    readdirSync(path.join(folder, zone))
      // Run records that wait for maintenance lie beside the tables.
      .filter((name) => /^[^_.]/.test(name) && existsSync(path.join(folder, zone, name, 'metadata')))
      .map((name) => `${zone}.${name}`),
  );
  expect(tables.toSorted()).toEqual(NAMES.toSorted());
});

test.each(NAMES)('%s: PyIceberg reads the rows that queries read', async (name) => {
  const version = await newest(name);
  const answer = await withLake((db, at) =>
    expectAgreement(db, pyiceberg, { metadata: version.file }, `FROM ${name}`, at),
  );
  expect(answer.read?.rows).toBeGreaterThan(0);
  expect(answer.location).toBe(pathToFileURL(path.join(folder, name.replace('.', '/'))).href);
  expect(answer.uuid).toBe(version.metadata['table-uuid']);
});

test.each(NAMES)('%s: filters skip files, but no rows', async (name) => {
  const { file } = await newest(name);
  const { files } = await pyiceberg.ask({ metadata: file });
  for (const filter of Object.values(TABLES[name] ?? {})) {
    const filtered = await withLake((db, at) =>
      expectAgreement(db, pyiceberg, { metadata: file, filter }, `FROM ${name} WHERE ${filter}`, at),
    );
    expect({ filter, fewer: filtered.files < files }).toEqual({ filter, fewer: true });
  }
});

test.each(NAMES)('%s: every snapshot can be read as it was', async (name) => {
  const version = await newest(name);
  const { history } = snapshotOf(version);
  const store = storeOf(name);
  for (const snapshot of history.slice(1))
    await compareDb(async (db, at) => {
      const question = { metadata: version.file, snapshot: snapshot.id };
      const view = await viewOf(db, snapshot, store, at);
      await expectAgreement(db, pyiceberg, question, `FROM ${view}`, at);
    });
  const { snapshots } = await pyiceberg.ask({ metadata: version.file });
  expect(snapshots.map(({ id, parent }) => ({ id, parent }))).toEqual(
    history.toReversed().map(({ id, entry }) => ({ id, parent: entry['parent-snapshot-id'] ?? null })),
  );
});

test.each(NAMES)(
  '%s: its metadata tables can be read, and its files have the ids of their columns',
  async (name) => {
    const version = await newest(name);
    const snapshot = snapshotOf(version);
    const { inspected, fieldIds, schema, spec } = await pyiceberg.ask({
      metadata: version.file,
      inspect: METADATA_TABLES,
    });
    const files = await snapshot.files();
    const withDeletes = files.filter(({ deletes }) => deletes !== undefined).length;
    const manifests = await snapshot.manifests();
    const entries = await Promise.all(manifests.map((manifest) => manifest.entries()));
    expect(inspected).toEqual({
      files: files.length + withDeletes,
      entries: entries.flat().length,
      manifests: manifests.length,
      history: snapshot.history.length,
      snapshots: snapshot.history.length,
      partitions: new Set(files.map(({ partition }) => JSON.stringify(partition))).size,
      refs: 1,
    });
    const ids = Object.fromEntries(schema.map(({ name, id }) => [name, id]));
    expect(ids).toEqual(Object.fromEntries(snapshot.schema.fields.map((field) => [field.name, field.id])));
    expect(fieldIds).toEqual([ids]);
    expect(spec.map((field) => field.name)).toEqual((await snapshot.partitionings())[0]);
  },
);

test('rows that are superseded by another file’s row of the same key have position deletes', async () => {
  const version = await newest('silver.signups');
  const files = await snapshotOf(version).files();
  const deleted = files.reduce((sum, { deletes }) => sum + (deletes?.rows ?? 0), 0);
  const rows = files.reduce((sum, file) => sum + file.rows, 0);
  expect(deleted).toBeGreaterThan(0);
  const { deletes, read } = await pyiceberg.ask({
    metadata: version.file,
    parquet: path.join(folder, 'signups.parquet'),
  });
  expect(deletes).toBe(files.filter(({ deletes }) => deletes !== undefined).length);
  expect(read?.rows).toBe(rows - deleted);
});
