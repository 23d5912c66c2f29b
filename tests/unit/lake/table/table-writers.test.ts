import { CommitConflict } from '../../../../shared/errors.ts';
import { lakePaths } from '../../../../shared/lake/paths.ts';
import { FolderStore } from '../../../../shared/lake/storage/folder-store.ts';
import type { ObjectStore } from '../../../../shared/lake/storage/object-store.ts';
import { S3Store } from '../../../../shared/lake/storage/s3-store.ts';
import { CommitLock } from '../../../../shared/lake/table/commit/locks.ts';
import { Table, type TableOptions } from '../../../../shared/lake/table/commit/table.ts';
import type { Snapshot } from '../../../../shared/lake/table/read/snapshot.ts';
import { fakeS3 } from '../../../helpers/fake-s3.ts';
import { fakeTime } from '../../../helpers/fake-time.ts';
import { changeBy, increment, KEEP_ALL, runsOf } from '../../../helpers/increment.ts';
import { scratch } from '../../../helpers/scratch.ts';

const noWait = async () => undefined;

const append = (table: Table, runId: string) => table.commit(changeBy((base) => increment(base, runId)));

/** A writer that holds the lock of a version, and does nothing more. */
const hold = async (store: ObjectStore, version: number): Promise<CommitLock> => {
  const lock = new CommitLock(store, (name) => lakePaths.locks('t', name));
  expect(await lock.tryTake(version)).toBe('taken');
  return lock;
};

describe.each<[string, () => ObjectStore]>([
  ['a folder', () => new FolderStore(scratch(), { name: 'silver' })],
  ['S3', () => new S3Store(fakeS3().client, 'silver')],
])('a writer of a table in %s', (_, open) => {
  let store: ObjectStore;
  let table: Table;
  const tableWith = (options: TableOptions) => new Table(store, 't', { retention: KEEP_ALL, ...options });
  beforeEach(() => {
    store = open();
    table = tableWith({ sleep: noWait });
  });

  test('waits longer and longer for a live writer, reports it once, and skips a dead one', async () => {
    await hold(store, 1);
    const { slept, options } = fakeTime();
    const whenBusy = jest.fn(async () => undefined);
    const patient = tableWith(options);
    const commit = await patient.commit(
      changeBy((base) => increment(base, 'a')),
      { whenBusy },
    );
    expect(commit).toMatchObject({ committed: true, attempts: 1 });
    expect(slept.slice(0, 8)).toEqual([25, 50, 100, 200, 400, 800, 1000, 1000]);
    const waited = slept.reduce((sum, ms) => sum + ms, 0);
    expect(waited).toBeGreaterThanOrEqual(5_000);
    expect(waited).toBeLessThan(6_000);
    expect(whenBusy).toHaveBeenCalledTimes(1);
  });

  test('a waiting writer looks again at what was committed meanwhile', async () => {
    const lock = await hold(store, 1);
    let turns = 0;
    const waiter = tableWith({
      sleep: async () => {
        turns += 1;
        if (turns < 2) return;
        await lock.release(1);
        await append(table, 'winner');
      },
    });
    const asked: (number | undefined)[] = [];
    const commit = await waiter.commit(
      changeBy(
        (base) => increment(base, 'waiter'),
        (base) => asked.push(base?.version),
      ),
    );
    expect({ asked, turns }).toEqual({ asked: [undefined, 1], turns: 2 });
    expect(commit).toMatchObject({ committed: true, attempts: 1 });
    expect(await runsOf(commit.snapshot)).toEqual(['winner', 'waiter']);
  });

  test('gives up when its patience ends', async () => {
    await hold(store, 1);
    const { slept, options } = fakeTime();
    const attempt = append(tableWith({ ...options, patienceMs: 2_000 }), 'never');
    await expect(attempt).rejects.toThrow(CommitConflict);
    const waited = slept.reduce((sum, ms) => sum + ms, 0);
    expect(waited).toBeGreaterThan(2_000);
    expect(waited).toBeLessThanOrEqual(3_000);
    expect(await table.current()).toBeUndefined();
  });

  test('without patience it leaves the table to a writer that is at work, or wins', async () => {
    const lock = await hold(store, 1);
    const impatient = async (meanwhile: () => Promise<unknown>) =>
      await table.commit(
        changeBy((base) => increment(base, 'never'), meanwhile),
        { patient: false },
      );
    expect(await impatient(noWait)).toMatchObject({ committed: false, attempts: 0 });
    await lock.release(1);
    expect(await impatient(() => append(table, 'winner'))).toMatchObject({ committed: false, attempts: 1 });
    expect(await runsOf(await table.current())).toEqual(['winner']);
  });

  test('does not commit on a version that it read long ago, but looks again', async () => {
    const { pass, options } = fakeTime();
    const slow = tableWith(options);
    await append(slow, 'a');
    let asked = 0;
    const look = () => {
      asked += 1;
    };
    const make = (base: Snapshot | undefined) => {
      if (asked === 1) pass(6 * 3_600_000);
      return increment(base, 'b');
    };
    const commit = await slow.commit(changeBy(make, look));
    expect(asked).toBe(2);
    expect(commit).toMatchObject({ committed: true, attempts: 2, snapshot: { version: 2 } });
    expect(await runsOf(commit.snapshot)).toEqual(['a', 'b']);
  });

  test('expires, with each commit, the snapshots that its retention does not keep', async () => {
    const short = tableWith({ retention: { newest: 2, hours: 0, days: 0 } });
    for (const run of ['a', 'b', 'c', 'd']) await append(short, run);
    expect((await short.current())?.history.map(({ version }) => version)).toEqual([4, 3]);
    expect(await short.at(2)).toBeUndefined();
    expect(await runsOf(await short.current())).toEqual(['a', 'b', 'c', 'd']);
  });

  test('expires snapshots without a new one', async () => {
    for (const run of ['a', 'b', 'c']) await append(table, run);
    const short = tableWith({ retention: { newest: 1, hours: 0, days: 0 } });
    expect(await short.expire()).toBe(2);
    expect(await short.newest()).toMatchObject({ version: 4, snapshot: { version: 3, runId: 'c' } });
    expect(await short.expire()).toBe(0);
    expect((await short.newest())?.version).toBe(4);
    expect((await append(table, 'd')).snapshot?.history.map(({ version }) => version)).toEqual([4, 3]);
  });
});
