import { PutObjectCommand } from '@aws-sdk/client-s3';
import { StorageUnavailable } from '../../../../../shared/errors.ts';
import { FolderStore } from '../../../../../shared/lake/storage/folder-store.ts';
import { metered } from '../../../../../shared/lake/storage/metered-store.ts';
import type { ObjectStore } from '../../../../../shared/lake/storage/object-store.ts';
import { S3Store } from '../../../../../shared/lake/storage/s3-store.ts';
import { CommitLock } from '../../../../../shared/lake/table/commit/locks.ts';
import { fakeS3, s3Error } from '../../../../helpers/fake-s3.ts';
import { scratch } from '../../../../helpers/scratch.ts';
import { keepLocksStill } from '../../../../helpers/still-locks.ts';

keepLocksStill();

const LEASE = 5_000;
const keyOf = (name: string): string => `_commits/t/locks/${name}`;

let time = 0;
beforeEach(() => {
  time = 1_000_000;
});
const lockIn = (store: ObjectStore): CommitLock => new CommitLock(store, keyOf, { now: () => time });

const locksIn = async (store: ObjectStore): Promise<string[]> => {
  const names: string[] = [];
  for await (const { key } of store.list(keyOf(''))) names.push(key.slice(keyOf('').length));
  return names;
};

const s3 = () => {
  const { client, mock } = fakeS3();
  return { mock, store: new S3Store(client, 'silver') };
};

const winners = async (locks: readonly CommitLock[], version: number): Promise<CommitLock[]> => {
  const answers = await Promise.all(locks.map((lock) => lock.tryTake(version)));
  return locks.filter((_, index) => answers[index] === 'taken');
};

describe.each<[string, () => ObjectStore]>([
  ['a folder', () => new FolderStore(scratch(), { name: 'silver' })],
  ['S3', () => s3().store],
])('locks in %s', (_, open) => {
  let store: ObjectStore;
  let locks: CommitLock[];
  beforeEach(() => {
    store = open();
    locks = Array.from({ length: 50 }, () => lockIn(store));
  });

  test('one of 50 concurrent writers gets it, and the others do not while it holds it', async () => {
    const [winner, ...others] = await winners(locks, 12);
    expect(others).toEqual([]);
    expect(await locksIn(store)).toEqual(['v00000012-0']);
    time += LEASE - 1;
    expect(await winners(locks, 12)).toEqual([winner]);
  });

  test('a dead holder is skipped after a lease, by one waiter, and the next one after another lease', async () => {
    const [dead] = await winners(locks, 1);
    const waiting = locks.filter((lock) => lock !== dead);
    time += LEASE;
    const second = await winners(waiting, 1);
    expect(second).toHaveLength(1);
    time += LEASE - 1;
    expect(await winners(waiting, 1)).toEqual(second);
    time += 1;
    const third = await winners(waiting, 1);
    expect(third).toHaveLength(2);
    expect(third).toContain(second[0]);
    expect(await locksIn(store)).toEqual(['v00000001-0', 'v00000001-1', 'v00000001-2']);
  });

  test('a late writer waits a lease of its own, and then one for each holder that it did not know', async () => {
    const [first, second, late] = [lockIn(store), lockIn(store), lockIn(store)];
    await first.tryTake(1);
    await second.tryTake(1);
    time += LEASE;
    expect(await second.tryTake(1)).toBe('taken');
    expect(await late.tryTake(1)).toBe('busy');
    time += LEASE;
    expect(await late.tryTake(1)).toBe('busy');
    time += LEASE - 1;
    expect(await late.tryTake(1)).toBe('busy');
    time += 1;
    expect(await late.tryTake(1)).toBe('taken');
  });

  test('a released lock can be taken at once', async () => {
    const [winner] = await winners(locks, 3);
    await winner?.release(3);
    expect(await locksIn(store)).toEqual([]);
    const [next, ...others] = await winners(
      locks.filter((lock) => lock !== winner),
      3,
    );
    expect(next).toBeDefined();
    expect(others).toEqual([]);
  });

  test('locks of different versions are independent', async () => {
    const [one, other] = [lockIn(store), lockIn(store)];
    expect(await one.tryTake(7)).toBe('taken');
    expect(await other.tryTake(7)).toBe('busy');
    expect(await other.tryTake(8)).toBe('taken');
    expect(await one.tryTake(8)).toBe('busy');
    time += LEASE;
    expect(await one.tryTake(9)).toBe('taken');
    await one.release(7);
    expect(await locksIn(store)).toEqual(['v00000008-0', 'v00000009-0']);
  });

  test('a release removes only its own lock, and ends the waiting', async () => {
    const [holder, waiter] = [lockIn(store), lockIn(store)];
    await holder.tryTake(1);
    await waiter.tryTake(1);
    await waiter.release(1);
    expect(await locksIn(store)).toEqual(['v00000001-0']);
    time += LEASE;
    expect(await waiter.tryTake(1)).toBe('busy');
    time += LEASE;
    expect(await waiter.tryTake(1)).toBe('taken');
    await holder.release(1);
    expect(await locksIn(store)).toEqual(['v00000001-1']);
  });

  test('taking costs one request, waiting one HEAD each time, releasing one', async () => {
    const holder = metered(store);
    const waiter = metered(store);
    const [held, waiting] = [lockIn(holder), lockIn(waiter)];
    await held.tryTake(1);
    await held.tryTake(1);
    expect(holder.usage.requests).toEqual({ head: 0, get: 0, put: 1, list: 0, delete: 0 });
    for (let asked = 1; asked <= 3; asked += 1) {
      expect(await waiting.tryTake(1)).toBe('busy');
      time += LEASE / 4;
      expect(waiter.usage.requests).toEqual({ head: asked - 1, get: 0, put: 1, list: 0, delete: 0 });
    }
    await held.release(1);
    await held.release(1);
    expect(holder.usage.requests).toEqual({ head: 0, get: 0, put: 1, list: 0, delete: 1 });
  });
});

