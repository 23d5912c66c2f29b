import { FolderStore } from '../../../../../shared/lake/storage/folder-store.ts';
import { metered } from '../../../../../shared/lake/storage/metered-store.ts';
import type { Retention } from '../../../../../shared/lake/table/commit/retention.ts';
import { Table } from '../../../../../shared/lake/table/commit/table.ts';
import type { Snapshot } from '../../../../../shared/lake/table/read/snapshot.ts';
import { partitionKey, touchedSince } from '../../../../../shared/stages/load-to-gold/gold/touched.ts';
import { changeBy, increment, KEEP_ALL } from '../../../../helpers/increment.ts';
import { scratch } from '../../../../helpers/scratch.ts';

/** A silver table whose commits touched these partitions, one after the other. */
const silverOf = async (commits: readonly Snapshot['touched'][], retention: Retention = KEEP_ALL) => {
  const store = metered(new FolderStore(scratch()));
  let current: Snapshot | undefined;
  for (const touched of commits) {
    const commit = await new Table(store, 't', { retention }).commit(
      changeBy((base) => ({
        ...increment(base, 'r'),
        touched,
      })),
    );
    current = commit.snapshot;
  }
  const since = (names: string[], built: number, others: [string, undefined][] = []) =>
    touchedSince(names, { t: built }, new Map([['t', current], ...others]));
  return { store, since };
};

test('the partitions of all commits since, each once', async () => {
  const { since } = await silverOf([[{ y: '1' }], [{ y: '2' }], [{ y: '2' }, { y: null }]]);
  expect(since(['y'], 0)).toEqual([{ y: '1' }, { y: '2' }, { y: null }]);
  expect(since(['y'], 1)).toEqual([{ y: '2' }, { y: null }]);
  expect(since(['y'], 3)).toEqual([]);
});

test('in the model’s own partition columns, of which silver may have more', async () => {
  const { since } = await silverOf([
    [
      { y: '1', m: '1' },
      { y: '1', m: '2' },
      { y: '2', m: '1' },
    ],
  ]);
  expect(since(['y'], 0)).toEqual([{ y: '1' }, { y: '2' }]);
  expect(since(['m', 'y'], 0)).toHaveLength(3);
});

test('all of a model without partitions, unless nothing was touched', async () => {
  const { since } = await silverOf([[{ y: '1' }], [], []]);
  expect(since([], 0)).toBe('all');
  expect(since([], 1)).toEqual([]);
  expect(since(['y'], 1)).toEqual([]);
});

test('all when a commit touched all, or does not say which of the model’s partitions', async () => {
  expect((await silverOf([[{ y: '1' }], 'all'])).since(['y'], 1)).toBe('all');
  expect((await silverOf([[{ y: '1' }], [{}]])).since(['y'], 1)).toBe('all');
});

test('all when silver has fewer versions than gold was built from: it was restored', async () => {
  const { since } = await silverOf([[{ y: '1' }]]);
  expect(since(['y'], 7)).toBe('all');
});

test('nothing of a dataset that has not arrived', async () => {
  const { since } = await silverOf([[{ y: '1' }]]);
  expect(since(['y'], 1, [['u', undefined]])).toEqual([]);
});

test('all when silver no longer has a commit in its history', async () => {
  const { since } = await silverOf(
    ['1', '2', '3', '4'].map((y) => [{ y }]),
    { newest: 2, hours: 0, days: 0 },
  );
  expect(since(['y'], 2)).toEqual([{ y: '3' }, { y: '4' }]);
  expect(since(['y'], 1)).toBe('all');
});

test('no commit between costs a request, however many there are', async () => {
  const { store, since } = await silverOf(Array.from({ length: 60 }, () => [{ y: '1' }]));
  const before = { ...store.usage.requests };
  for (const built of [59, 55, 1]) expect(since(['y'], built)).toEqual([{ y: '1' }]);
  expect(store.usage.requests).toEqual(before);
});

test('partitions are equal when the columns’ values are', () => {
  expect(partitionKey({ a: '1', b: '2' }, ['a'])).toBe(partitionKey({ a: '1', b: '3' }, ['a']));
  expect(partitionKey({ a: '1', b: '2' }, ['a', 'b'])).not.toBe(partitionKey({ a: '12', b: '' }, ['a', 'b']));
  expect(partitionKey({ a: null }, ['a'])).not.toBe(partitionKey({ a: 'null' }, ['a']));
});
