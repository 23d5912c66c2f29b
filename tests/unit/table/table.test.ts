import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { CommitConflict, InvalidInput, StorageUnavailable } from '../../../shared/errors.ts';
import { lakePaths } from '../../../shared/lake.ts';
import { FolderStore } from '../../../shared/storage/folder-store.ts';
import { metered } from '../../../shared/storage/metered-store.ts';
import type { ObjectStore } from '../../../shared/storage/object-store.ts';
import { S3Store } from '../../../shared/storage/s3-store.ts';
import type { Snapshot } from '../../../shared/table/snapshot.ts';
import { Table } from '../../../shared/table/table.ts';
import { runChild, startChild } from '../../helpers/child.ts';
import { fakeS3, s3Error } from '../../helpers/fake-s3.ts';
import { increment, runsOf } from '../../helpers/increment.ts';
import { scratch } from '../../helpers/scratch.ts';

const HINT = `${lakePaths.manifests('t')}hint`;
const manifestKey = (version: number) =>
  `${lakePaths.manifests('t')}v${String(version).padStart(8, '0')}.json`;

const noWait = async () => undefined;

const append = (table: Table, runId: string) => table.commit(async (base) => increment(base, runId));

/** Every version from 1 to the newest, each of which must follow from the one before it. */
const linearHistory = async (table: Table): Promise<Snapshot[]> => {
  const newest = (await table.current())?.version ?? 0;
  const history: Snapshot[] = [];
  for (let version = 1; version <= newest; version += 1) {
    const snapshot = await table.at(version);
    if (!snapshot) throw new Error(`version ${version} of ${newest} is missing`);
    expect(snapshot).toMatchObject({ version, properties: { base: version - 1 } });
    expect(runsOf(snapshot).slice(0, -1)).toEqual(runsOf(history.at(-1)));
    history.push(snapshot);
  }
  expect(await table.at(newest + 1)).toBeUndefined();
  return history;
};

/** A table of so many versions, laid down without committing each. */
const tableOf = async (store: ObjectStore, versions: number): Promise<Table> => {
  const table = new Table(store, 't');
  const { snapshot } = await append(table, 'run-1');
  for (let version = 2; version <= versions; version += 1) {
    await store.write(manifestKey(version), JSON.stringify({ ...snapshot, version, id: randomUUID() }));
  }
  await store.write(HINT, String(versions));
  return table;
};

const s3 = () => {
  const { client, mock } = fakeS3();
  return { mock, store: new S3Store(client, 'silver') };
};

