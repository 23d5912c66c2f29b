import { hasColumns, partitionKey, touchedSince } from '../../../shared/gold/touched.ts';
import { FolderStore } from '../../../shared/storage/folder-store.ts';
import { metered } from '../../../shared/storage/metered-store.ts';
import type { Snapshot } from '../../../shared/table/snapshot.ts';
import { Table } from '../../../shared/table/table.ts';
import { increment } from '../../helpers/increment.ts';
import { scratch } from '../../helpers/scratch.ts';

/** A silver table whose commits touched these partitions, one after the other. */
const silverOf = async (...commits: Snapshot['touched'][]) => {
  const store = metered(new FolderStore(scratch()));
  let current: Snapshot | undefined;
  for (const touched of commits) {
    const commit = await new Table(store, 't').commit(async (base) => ({ ...increment(base, 'r'), touched }));
    current = commit.snapshot;
  }
  const since = async (columns: string[], built: number, others: [string, undefined][] = []) =>
    await touchedSince(store, columns, { t: built }, new Map([['t', current], ...others]));
  return { store, since };
};

test('the partitions of all commits since, each once', async () => {
  const { since } = await silverOf([{ y: '1' }], [{ y: '2' }], [{ y: '2' }, { y: null }]);
  expect(await since(['y'], 0)).toEqual([{ y: '1' }, { y: '2' }, { y: null }]);
  expect(await since(['y'], 1)).toEqual([{ y: '2' }, { y: null }]);
  expect(await since(['y'], 3)).toEqual([]);
});

test('in the model’s own partition columns, of which silver may have more', async () => {
  const { since } = await silverOf([
    { y: '1', m: '1' },
    { y: '1', m: '2' },
    { y: '2', m: '1' },
  ]);
  expect(await since(['y'], 0)).toEqual([{ y: '1' }, { y: '2' }]);
  expect(await since(['m', 'y'], 0)).toHaveLength(3);
});

test('all of a model without partitions, unless nothing was touched', async () => {
  const { since } = await silverOf([{ y: '1' }], [], []);
  expect(await since([], 0)).toBe('all');
  expect(await since([], 1)).toEqual([]);
  expect(await since(['y'], 1)).toEqual([]);
});

test('all when a commit touched all, or does not say which of the model’s partitions', async () => {
  expect(await (await silverOf([{ y: '1' }], 'all')).since(['y'], 1)).toBe('all');
  expect(await (await silverOf([{ y: '1' }], [{}])).since(['y'], 1)).toBe('all');
});

test('all when silver has fewer versions than gold was built from: it was restored', async () => {
  const { since } = await silverOf([{ y: '1' }]);
  expect(await since(['y'], 7)).toBe('all');
});

test('nothing of a dataset that has not arrived', async () => {
  const { since } = await silverOf([{ y: '1' }]);
  expect(await since(['y'], 1, [['u', undefined]])).toEqual([]);
});

test('the newest commit is known, each one between costs a read; past 200 none is read', async () => {
  const { store, since } = await silverOf(...Array.from({ length: 203 }, () => [{ y: '1' }]));
  const reads = async (built: number): Promise<number> => {
    const before = store.usage.requests.get;
    await since(['y'], built);
    return store.usage.requests.get - before;
  };
  expect(await reads(202)).toBe(0);
  expect(await reads(198)).toBe(4);
  expect(await reads(1)).toBe(0);
  expect(await since(['y'], 1)).toBe('all');
});

test('partitions are equal when the columns’ values are', () => {
  expect(partitionKey({ a: '1', b: '2' }, ['a'])).toBe(partitionKey({ a: '1', b: '3' }, ['a']));
  expect(partitionKey({ a: '1', b: '2' }, ['a', 'b'])).not.toBe(partitionKey({ a: '12', b: '' }, ['a', 'b']));
  expect(partitionKey({ a: null }, ['a'])).not.toBe(partitionKey({ a: 'null' }, ['a']));
  expect(hasColumns({ a: null }, ['a'])).toBe(true);
  expect(hasColumns({ b: '1' }, ['a'])).toBe(false);
});
