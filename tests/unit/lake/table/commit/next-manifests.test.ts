import { TableDamaged } from '../../../../../shared/errors.ts';
import type { ManifestEntry } from '../../../../../shared/lake/iceberg/types.ts';
import { FolderStore } from '../../../../../shared/lake/storage/folder-store.ts';
import { metered } from '../../../../../shared/lake/storage/metered-store.ts';
import { Table } from '../../../../../shared/lake/table/commit/table.ts';
import type { DataFile } from '../../../../../shared/lake/table/data-file.ts';
import type { Draft } from '../../../../../shared/lake/table/draft.ts';
import type { Snapshot } from '../../../../../shared/lake/table/read/snapshot.ts';
import { changeBy, fileOf, increment, KEEP_ALL } from '../../../../helpers/increment.ts';
import { scratch } from '../../../../helpers/scratch.ts';

const newTable = () => {
  const store = metered(new FolderStore(scratch()));
  const table = new Table(store, 't', { retention: KEEP_ALL });
  const commit = async (change: Partial<Draft>): Promise<Snapshot> => {
    const { snapshot } = await table.commit(
      changeBy((base) => ({
        ...increment(base, 'r'),
        added: [],
        ...change,
      })),
    );
    if (snapshot === undefined) throw new Error('nothing is committed');
    return snapshot;
  };
  const append = async (...names: string[]) => await commit({ added: names.map((name) => fileOf(name)) });
  return { store, table, commit, append };
};

const many = (count: number, prefix = 'f'): DataFile[] =>
  Array.from({ length: count }, (_, i) => fileOf(`${prefix}${i}`));

/** How many files each manifest adds, keeps and removes, in the order of the list. */
const counts = async (snapshot: Snapshot, content = 'data'): Promise<number[][]> =>
  (await snapshot.manifests())
    .filter(({ file }) => file.content === content)
    .map(({ file }) => [file.added.files, file.existing.files, file.deleted.files]);

const entriesOf = async (snapshot: Snapshot): Promise<ManifestEntry[]> =>
  (await Promise.all((await snapshot.manifests()).map((manifest) => manifest.entries()))).flat();

const keys = async (snapshot: Snapshot) => (await snapshot.files()).map(({ key }) => key);

test('a commit that adds writes a manifest of its own, and reads none', async () => {
  const { store, append } = newTable();
  const first = await append('a');
  const before = { ...store.usage.requests };
  const second = await append('b', 'c');
  // The hint, the metadata and the manifest list.
  expect(store.usage.requests.get - before.get).toBe(3);
  const [kept, own] = await second.manifests();
  expect(kept?.file).toEqual((await first.manifests())[0]?.file);
  expect(own?.file).toMatchObject({ sequenceNumber: 2, minSequenceNumber: 2, addedSnapshotId: second.id });
  expect(await counts(second)).toEqual([
    [1, 0, 0],
    [2, 0, 0],
  ]);
});

test('eight small manifests are merged into the next, and their files stay as old as they are', async () => {
  const { append } = newTable();
  const snapshots: Snapshot[] = [];
  for (let i = 1; i <= 9; i += 1) snapshots.push(await append(`f${i}`));
  expect(await Promise.all(snapshots.map(async (each) => (await counts(each)).length))).toEqual([
    1, 2, 3, 4, 5, 6, 7, 8, 1,
  ]);
  const [last] = snapshots.slice(-1) as [Snapshot];
  expect(await counts(last)).toEqual([[1, 8, 0]]);
  expect((await last.manifests())[0]?.file).toMatchObject({ sequenceNumber: 9, minSequenceNumber: 1 });
  expect(
    (await entriesOf(last)).map(({ status, snapshotId, sequenceNumber }) => [
      status,
      snapshotId,
      sequenceNumber,
    ]),
  ).toEqual(snapshots.map(({ id }, i) => [i === 8 ? 'added' : 'existing', id, i + 1]));
});

test('a manifest of 500 files is not merged again: each file is written a bounded number of times', async () => {
  const { commit, append } = newTable();
  await commit({ added: many(500) });
  for (let i = 1; i <= 8; i += 1) await append(`g${i}`);
  expect(await counts(await append('last'))).toEqual([
    [500, 0, 0],
    [1, 8, 0],
  ]);
});

test('no manifest lists more than 2,000 files', async () => {
  const { commit } = newTable();
  const added = many(4_500);
  const snapshot = await commit({ added });
  expect(await counts(snapshot)).toEqual([
    [2_000, 0, 0],
    [2_000, 0, 0],
    [500, 0, 0],
  ]);
  expect(await keys(snapshot)).toEqual(added.map(({ key }) => key));
  // A rewritten manifest does not either.
  const next = await commit({ removed: added.slice(0, 1), added: many(1, 'g') });
  expect(await counts(next)).toEqual([
    [2_000, 0, 0],
    [500, 0, 0],
    [0, 1_999, 1],
    [1, 0, 0],
  ]);
  expect(await next.files()).toHaveLength(4_500);
});