describe.each<[string, () => ObjectStore]>([
  ['a folder', () => new FolderStore(scratch(), { name: 'silver' })],
  ['S3', () => s3().store],
])('a table in %s', (_, open) => {
  let store: ObjectStore;
  let table: Table;
  beforeEach(() => {
    store = open();
    table = new Table(store, 't', { sleep: noWait });
  });

  test('has no version before the first commit', async () => {
    expect(await table.current()).toBeUndefined();
    expect(await table.at(1)).toBeUndefined();
  });

  test('is read at its newest version and at every earlier one', async () => {
    const first = await append(table, 'a');
    expect(first).toMatchObject({ committed: true, attempts: 1, snapshot: { table: 't', version: 1 } });
    const second = await append(table, 'b');
    expect(await table.current()).toEqual(second.snapshot);
    expect(await table.at(1)).toEqual(first.snapshot);
    expect(runsOf(await table.current())).toEqual(['a', 'b']);
    expect(new Date(second.snapshot?.committedAt ?? '').getTime()).not.toBeNaN();
  });

  test('stays as it is when there is nothing to do', async () => {
    expect(await table.commit(async () => undefined)).toEqual({
      snapshot: undefined,
      committed: false,
      attempts: 1,
    });
    const { snapshot } = await append(table, 'a');
    const commit = await table.commit(async () => undefined);
    expect(commit).toEqual({ snapshot, committed: false, attempts: 1 });
    expect(await table.at(2)).toBeUndefined();
  });

  test('numbers a snapshot itself, also one that is made of the last', async () => {
    const { snapshot } = await append(table, 'a');
    const next = await table.commit(async (base) => ({ ...increment(base, 'b'), ...base, runId: 'c' }));
    expect(next.snapshot).toMatchObject({ version: 2, runId: 'c' });
    expect(next.snapshot?.id).not.toBe(snapshot?.id);
  });

  test('stays as it is when the change fails', async () => {
    const failure = new Error('no');
    await expect(table.commit(() => Promise.reject(failure))).rejects.toBe(failure);
    expect(await table.current()).toBeUndefined();
  });

  test('a loser of the race asks again with the winner’s snapshot', async () => {
    const asked: (number | undefined)[] = [];
    const commit = await table.commit(async (base) => {
      asked.push(base?.version);
      if (asked.length === 1) await append(table, 'winner');
      return increment(base, 'loser');
    });
    expect(asked).toEqual([undefined, 1]);
    expect(commit).toMatchObject({ committed: true, attempts: 2, snapshot: { version: 2 } });
    expect(runsOf(commit.snapshot)).toEqual(['winner', 'loser']);
  });

  test('gives up after the last attempt, having waited longer and longer', async () => {
    const bounds: number[] = [];
    const sleep = async (ms: number) => void bounds.push(ms);
    const unlucky = new Table(store, 't', { maxAttempts: 9, sleep, random: () => 1 });
    const attempt = unlucky.commit(async (base) => {
      await append(table, randomUUID());
      return increment(base, 'never');
    });
    await expect(attempt).rejects.toThrow(CommitConflict);
    expect(bounds).toEqual([50, 100, 200, 400, 800, 1600, 2000, 2000]);
    const runs = (await linearHistory(table)).map(({ runId }) => runId);
    expect(runs).toHaveLength(9);
    expect(runs).not.toContain('never');
  });

  test('20 writers at once: each is in the history once', async () => {
    const runs = Array.from({ length: 20 }, (_, index) => `run-${String(index).padStart(2, '0')}`);
    const commits = await Promise.all(runs.map((run) => append(new Table(store, 't'), run)));
    expect(commits.every(({ committed }) => committed)).toBe(true);
    const history = await linearHistory(table);
    expect(history).toHaveLength(20);
    expect(runsOf(history.at(-1)).toSorted()).toEqual(runs);
    const versions = commits.map(({ snapshot }) => snapshot?.version ?? 0);
    expect(versions.toSorted((a, b) => a - b)).toEqual(runs.map((_, index) => index + 1));
  });

  test('a table of 1,000 versions opens in three requests, and commits in five', async () => {
    await tableOf(store, 1_000);
    const counted = metered(store);
    expect((await new Table(counted, 't').current())?.version).toBe(1_000);
    expect(counted.usage.requests).toEqual({ head: 1, get: 2, put: 0, list: 0, delete: 0 });
    expect((await append(new Table(counted, 't'), 'next')).snapshot?.version).toBe(1_001);
    expect(counted.usage.requests).toEqual({ head: 2, get: 4, put: 2, list: 0, delete: 0 });
  });

  test.each([
    ['missing', undefined, { head: 0, get: 2, list: 1 }],
    ['empty', '', { head: 0, get: 2, list: 1 }],
    ['garbage', '{"version":', { head: 0, get: 2, list: 1 }],
    ['negative', '-3', { head: 0, get: 2, list: 1 }],
    ['zero', '0', { head: 0, get: 2, list: 1 }],
    ['fractional', '1.5', { head: 0, get: 2, list: 1 }],
    ['huge', '9'.repeat(400), { head: 0, get: 2, list: 1 }],
    ['ahead by one', '31', { head: 1, get: 3, list: 1 }],
    ['far ahead', '99999999999', { head: 1, get: 3, list: 1 }],
    ['stale', '25', { head: 6, get: 2, list: 0 }],
    ['right', '30', { head: 1, get: 2, list: 0 }],
  ])('a hint that is %s gives the newest version all the same', async (_, hint, requests) => {
    await tableOf(store, 30);
    await (hint === undefined ? store.remove(HINT) : store.write(HINT, hint));
    const counted = metered(store);
    expect((await new Table(counted, 't').current())?.version).toBe(30);
    expect(counted.usage.requests).toMatchObject(requests);
    expect((await append(new Table(store, 't'), 'next')).snapshot?.version).toBe(31);
    expect((await store.read(HINT))?.toString()).toBe('31');
  });

  test('a broken manifest is an error, never an older version', async () => {
    await tableOf(store, 3);
    await store.write(manifestKey(3), '{"format":1');
    const place = `silver/${manifestKey(3)} is not a table version`;
    await expect(table.current()).rejects.toThrow(InvalidInput);
    await expect(table.current()).rejects.toThrow(place);
    await expect(append(table, 'next')).rejects.toThrow(place);
    expect(await table.at(4)).toBeUndefined();
  });

  test('10,000 files are no trouble', async () => {
    const files = Array.from({ length: 10_000 }, (_, index) => ({
      key: `t/data/${randomUUID()}.parquet`,
      sourceId: randomUUID(),
      partition: { day: `2024-${index}` },
      rows: index,
      bytes: index * 10,
      keyBounds: { min: String(index), max: String(index + 1), column: 'id', type: 'BIGINT' },
    }));
    await table.commit(async (base) => ({ ...increment(base, 'big'), files }));
    expect((await table.current())?.files).toEqual(files);
  });
});

