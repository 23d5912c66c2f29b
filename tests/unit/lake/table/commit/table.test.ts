import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { CommitConflict, StorageUnavailable, TableDamaged } from '../../../../../shared/errors.ts';
import { lakePaths } from '../../../../../shared/lake/paths.ts';
import { FolderStore } from '../../../../../shared/lake/storage/folder-store.ts';
import { metered } from '../../../../../shared/lake/storage/metered-store.ts';
import type { ObjectStore } from '../../../../../shared/lake/storage/object-store.ts';
import { S3Store } from '../../../../../shared/lake/storage/s3-store.ts';
import { Table, type TableOptions } from '../../../../../shared/lake/table/commit/table.ts';
import type { Snapshot } from '../../../../../shared/lake/table/read/snapshot.ts';
import { runChild, startChild } from '../../../../helpers/child.ts';
import { fakeS3, s3Error } from '../../../../helpers/fake-s3.ts';
import { fakeTime } from '../../../../helpers/fake-time.ts';
import { changeBy, fileOf, increment, KEEP_ALL, NOTHING, runsOf } from '../../../../helpers/increment.ts';
import { scratch } from '../../../../helpers/scratch.ts';
import { keysIn } from '../../../../helpers/silver-lake.ts';
import { keepLocksStill } from '../../../../helpers/still-locks.ts';
import { longTest } from '../../../../helpers/stress.ts';

keepLocksStill();

const HINT = lakePaths.metadata('t', 'version-hint.text');
const metadataKey = (version: number) => lakePaths.metadata('t', `v${version}.metadata.json`);

const noWait = async () => undefined;

const append = (table: Table, runId: string) => table.commit(changeBy((base) => increment(base, runId)));

/** Every version from 1 to the newest, each of which must follow from the one before it. */
const linearHistory = async (table: Table): Promise<Snapshot[]> => {
  const newest = (await table.current())?.version ?? 0;
  const history: Snapshot[] = [];
  let before: string[] = [];
  for (let version = 1; version <= newest; version += 1) {
    const snapshot = await table.at(version);
    if (!snapshot) throw new Error(`version ${version} of ${newest} is missing`);
    expect(snapshot).toMatchObject({ version, properties: { base: String(version - 1) } });
    const runs = await runsOf(snapshot);
    expect(runs).toEqual([...before, snapshot.runId]);
    before = runs;
    history.push(snapshot);
  }
  expect(await table.at(newest + 1)).toBeUndefined();
  return history;
};