test('only manifests that list a removed file are rewritten, and one snapshot lists it as deleted', async () => {
  const { commit, append } = newTable();
  const other = (await (await append('other')).manifests())[0]?.file;
  const both = await append('a', 'b');
  const [a, b] = (await both.files()).filter(({ key }) => !key.includes('other'));
  const without = await commit({ removed: a === undefined ? [] : [a] });
  expect((await without.manifests())[0]?.file).toEqual(other);
  expect(await counts(without)).toEqual([
    [1, 0, 0],
    [0, 1, 1],
  ]);
  expect((await entriesOf(without)).filter(({ status }) => status === 'deleted')).toMatchObject([
    { snapshotId: without.id, sequenceNumber: 2, file: { path: expect.stringMatching(/a\.parquet$/) } },
  ]);
  // A deleted file is listed as deleted only once.
  expect(await counts(await commit({ removed: b === undefined ? [] : [b] }))).toEqual([
    [1, 0, 0],
    [0, 0, 1],
  ]);
  // A manifest without files is left out.
  const last = await append('c');
  expect(await counts(last)).toEqual([
    [1, 0, 0],
    [1, 0, 0],
  ]);
  expect(await keys(last)).toEqual(['t/data/other.parquet', 't/data/c.parquet']);
  expect(await keys(both)).toHaveLength(3);
});

test('a file that the snapshot lacks cannot be removed, and nothing is committed', async () => {
  const { commit, append, table } = newTable();
  await append('a');
  const attempt = commit({ removed: [fileOf('a'), fileOf('b')] });
  await expect(attempt).rejects.toThrow(TableDamaged);
  await expect(attempt).rejects.toThrow('t/data/b.parquet is not in the snapshot');
  expect((await table.current())?.version).toBe(1);
});

describe('position deletes of a file', () => {
  const deletesOf = (name: string, rows = 1) => ({ key: `t/deletes/${name}.parquet`, rows, bytes: 5 });

  test('are added, changed and removed with one entry each', async () => {
    const { commit } = newTable();
    const one = await commit({
      added: [fileOf('a'), fileOf('b')],
      changedDeletes: [{ file: fileOf('a'), deletes: deletesOf('m1') }],
    });
    expect((await one.files()).map((file) => file.deletes)).toEqual([deletesOf('m1'), undefined]);
    expect(await counts(one, 'deletes')).toEqual([[1, 0, 0]]);
    const [a, b] = (await one.files()) as [DataFile, DataFile];
    const two = await commit({
      changedDeletes: [
        { file: a, deletes: deletesOf('m2', 2) },
        { file: b, deletes: deletesOf('m3') },
      ],
    });
    expect((await two.files()).map((file) => file.deletes)).toEqual([deletesOf('m2', 2), deletesOf('m3')]);
    expect(await counts(two, 'deletes')).toEqual([[2, 0, 1]]);
    const three = await commit({
      changedDeletes: [{ file: (await two.files())[0] as DataFile, deletes: undefined }],
    });
    expect((await three.files()).map((file) => file.deletes)).toEqual([undefined, deletesOf('m3')]);
    // The data files' manifest was never touched.
    expect(await counts(three)).toEqual([[2, 0, 0]]);
    expect((await three.manifests())[0]?.file).toEqual((await one.manifests())[0]?.file);
  });

  test('are removed with the file', async () => {
    const { commit } = newTable();
    const one = await commit({
      added: [fileOf('a')],
      changedDeletes: [{ file: fileOf('a'), deletes: deletesOf('m1') }],
    });
    const two = await commit({ removed: await one.files() });
    expect(await counts(two, 'deletes')).toEqual([[0, 0, 1]]);
    expect(await two.files()).toEqual([]);
  });

  test('name the data file in bounds that every reader knows, and have its partition', async () => {
    const { commit } = newTable();
    const file = fileOf('a', { partition: { day: '2024' } });
    const snapshot = await commit({ added: [file], changedDeletes: [{ file, deletes: deletesOf('m1') }] });
    const path = snapshot.uriOf(file.key);
    expect((await entriesOf(snapshot))[1]?.file).toMatchObject({
      content: 'position-deletes',
      partition: ['2024'],
      referencedDataFile: path,
      columns: { 2147483546: { lower: path, upper: path } },
    });
  });
});

test('files of different partition specs have separate manifests', async () => {
  const { commit, append } = newTable();
  await append('a', 'b');
  const plain = { partitionedBy: [], added: [fileOf('c', { partition: {} })] };
  const both = await commit(plain);
  expect((await both.manifests()).map(({ file }) => file.specId)).toEqual([0, 1]);
  expect(await both.partitionings()).toEqual([['day'], []]);
  const [a] = await both.files();
  const next = await commit({
    partitionedBy: [],
    added: [fileOf('d', { partition: {} })],
    removed: a === undefined ? [] : [a],
  });
  expect((await keys(next)).toSorted()).toEqual(['b', 'c', 'd'].map((name) => `t/data/${name}.parquet`));
  expect((await next.files()).map(({ partition }) => Object.keys(partition).length).toSorted()).toEqual([
    0, 0, 1,
  ]);
});
