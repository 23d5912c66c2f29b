import { randomBytes } from 'node:crypto';
import { open as openFile, readFile, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ObjectMissing, StorageUnavailable } from '../../shared/errors.ts';
import { metered } from '../../shared/lake/storage/metered-store.ts';
import type { ObjectInfo, ObjectStore } from '../../shared/lake/storage/object-store.ts';
import { scratch } from './scratch.ts';

const MIB = 1024 * 1024;

/** The content of a multipart upload of three parts, the last of three bytes. */
const LARGE = randomBytes(16 * MIB + 3);

const keysOf = async (objects: AsyncIterable<ObjectInfo>): Promise<string[]> => {
  const keys: string[] = [];
  for await (const { key } of objects) keys.push(key);
  return keys;
};

const inParallel = <T>(count: number, run: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => run(index)));

/**
 * The tests that every adapter of the storage port must pass.
 *
 * @param open opens an empty bucket
 */
export const objectStoreSuite = (open: (options: { versioned: boolean }) => Promise<ObjectStore>): void => {
  const localFile = async (body: string | Buffer): Promise<string> => {
    const file = path.join(scratch(), 'local file.bin');
    await writeFile(file, body);
    return file;
  };

  describe('an object store', () => {
    let store: ObjectStore;
    let folder: string;
    beforeEach(async () => {
      store = await open({ versioned: false });
      folder = scratch();
    });

    test('reads back what was written', async () => {
      await store.write('a/b.json', '{"é":1}');
      await store.write('a/c.bin', Buffer.from([0, 255, 10]));
      expect((await store.read('a/b.json'))?.toString()).toBe('{"é":1}');
      expect(await store.read('a/c.bin')).toEqual(Buffer.from([0, 255, 10]));
    });

    test('replaces an object as a whole', async () => {
      await store.write('a', 'a long first text');
      const before = await store.head('a');
      await store.write('a', 'short');
      const after = await store.head('a');
      expect((await store.read('a'))?.toString()).toBe('short');
      expect(after?.etag).not.toBe(before?.etag);
    });

    test('describes an object', async () => {
      const started = Date.now();
      await store.write('a/b', 'four');
      const info = await store.head('a/b');
      expect(info).toMatchObject({ key: 'a/b', size: 4 });
      expect(info?.etag).toMatch(/^[^"]+$/);
      expect(Math.abs(Number(info?.lastModified) - started)).toBeLessThan(3_600_000);
      expect(info).not.toHaveProperty('versionId');
    });

    test('returns undefined, or throws ObjectMissing, for a missing object', async () => {
      await store.write('a/b', '');
      for (const key of ['nothing', 'a', 'a/b/c', 'a/nothing']) {
        expect(await store.head(key)).toBeUndefined();
        expect(await store.read(key)).toBeUndefined();
        await expect(store.localPath(key, folder)).rejects.toThrow(ObjectMissing);
      }
    });

    test('removes an object, and ignores a missing one', async () => {
      await store.write('a/b', 'x');
      await store.remove('a/b');
      await store.remove('a/b');
      await store.remove('never/was');
      expect(await store.head('a/b')).toBeUndefined();
      expect(await keysOf(store.list(''))).toEqual([]);
    });

    test('removes an object only if it is the one that the etag names', async () => {
      await store.write('a/b', 'x');
      const before = await store.head('a/b');
      await store.write('a/b', 'other');
      expect(await store.remove('a/b', before?.etag)).toBe(false);
      expect(String(await store.read('a/b'))).toBe('other');
      const now = await store.head('a/b');
      expect(await store.remove('a/b', now?.etag)).toBe(true);
      expect(await store.head('a/b')).toBeUndefined();
      expect(await store.remove('a/b', now?.etag)).toBe(false);
    });

    test('removes many objects with a request for each thousand, and does not mind if some are not there', async () => {
      await Promise.all(['a/1', 'a/2', 'b/1'].map((key) => store.write(key, 'x')));
      const counted = metered(store);
      await counted.removeMany([]);
      expect(counted.usage.requests.delete).toBe(0);
      const never = Array.from({ length: 1_500 }, (_, n) => `never/${n}`);
      await counted.removeMany(['a/1', ...never, 'a/2']);
      expect(counted.usage.requests.delete).toBe(2);
      expect(await keysOf(store.list(''))).toEqual(['b/1']);
    });

    test.each([
      'blank and + plus.csv',
      'dt=2024-01-01/part=%2F/x.csv',
      `quotes "and" 'those'.csv`,
      'ümlaut/雪/🦆.csv',
      'glob*?[a]{b}.csv',
      'a&b<c>.csv',
      '-starts-with-dash',
      'ends-with.dot.',
    ])('accepts the key %s', async (key) => {
      const content = `content of ${key}`;
      await store.upload(await localFile(content), key);
      expect((await store.read(key))?.toString()).toBe(content);
      expect(await store.head(key)).toMatchObject({ key });
      expect(await keysOf(store.list(''))).toEqual([key]);
      const local = await store.localPath(key, folder);
      expect(local.endsWith(`/${key}`)).toBe(true);
      expect(await readFile(local, 'utf8')).toBe(content);
    });

    test.each([
      ['no', Buffer.alloc(0)],
      ['few', Buffer.from('id,name\n1,é\n')],
      ['exactly one part of', LARGE.subarray(0, 8 * MIB)],
      ['one part and one byte of', LARGE.subarray(0, 8 * MIB + 1)],
      ['many', LARGE],
    ])('writes and reads back %s bytes', async (_, body) => {
      const file = await localFile(body);
      await utimes(file, 1, 1);
      expect(await store.upload(file, 'd/x.parquet')).toBe(body.length);
      expect((await readFile(file)).equals(body)).toBe(true);
      const info = await store.head('d/x.parquet');
      expect(info).toMatchObject({ key: 'd/x.parquet', size: body.length });
      expect(info?.lastModified.getFullYear()).toBeGreaterThan(2000);
      const local = await store.localPath('d/x.parquet', folder);
      expect((await readFile(local)).equals(body)).toBe(true);
    });

    test.each([
      ['small', LARGE.subarray(0, MIB)],
      ['large', LARGE],
    ])('a %s file that is overwritten during its upload becomes no object', async (_, body) => {
      const file = await localFile(body);
      const handle = await openFile(file, 'r+');
      let uploading = true;
      const writer = (async () => {
        while (uploading) await handle.write('more', 0);
      })();
      const failure = await store.upload(file, 'd/x').catch((error: unknown) => error);
      uploading = false;
      await writer;
      await handle.close();
      expect(failure).toBeInstanceOf(StorageUnavailable);
      expect(failure).toMatchObject({
        message: `${file} is still being written: try again when it is complete`,
      });
      expect(await store.head('d/x')).toBeUndefined();
    });

    test('a local path has the object as it is now, also after an earlier path', async () => {
      await store.write('x.csv', 'before');
      expect(await readFile(await store.localPath('x.csv', folder), 'utf8')).toBe('before');
      await store.write('x.csv', 'now');
      expect(await readFile(await store.localPath('x.csv', folder), 'utf8')).toBe('now');
    });

    test('creates an object only if there is none', async () => {
      expect(await store.writeIfAbsent('v1.json', 'first')).toBe(true);
      expect(await store.writeIfAbsent('v1.json', 'second')).toBe(false);
      expect((await store.read('v1.json'))?.toString()).toBe('first');
      await store.remove('v1.json');
      expect(await store.writeIfAbsent('v1.json', 'third')).toBe(true);
    });

    test('one of 20 racing creators wins, and its content is read', async () => {
      const won = await inParallel(20, (index) => store.writeIfAbsent('race/v1.json', `by ${index}`));
      expect(won.filter(Boolean)).toHaveLength(1);
      expect((await store.read('race/v1.json'))?.toString()).toBe(`by ${won.indexOf(true)}`);
    });

    test('a reader sees the old or the new object, whole, while it is replaced', async () => {
      const texts = ['a', 'b'].map((letter) => letter.repeat(100_000));
      await store.write('x', texts[0] ?? '');
      const seen = await inParallel(40, async (index) => {
        if (index % 2) return (await store.read('x'))?.toString();
        await store.write('x', texts[(index / 2) % 2] ?? '');
        return texts[0];
      });
      for (const text of seen) expect(texts.includes(text ?? '')).toBe(true);
    });

    test('lists by prefix in byte order, over all pages', async () => {
      const keys = ['t/a-b', 't/a.b', 't/a/b', 't/a0', 't/B', 't/é', 't/～', 't/🦆', 'ta', 's/z'];
      const many = Array.from({ length: 30 }, (_, index) => `t/many/${String(index).padStart(2, '0')}`);
      await Promise.all([...keys, ...many].map((key) => store.write(key, key)));
      const sorted = ['t/B', 't/a-b', 't/a.b', 't/a/b', 't/a0', ...many, 't/é', 't/～', 't/🦆'];
      expect(await keysOf(store.list('t/'))).toEqual(sorted);
      expect(await keysOf(store.list('t/a'))).toEqual(['t/a-b', 't/a.b', 't/a/b', 't/a0']);
      expect(await keysOf(store.list('t/many/1'))).toEqual(many.slice(10, 20));
      expect(await keysOf(store.list('t/a/b'))).toEqual(['t/a/b']);
      expect(await keysOf(store.list('nothing/'))).toEqual([]);
      expect(await keysOf(store.list(''))).toHaveLength(40);
      expect(await keysOf(store.list('t/', 't/many/28'))).toEqual(['t/many/29', 't/é', 't/～', 't/🦆']);
      expect(await keysOf(store.list('t/many/', 't/many/27!'))).toEqual(['t/many/28', 't/many/29']);
      expect(await keysOf(store.list('t/many/', 'z'))).toEqual([]);
    });

    test('lists an object as head describes it', async () => {
      await store.write('a/b', 'text');
      for await (const info of store.list('a/')) {
        const head = await store.head('a/b');
        expect({ ...info, lastModified: 0 }).toEqual({ ...head, lastModified: 0 });
      }
    });

    test('counts requests by kind, and bytes', async () => {
      const counted = metered(store);
      await counted.write('a', '12345');
      await counted.writeIfAbsent('b', 'é');
      await counted.upload(await localFile('123'), 'c');
      await counted.head('a');
      await counted.head('nothing');
      await counted.read('a');
      await counted.localPath('c', folder);
      await keysOf(counted.list('a'));
      await counted.remove('a');
      expect(counted.usage).toEqual({
        requests: { head: 2, get: 2, put: 3, list: 1, delete: 1 },
        bytesRead: 8,
        bytesWritten: 10,
      });
    });

    test('meters count independently, also nested ones', async () => {
      const outer = metered(store);
      const inner = metered(outer);
      await outer.write('a', '1');
      await inner.write('b', '22');
      expect(outer.usage).toMatchObject({ requests: { put: 2 }, bytesWritten: 3 });
      expect(inner.usage).toMatchObject({ requests: { put: 1 }, bytesWritten: 2 });
    });
  });

  describe('a versioned object store', () => {
    const versionOf = async (store: ObjectStore, key: string): Promise<string> =>
      (await store.head(key))?.versionId ?? 'none';

    test('keeps each content under its version', async () => {
      const store = await open({ versioned: true });
      const folder = scratch();
      await store.write('d/x.csv', 'one');
      const one = await versionOf(store, 'd/x.csv');
      await store.upload(await localFile('two!'), 'd/x.csv');
      const two = await versionOf(store, 'd/x.csv');
      await store.upload(await localFile('two!'), 'd/x.csv');
      const three = await versionOf(store, 'd/x.csv');
      expect(new Set([one, two, three, 'none']).size).toBe(4);

      expect(await store.head('d/x.csv', one)).toMatchObject({ key: 'd/x.csv', size: 3, versionId: one });
      expect((await store.read('d/x.csv', one))?.toString()).toBe('one');
      expect((await store.read('d/x.csv', two))?.toString()).toBe('two!');
      expect((await store.read('d/x.csv'))?.toString()).toBe('two!');
      const [old, current] = await Promise.all([
        store.localPath('d/x.csv', folder, one),
        store.localPath('d/x.csv', folder),
      ]);
      expect(await readFile(old, 'utf8')).toBe('one');
      expect(await readFile(current, 'utf8')).toBe('two!');
    });

    test('keeps a version after the object is removed, and has no unknown version', async () => {
      const store = await open({ versioned: true });
      const folder = scratch();
      await store.writeIfAbsent('x', 'kept');
      const version = await versionOf(store, 'x');
      await store.remove('x');
      expect(await store.head('x')).toBeUndefined();
      expect((await store.read('x', version))?.toString()).toBe('kept');
      expect(await store.head('other', version)).toBeUndefined();
      expect(await store.read('other', version)).toBeUndefined();
      await expect(store.localPath('other', folder, version)).rejects.toThrow(ObjectMissing);
    });

    test('a removed object can be created again', async () => {
      const store = await open({ versioned: true });
      expect(await store.writeIfAbsent('x', '1')).toBe(true);
      expect(await store.writeIfAbsent('x', '2')).toBe(false);
      await store.remove('x');
      expect(await store.writeIfAbsent('x', '3')).toBe(true);
      expect((await store.read('x', await versionOf(store, 'x')))?.toString()).toBe('3');
    });

    const versionsOf = async (
      store: ObjectStore,
      prefix: string,
    ): Promise<[key: string, body: string, isLatest: boolean][]> => {
      const found: [string, string, boolean][] = [];
      for await (const { key, versionId, isLatest } of store.listVersions(prefix))
        found.push([key, String(await store.read(key, versionId)), isLatest]);
      return found;
    };

    test('lists all versions by prefix: keys in byte order, over all pages, of each the newest first', async () => {
      const store = await open({ versioned: true });
      const keys = ['t/a', 't/a-b', 't/a.b', 't/a0', 't/B', 't/é', 't/～', 't/🦆', 'ta', 's/z'];
      for (const body of ['1', '2']) for (const key of keys) await store.write(key, body);
      const sorted = ['t/B', 't/a', 't/a-b', 't/a.b', 't/a0', 't/é', 't/～', 't/🦆'];
      const both = (key: string): [string, string, boolean][] => [
        [key, '2', true],
        [key, '1', false],
      ];
      expect(await versionsOf(store, 't/')).toEqual(sorted.flatMap(both));
      expect(await versionsOf(store, 't/a-b')).toEqual(both('t/a-b'));
      expect(await versionsOf(store, 'nothing/')).toEqual([]);
      expect(await versionsOf(store, '')).toHaveLength(20);
    });

    test('lists a version as head describes it', async () => {
      const store = await open({ versioned: true });
      await store.write('a/b', 'text');
      for await (const { isLatest, ...info } of store.listVersions('a/')) {
        const head = await store.head('a/b', info.versionId);
        expect({ ...info, lastModified: 0 }).toEqual({ ...head, lastModified: 0 });
        expect(isLatest).toBe(true);
      }
    });

    test('no version of a removed object is the latest, until it is created again', async () => {
      const store = await open({ versioned: true });
      await store.write('x', '1');
      await store.remove('x');
      expect(await versionsOf(store, '')).toEqual([['x', '1', false]]);
      await store.write('x/y', '2');
      expect(await versionsOf(store, 'x')).toEqual([
        ['x', '1', false],
        ['x/y', '2', true],
      ]);
    });

    test('removes versions for good, and shows the version before', async () => {
      const store = await open({ versioned: true });
      for (const body of ['1', '2', '3']) await store.write('x', body);
      await store.write('xy', 'other');
      const found: { key: string; versionId: string }[] = [];
      for await (const { key, versionId } of store.listVersions('x'))
        if (key === 'x') found.push({ key, versionId });
      await store.removeVersions(found.slice(0, 1));
      expect(String(await store.read('x'))).toBe('2');
      expect(await versionsOf(store, 'x')).toEqual([
        ['x', '2', true],
        ['x', '1', false],
        ['xy', 'other', true],
      ]);
      await store.removeVersions(found.slice(2));
      expect(await versionsOf(store, 'x')).toHaveLength(2);
      await store.removeVersions(found);
      expect(await store.head('x')).toBeUndefined();
      expect(await versionsOf(store, 'x')).toEqual([['xy', 'other', true]]);
      await store.write('x', '4');
      expect(await versionsOf(store, 'x')).toContainEqual(['x', '4', true]);
    });

    test('removes a version of an object that was removed before', async () => {
      const store = await open({ versioned: true });
      await store.write('x', '1');
      const version = await versionOf(store, 'x');
      await store.remove('x');
      await store.removeVersions([{ key: 'x', versionId: version }]);
      expect(await store.read('x', version)).toBeUndefined();
      expect(await versionsOf(store, '')).toEqual([]);
    });

    test('a listing of versions counts as lists', async () => {
      const store = await open({ versioned: true });
      await store.write('a', '1');
      const counted = metered(store);
      expect(await versionsOf(counted, '')).toHaveLength(1);
      expect(counted.usage.requests).toMatchObject({ list: 1, get: 1 });
    });
  });
};