/** A table of n versions, written without committing each. */
const tableOf = async (store: ObjectStore, versions: number): Promise<Table> => {
  const table = new Table(store, 't');
  const metadata = (await append(table, 'run-1')).version?.metadata;
  for (let version = 2; version <= versions; version += 1) {
    const snapshots = metadata?.snapshots.map((entry) => ({ ...entry, 'sequence-number': version }));
    const next = { ...metadata, snapshots, 'last-sequence-number': version };
    await store.write(metadataKey(version), JSON.stringify(next));
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
  const tableWith = (options: TableOptions) => new Table(store, 't', { retention: KEEP_ALL, ...options });
  beforeEach(() => {
    store = open();
    table = tableWith({ sleep: noWait });
  });

  test('has no version before the first commit', async () => {
    expect(await table.current()).toBeUndefined();
    expect(await table.at(1)).toBeUndefined();
  });

  test('is read at its newest version and at every earlier one', async () => {
    const first = await append(table, 'a');
    expect(first).toMatchObject({ committed: true, attempts: 1, snapshot: { table: 't', version: 1 } });
    const second = await append(table, 'b');
    const current = await table.current();
    expect(current?.entry).toEqual(second.snapshot?.entry);
    expect(current?.metadata).toEqual(second.version?.metadata);
    const earlier = await table.at(1);
    expect(earlier?.entry).toEqual(first.snapshot?.entry);
    expect(await earlier?.files()).toEqual(await first.snapshot?.files());
    expect(await runsOf(earlier)).toEqual(['a']);
    expect(await runsOf(current)).toEqual(['a', 'b']);
    expect(new Date(second.snapshot?.committedAt ?? '').getTime()).not.toBeNaN();
  });

  test.each(['before it has waited', 'once it is its turn'])(
    'stays as it is when there is nothing to do %s',
    async (when) => {
      const nothing = when.startsWith('before') ? NOTHING : changeBy(() => undefined);
      const none = { snapshot: undefined, version: undefined, committed: false, attempts: 0 };
      expect(await table.commit(nothing)).toEqual(none);
      const { snapshot } = await append(table, 'a');
      const commit = await table.commit(nothing);
      expect(commit).toMatchObject({ committed: false, attempts: 0, version: { version: 1 } });
      expect(commit.snapshot?.entry).toEqual(snapshot?.entry);
      expect(await table.at(2)).toBeUndefined();
      expect(await keysIn(store, '_commits/')).toEqual([]);
    },
  );

  test('numbers a snapshot itself, and names the one before', async () => {
    const { snapshot } = await append(table, 'a');
    const next = await append(table, 'c');
    expect(next.snapshot).toMatchObject({ version: 2, runId: 'c' });
    expect(next.snapshot?.id).not.toBe(snapshot?.id);
    expect(next.snapshot?.entry['parent-snapshot-id']).toBe(snapshot?.id);
  });

  test.each(['before it has waited', 'once it is its turn'])(
    'stays as it is when the change fails %s',
    async (when) => {
      const failure = new Error('no');
      const fail = () => Promise.reject(failure);
      const change = when.startsWith('before') ? changeBy(() => undefined, fail) : changeBy(fail);
      await expect(table.commit(change)).rejects.toBe(failure);
      expect(await table.current()).toBeUndefined();
      expect(await keysIn(store, '_commits/')).toEqual([]);
    },
  );

  test('a loser of the race asks again with the winner’s snapshot', async () => {
    const asked: (number | undefined)[] = [];
    const look = async (base: Snapshot | undefined) => {
      asked.push(base?.version);
      if (asked.length === 1) await append(table, 'winner');
    };
    const commit = await table.commit(changeBy((base) => increment(base, 'loser'), look));
    expect(asked).toEqual([undefined, 1]);
    expect(commit).toMatchObject({ committed: true, attempts: 2, snapshot: { version: 2 } });
    expect(await runsOf(commit.snapshot)).toEqual(['winner', 'loser']);
  });

  test('gives up after the last attempt', async () => {
    const unlucky = tableWith({ maxAttempts: 9, sleep: noWait });
    const loses = () => append(table, randomUUID());
    const attempt = unlucky.commit(changeBy((base) => increment(base, 'never'), loses));
    await expect(attempt).rejects.toThrow(CommitConflict);
    const runs = (await linearHistory(table)).map(({ runId }) => runId);
    expect(runs).toHaveLength(9);
    expect(runs).not.toContain('never');
  });

  test('20 writers at once: each is in the history once', async () => {
    const runs = Array.from({ length: 20 }, (_, index) => `run-${String(index).padStart(2, '0')}`);
    const commits = await Promise.all(runs.map((run) => append(tableWith({}), run)));
    expect(commits.every(({ committed }) => committed)).toBe(true);
    const history = await linearHistory(table);
    expect(history).toHaveLength(20);
    expect((await runsOf(history.at(-1))).toSorted()).toEqual(runs);
    const versions = commits.map(({ snapshot }) => snapshot?.version ?? 0);
    expect(versions.toSorted((a, b) => a - b)).toEqual(runs.map((_, index) => index + 1));
  });

  test('a table of 1,000 versions opens in three requests, and commits in ten', async () => {
    await tableOf(store, 1_000);
    const counted = metered(store);
    expect((await new Table(counted, 't').current())?.version).toBe(1_000);
    expect(counted.usage.requests).toEqual({ head: 1, get: 2, put: 0, list: 0, delete: 0 });
    expect((await append(new Table(counted, 't'), 'next')).snapshot?.version).toBe(1_001);
    // Reading: the hint, a look for the next version, the metadata, the list of manifests. Writing: the lock, a
    // manifest, their list, the metadata, the hint; and the lock away.
    expect(counted.usage.requests).toEqual({ head: 1 + 1, get: 2 + 3, put: 5, list: 0, delete: 1 });
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

  test.each([
    ['cut', '{"format-version":2'],
    ['empty', ''],
    ['of another version of the format', '{"format-version":1}'],
  ])('metadata that is %s is an error, never an older version', async (_, body) => {
    await tableOf(store, 3);
    await store.write(metadataKey(3), body);
    const place = `silver/${metadataKey(3)}`;
    await expect(table.current()).rejects.toThrow(TableDamaged);
    await expect(table.current()).rejects.toThrow(place);
    await expect(table.at(1)).rejects.toThrow(place);
    await expect(append(table, 'next')).rejects.toThrow(place);
    expect(await store.head(metadataKey(4))).toBeUndefined();
  });

  test('10,000 files are no trouble', async () => {
    const added = Array.from({ length: 10_000 }, (_, index) =>
      fileOf(randomUUID(), {
        partition: { day: `2024-${index}` },
        rows: index,
        bytes: index * 10,
        columns: { 1: { lower: String(index), upper: String(index + 1) } },
      }),
    );
    await table.commit(changeBy((base) => ({ ...increment(base, 'big'), added })));
    expect(await (await table.current())?.files()).toEqual(added);
  });
});

describe('a table on S3 whose answers get lost', () => {
  test('a commit that the storage calls taken, but that is our own, counts as done', async () => {
    const { mock, store } = s3();
    const table = new Table(store, 't', { sleep: noWait });
    await append(table, 'a');
    const key = metadataKey(2);
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

  test('a missing hint is written by a writer that finds its work already done, and by maintenance', async () => {
    for (const retry of [(table: Table) => table.commit(NOTHING), (table: Table) => table.expire()]) {
      const { store } = s3();
      const table = new Table(store, 't');
      await append(table, 'a');
      const write = store.write.bind(store);
      const broken = jest.spyOn(store, 'write').mockImplementation(async (key, body) => {
        if (key === HINT) throw new StorageUnavailable('no answer');
        await write(key, body);
      });
      await append(table, 'b');
      broken.mockRestore();
      expect((await store.read(HINT))?.toString()).toBe('1');
      await retry(table);
      expect((await store.read(HINT))?.toString()).toBe('2');
    }
  });

  test.each([
    ['metadata', ({ Key }: { Key: string }) => Key === metadataKey(1)],
    ['a manifest', ({ Key }: { Key: string }) => Key.endsWith('-data.avro')],
    ['a list of manifests', ({ Key }: { Key: string }) => Key.includes('/snap-')],
    ['the lock', ({ Key }: { Key: string }) => Key.startsWith('_commits/')],
  ])('%s that cannot be written is the caller’s to retry', async (_, fails) => {
    const { store } = s3();
    for (const method of ['write', 'writeIfAbsent'] as const) {
      const write = store[method].bind(store) as (key: string, body: string | Buffer) => Promise<never>;
      jest.spyOn(store, method).mockImplementation(async (key, body) => {
        if (fails({ Key: key })) throw new StorageUnavailable('no answer');
        return await write(key, body);
      });
    }
    await expect(append(new Table(store, 't'), 'a')).rejects.toThrow(StorageUnavailable);
    jest.restoreAllMocks();
    expect(await new Table(store, 't').current()).toBeUndefined();
    expect(await append(new Table(store, 't'), 'a')).toMatchObject({ committed: true, attempts: 1 });
  });
});

describe('a table that several processes write', () => {
  longTest('four of them, 25 commits each: every one is in the history once', async () => {
    const root = scratch();
    const labels = ['a', 'b', 'c', 'd'];
    await Promise.all(labels.map((label) => runChild('commit-worker.ts', root, 't', label, '25')));
    const history = await linearHistory(new Table(new FolderStore(root), 't'));
    const expected = labels.flatMap((label) => Array.from({ length: 25 }, (_, turn) => `${label}-${turn}`));
    expect((await runsOf(history.at(-1))).toSorted()).toEqual(expected.toSorted());
    expect(history.map(({ runId }) => runId).toSorted()).toEqual(expected.toSorted());
  });

  longTest('after a kill at any point the table is at the old version or the new', async () => {
    const root = scratch();
    // The fake clock moves with each sleep, so that dead writers cost no time.
    const table = new Table(new FolderStore(root), 't', { ...fakeTime().options, retention: KEEP_ALL });
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
    const runs = await runsOf((await linearHistory(table)).at(-1));
    expect(new Set(runs).size).toBe(runs.length);
  });
});

describe('a writer that has just committed', () => {
  const committed = async () => {
    const store = metered(new FolderStore(scratch(), { name: 'silver' }));
    const table = new Table(store, 't');
    await append(table, 'run-1');
    const { version } = await append(table, 'run-2');
    return { store, table, version };
  };

  test('reads nothing that it has written', async () => {
    const { store, table, version } = await committed();
    const before = structuredClone(store.usage.requests);
    const manifests = (await version?.snapshot?.manifests()) ?? [];
    const own = manifests.find(({ file }) => file.addedSnapshotId === version?.snapshot?.id);
    expect(await own?.entries()).toMatchObject([{ status: 'added' }]);
    expect(store.usage.requests).toEqual(before);
    // And it is what others read.
    const files = await version?.snapshot?.files();
    expect(await (await table.current())?.files()).toEqual(files);
    expect(files).toHaveLength(2);
  });

  test('finds the newest version with one HEAD, and what others have committed since', async () => {
    const { store, table, version } = await committed();
    const before = structuredClone(store.usage.requests);
    expect(await table.newest(version)).toBe(version);
    expect(store.usage.requests).toEqual({ ...before, head: before.head + 1 });
    await append(new Table(store, 't'), 'run-3');
    expect((await table.newest(version))?.snapshot?.runId).toBe('run-3');
  });
});