describe('a table on S3 whose answers get lost', () => {
  test('a commit that the storage calls taken, but that is our own, counts as done', async () => {
    const { mock, store } = s3();
    const table = new Table(store, 't', { sleep: noWait });
    await append(table, 'a');
    const key = manifestKey(2);
    // The first answer is lost, the SDK sends the request again, and finds its own object there.
    mock.on(PutObjectCommand, { Key: key }).callsFakeOnce(async ({ Body }) => {
      await store.write('copy', Body);
      throw s3Error(412, 'PreconditionFailed');
    });
    const read = store.read.bind(store);
    jest.spyOn(store, 'read').mockImplementation((wanted) => read(wanted === key ? 'copy' : wanted));
    const commit = await append(table, 'b');
    expect(commit).toMatchObject({ committed: true, attempts: 1, snapshot: { version: 2 } });
  });

  test('a hint that cannot be written does not undo the commit', async () => {
    const { mock, store } = s3();
    mock.on(PutObjectCommand, { Key: HINT }).rejects(s3Error(503, 'SlowDown'));
    const table = new Table(store, 't');
    expect(await append(table, 'a')).toMatchObject({ committed: true });
    expect((await table.current())?.version).toBe(1);
  });

  test('a manifest that cannot be written is the caller’s to retry', async () => {
    const { mock, store } = s3();
    mock.on(PutObjectCommand, { Key: manifestKey(1) }).rejects(s3Error(500, 'InternalError'));
    await expect(append(new Table(store, 't'), 'a')).rejects.toThrow(StorageUnavailable);
    expect(await new Table(store, 't').current()).toBeUndefined();
  });
});

describe('a table that several processes write', () => {
  test('four of them, 25 commits each: every one is in the history once', async () => {
    const root = scratch();
    const labels = ['a', 'b', 'c', 'd'];
    await Promise.all(labels.map((label) => runChild('commit-worker.ts', root, 't', label, '25')));
    const history = await linearHistory(new Table(new FolderStore(root), 't'));
    const expected = labels.flatMap((label) => Array.from({ length: 25 }, (_, turn) => `${label}-${turn}`));
    expect(runsOf(history.at(-1)).toSorted()).toEqual(expected.toSorted());
    expect(history.map(({ runId }) => runId).toSorted()).toEqual(expected.toSorted());
  });

  test('after a kill at any point the table is at the old version or the new', async () => {
    const root = scratch();
    const table = new Table(new FolderStore(root), 't');
    let known = 0;
    for (let round = 0; round < 8; round += 1) {
      const worker = startChild('commit-worker.ts', root, 't', `r${round}`, '1000');
      if (worker.stdout) await once(worker.stdout, 'data');
      for (let turn = 0; turn < round * 5; turn += 1) await new Promise(setImmediate);
      worker.kill('SIGKILL');
      await once(worker, 'close');
      const newest = (await table.current())?.version ?? 0;
      expect(newest).toBeGreaterThan(known);
      await append(table, `after-${round}`);
      known = newest + 1;
    }
    const runs = runsOf((await linearHistory(table)).at(-1));
    expect(new Set(runs).size).toBe(runs.length);
  });
});