test('a holder that sends heartbeats is waited for, one that stops is skipped', async () => {
  jest.useFakeTimers();
  try {
    const { store } = s3();
    const [holder, waiter] = [lockIn(store), lockIn(store)];
    await holder.tryTake(1);
    expect(await waiter.tryTake(1)).toBe('busy');
    for (let leases = 0; leases < 3; leases += 1) {
      expect(await waiter.isHeld(1)).toBe(true);
      time += LEASE;
      await jest.advanceTimersByTimeAsync(LEASE);
      expect(await waiter.tryTake(1)).toBe('busy');
    }
    time += LEASE;
    expect(await waiter.isHeld(1)).toBe(false);
    expect(await waiter.tryTake(1)).toBe('taken');
    await Promise.all([holder.release(1), waiter.release(1)]);
    await jest.advanceTimersByTimeAsync(2 * LEASE);
    expect(await locksIn(store)).toEqual([]);
  } finally {
    jest.useRealTimers();
  }
});

test('a heartbeat that fails is harmless, and so is one that is under way at the release', async () => {
  jest.useFakeTimers();
  try {
    const { store } = s3();
    const lock = lockIn(store);
    await lock.tryTake(1);
    const write = jest.spyOn(store, 'write').mockRejectedValueOnce(new StorageUnavailable('no answer'));
    await jest.advanceTimersByTimeAsync(LEASE / 3 + 1);
    expect(write).toHaveBeenCalledTimes(1);
    const { promise, resolve } = Promise.withResolvers<void>();
    const real = store.write.bind(store);
    write.mockImplementationOnce(async (key, body) => {
      await promise;
      await real(key, body);
    });
    await jest.advanceTimersByTimeAsync(LEASE / 3);
    const released = lock.release(1);
    resolve();
    await released;
    expect(await locksIn(store)).toEqual([]);
  } finally {
    jest.useRealTimers();
  }
});

/** An S3 whose next write succeeds or not, and answers with an error in both cases. */
const faulty = (done: boolean) => {
  const { mock, store } = s3();
  const failNext = (): void => {
    const write = store.writeIfAbsent.bind(store);
    jest.spyOn(store, 'writeIfAbsent').mockImplementationOnce(async (key, body) => {
      if (done) await write(key, body);
      throw new StorageUnavailable('no answer');
    });
  };
  return { mock, store, failNext };
};

test('a lock whose creation got no answer is recognized by one read', async () => {
  const { store, failNext, mock } = faulty(true);
  const lock = lockIn(store);
  failNext();
  await expect(lock.tryTake(1)).rejects.toThrow(StorageUnavailable);
  expect(await locksIn(store)).toEqual(['v00000001-0']);
  mock.resetHistory();
  expect(await lock.tryTake(1)).toBe('taken');
  expect(mock.calls()).toHaveLength(2);
  await lock.release(1);
  expect(await locksIn(store)).toEqual([]);
});

test('a lock whose creation got no answer is released, but not another writer’s', async () => {
  for (const done of [true, false]) {
    const { store, failNext } = faulty(done);
    const [lock, other] = [lockIn(store), lockIn(store)];
    failNext();
    await expect(lock.tryTake(1)).rejects.toThrow(StorageUnavailable);
    expect(await other.tryTake(1)).toBe(done ? 'busy' : 'taken');
    await lock.release(1);
    expect(await locksIn(store)).toEqual(done ? [] : ['v00000001-0']);
  }
});

test('a lock that is taken by another after our unanswered attempt is busy', async () => {
  const { store, failNext } = faulty(false);
  const [lock, other] = [lockIn(store), lockIn(store)];
  failNext();
  await expect(lock.tryTake(1)).rejects.toThrow(StorageUnavailable);
  expect(await other.tryTake(1)).toBe('taken');
  expect(await lock.tryTake(1)).toBe('busy');
  time += LEASE;
  expect(await lock.tryTake(1)).toBe('taken');
});

test('a release does not fail with the store, and an error of ours is not swallowed', async () => {
  const { store } = s3();
  const lock = lockIn(store);
  await lock.tryTake(1);
  const remove = jest.spyOn(store, 'remove').mockRejectedValueOnce(new StorageUnavailable('no answer'));
  await lock.release(1);
  await lock.tryTake(2);
  remove.mockRejectedValueOnce(s3Error(403, 'AccessDenied'));
  await expect(lock.release(2)).rejects.toThrow('AccessDenied');
});

test('the store’s refusal is the caller’s to handle', async () => {
  const { mock, store } = s3();
  mock.on(PutObjectCommand).rejects(s3Error(503, 'SlowDown'));
  await expect(lockIn(store).tryTake(1)).rejects.toThrow(StorageUnavailable);
});
