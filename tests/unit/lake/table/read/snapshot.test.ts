import { ObjectMissing, TableDamaged } from '../../../../../shared/errors.ts';
import { FolderStore } from '../../../../../shared/lake/storage/folder-store.ts';
import { metered } from '../../../../../shared/lake/storage/metered-store.ts';
import { Table } from '../../../../../shared/lake/table/commit/table.ts';
import type { DataFile } from '../../../../../shared/lake/table/data-file.ts';
import type { Draft } from '../../../../../shared/lake/table/draft.ts';
import type { Snapshot } from '../../../../../shared/lake/table/read/snapshot.ts';
import { COLUMNS, changeBy, fileOf, increment, KEEP_ALL } from '../../../../helpers/increment.ts';
import { scratch } from '../../../../helpers/scratch.ts';

const newTable = () => {
  const store = metered(new FolderStore(scratch(), { name: 'silver' }));
  const table = new Table(store, 't', { retention: KEEP_ALL });
  const commit = async (change: Partial<Draft>): Promise<void> => {
    await table.commit(changeBy((base) => ({ ...increment(base, 'run'), added: [], ...change })));
  };
  /** The snapshot as a later reader sees it. */
  const read = async (): Promise<Snapshot> => {
    const snapshot = await new Table(store, 't').current();
    if (snapshot === undefined) throw new Error('nothing is committed');
    return snapshot;
  };
  return { store, commit, read };
};

const deletes = { key: 't/deletes/m.parquet', rows: 2, bytes: 7 };
const FILES: DataFile[] = [
  fileOf('a', {
    rows: 3,
    bytes: 100,
    partition: { day: null },
    columns: {
      1: { size: 40, values: 3, nulls: 1, lower: '1', upper: '9007199254740993' },
      2: { values: 3, nulls: 3 },
    },
    deletes,
  }),
  fileOf('b', { rows: 0, partition: { day: '2024-05-01' } }),
  fileOf('c', { partition: { day: 'ü/ =%' } }),
];

test('a snapshot comes back as it was written', async () => {
  const { commit, read } = newTable();
  const bare = FILES.map(({ deletes: _, ...file }) => file);
  await commit({
    runId: 'c0ffee',
    operation: 'overwrite',
    title: 'replace source',
    added: bare,
    changedDeletes: [{ file: bare[0] as DataFile, deletes }],
    touched: [{ day: null }],
    properties: { builtFrom: '{"silver":3}', empty: '' },
  });
  const snapshot = await read();
  expect(await snapshot.files()).toEqual(FILES);
  expect(snapshot).toMatchObject({
    table: 't',
    version: 1,
    runId: 'c0ffee',
    operation: 'replace source',
    touched: [{ day: null }],
    properties: { operation: 'overwrite', builtFrom: '{"silver":3}', empty: '' },
    columnIds: COLUMNS.columnIds,
    schema: { fields: COLUMNS.schema.fields },
  });
  expect(Date.parse(snapshot.committedAt)).toBe(snapshot.entry['timestamp-ms']);
  expect(await snapshot.partitionings()).toEqual([['day']]);
});

test('its history is the snapshots up to it, the newest first', async () => {
  const { commit, read } = newTable();
  for (const runId of ['a', 'b', 'c']) await commit({ runId, added: [fileOf(runId)] });
  const snapshot = await read();
  expect(snapshot.history.map(({ runId }) => runId)).toEqual(['c', 'b', 'a']);
  expect(snapshot.history[0]).toBe(snapshot);
  const [, middle] = snapshot.history;
  expect(middle?.history.map(({ runId }) => runId)).toEqual(['b', 'a']);
  expect((await middle?.files())?.map(({ key }) => key)).toEqual(['t/data/a.parquet', 't/data/b.parquet']);
});

test('its manifests are read when they are needed, and only once', async () => {
  const { store, commit, read } = newTable();
  for (const name of ['a', 'b', 'c']) await commit({ added: [fileOf(name)] });
  const snapshot = await read();
  const before = store.usage.requests.get;
  const gets = () => store.usage.requests.get - before;
  expect(snapshot.history).toHaveLength(3);
  expect(gets()).toBe(0);
  await snapshot.partitionings();
  expect(gets()).toBe(1);
  await Promise.all([snapshot.files(), snapshot.files()]);
  expect(gets()).toBe(4);
  await snapshot.files([{ day: 'x' }]);
  expect(gets()).toBe(4);
});

test('a snapshot of another writer, without our properties, can be read', async () => {
  const { store, commit, read } = newTable();
  await commit({ added: [fileOf('a')] });
  const key = 't/metadata/v1.metadata.json';
  const metadata = JSON.parse(String(await store.read(key)));
  metadata.snapshots[0].summary = { operation: 'append' };
  delete metadata.snapshots[0]['schema-id'];
  metadata.properties = {};
  await store.write(key, JSON.stringify(metadata));
  const snapshot = await read();
  expect(snapshot).toMatchObject({ runId: '', operation: 'append', touched: 'all' });
  expect(snapshot.columnIds).toEqual({ current: {}, retired: {} });
  expect(snapshot.schema.fields).toEqual(COLUMNS.schema.fields);
  expect(await snapshot.files()).toHaveLength(1);
});

describe('a snapshot with a missing or broken object is an error, never fewer rows', () => {
  const objects = {
    'a list of manifests': /\/snap-/,
    'a manifest': /-data\.avro$/,
    'a list of deletes': /-deletes\.avro$/,
  };

  test.each(Object.entries(objects))('%s', async (_, pattern) => {
    const { store, commit, read } = newTable();
    await commit({ added: [fileOf('a')], changedDeletes: [{ file: fileOf('a'), deletes }] });
    let key = '';
    for await (const object of store.list('t/metadata/')) if (pattern.test(object.key)) key = object.key;
    const body = (await store.read(key)) ?? Buffer.alloc(0);
    const files = async () => (await read()).files();
    for (const broken of [body.subarray(0, -1), Buffer.alloc(0), Buffer.from('{}')]) {
      await store.write(key, broken);
      await expect(files()).rejects.toThrow(TableDamaged);
    }
    await store.remove(key);
    await expect(files()).rejects.toThrow(ObjectMissing);
    await expect(files()).rejects.toThrow(`silver/${key} is gone`);
    await store.write(key, body);
    expect(await files()).toMatchObject([{ deletes }]);
  });
});

test('a file outside the table’s location is rejected', async () => {
  const { store, commit, read } = newTable();
  await commit({ added: [fileOf('a')] });
  const key = 't/metadata/v1.metadata.json';
  const text = String(await store.read(key));
  const elsewhere = JSON.parse(text);
  elsewhere.snapshots[0]['manifest-list'] = 'file:///etc/passwd';
  await store.write(key, JSON.stringify(elsewhere));
  await expect((await read()).files()).rejects.toThrow(TableDamaged);
});
