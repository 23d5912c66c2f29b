import { randomBytes } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { ObjectMissing, StorageUnavailable } from '../../../../shared/errors.ts';
import { metered } from '../../../../shared/lake/storage/metered-store.ts';
import type { ObjectStore } from '../../../../shared/lake/storage/object-store.ts';
import { S3Store } from '../../../../shared/lake/storage/s3-store.ts';
import { fakeS3, s3Error } from '../../../helpers/fake-s3.ts';
import { objectStoreSuite } from '../../../helpers/object-store-suite.ts';
import { scratch } from '../../../helpers/scratch.ts';

const MIB = 1024 * 1024;

objectStoreSuite(async ({ versioned }) => new S3Store(fakeS3({ versioned, pageSize: 7 }).client, 'lake-raw'));

const setUp = (options: Parameters<typeof fakeS3>[0] = {}) => {
  const { client, mock } = fakeS3(options);
  return { mock, store: new S3Store(client, 'lake-raw'), folder: scratch() };
};

const upload = async (store: ObjectStore, body: Buffer, key = 'd/x.bin') => {
  const file = path.join(scratch(), 'x');
  await writeFile(file, body);
  await store.upload(file, key);
};

const drain = async (store: ObjectStore) => {
  for await (const { key } of store.list('')) expect(key).toBeDefined();
};

describe('downloads', () => {
  const large = randomBytes(20 * MIB + 1);

  test('a large object comes in parts of one version, each byte requested once', async () => {
    const { mock, store, folder } = setUp({ versioned: true });
    await upload(store, large);
    const counted = metered(store);
    expect((await readFile(await counted.localPath('d/x.bin', folder))).equals(large)).toBe(true);
    expect(counted.usage).toMatchObject({ requests: { head: 0, get: 3 }, bytesRead: large.length });
    const inputs = mock.commandCalls(GetObjectCommand).map((call) => call.args[0].input);
    expect(inputs.map(({ Range }) => Range)).toEqual([
      'bytes=0-8388607',
      'bytes=8388608-16777215',
      'bytes=16777216-20971520',
    ]);
    const { etag, versionId } = (await store.head('d/x.bin')) ?? {};
    for (const input of inputs.slice(1)) expect(input.IfMatch).toBe(`"${etag}"`);
    // To read a version takes a permission that only the readers of raw have: silver and gold keep versions as well.
    for (const input of inputs) expect(input.VersionId).toBeUndefined();
    mock.resetHistory();
    await store.localPath('d/x.bin', scratch(), versionId);
    const versioned = mock.commandCalls(GetObjectCommand).map((call) => call.args[0].input);
    expect(versioned.map(({ VersionId }) => VersionId)).toEqual([versionId, versionId, versionId]);
  });

  test('a small object takes one request', async () => {
    const { store, folder } = setUp();
    await store.write('x', 'small');
    const counted = metered(store);
    await counted.localPath('x', folder);
    expect(counted.usage.requests).toMatchObject({ head: 0, get: 1 });
  });

  test('an object that is in scratch already is not fetched again', async () => {
    const { mock, store, folder } = setUp();
    await upload(store, large);
    const first = await store.localPath('d/x.bin', folder);
    const { ino } = await stat(first);
    mock.resetHistory();
    expect(await store.localPath('d/x.bin', folder)).toBe(first);
    expect(mock.commandCalls(GetObjectCommand)).toHaveLength(1);
    expect((await stat(first)).ino).toBe(ino);
  });

  test('an object that is replaced meanwhile is never mixed, and leaves nothing behind', async () => {
    const { mock, store, folder } = setUp();
    await upload(store, large);
    const replaced = s3Error(412, 'PreconditionFailed');
    mock.on(GetObjectCommand, { Range: 'bytes=16777216-20971520' }).rejects(replaced);
    await expect(store.localPath('d/x.bin', folder)).rejects.toThrow(StorageUnavailable);
    expect(await readdir(folder)).not.toContainEqual(expect.stringContaining('partial'));
    expect((await readdir(folder, { recursive: true })).filter((name) => name.endsWith('x.bin'))).toEqual([]);
  });

  test('a body that ends early is no object', async () => {
    const { mock, store, folder } = setUp();
    const Body = Readable.from([Buffer.from('ab')]) as never;
    mock.on(GetObjectCommand).resolves({ Body, ContentLength: 5, ContentRange: 'bytes 0-4/5', ETag: '"e"' });
    const failure = store.localPath('x', folder);
    await expect(failure).rejects.toThrow(StorageUnavailable);
    await expect(failure).rejects.toThrow('ended at byte 2 instead of 5');
  });

  test('a connection that breaks in the middle of a body is StorageUnavailable', async () => {
    const { mock, store, folder } = setUp();
    mock.on(GetObjectCommand).callsFake(async () => {
      const body = async function* () {
        yield Buffer.from('ab');
        throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
      };
      return { Body: Readable.from(body()), ContentLength: 5, ETag: '"e"' };
    });
    await expect(store.localPath('x', folder)).rejects.toThrow(StorageUnavailable);
    await expect(store.read('x')).rejects.toThrow(StorageUnavailable);
  });

  test('at most eight parts are under way at a time', async () => {
    const { mock, store, folder } = setUp();
    let open = 0;
    let most = 0;
    const part = (size: number) =>
      Readable.from(
        (async function* () {
          open += 1;
          most = Math.max(most, open);
          await new Promise(setImmediate);
          yield Buffer.alloc(size);
          open -= 1;
        })(),
      );
    mock.on(GetObjectCommand).callsFake(async () => ({
      Body: part(8 * MIB),
      ContentLength: 8 * MIB,
      ContentRange: `bytes 0-0/${8 * MIB * 24}`,
      ETag: '"e"',
    }));
    await store.localPath('x', folder);
    expect(mock.commandCalls(GetObjectCommand)).toHaveLength(24);
    // The first part is begun before the others are known.
    expect(most).toBeLessThanOrEqual(9);
    expect(most).toBeGreaterThan(1);
  });

  test.each([
    ['an empty part', 'a//b.csv'],
    ['parts that go up', '../../etc/x.csv'],
    ['a slash in front', '/abs.csv'],
    ['a backslash', 'back\\slash.csv'],
    ['a part too long for a file', 'n'.repeat(1_000)],
  ])('a key with %s stays below scratch', async (_, key) => {
    const { store, folder } = setUp();
    await store.write(key, 'content');
    const local = await store.localPath(key, folder);
    expect(local.startsWith(`${folder}/`)).toBe(true);
    expect(local).toBe(path.normalize(local));
    expect(await readFile(local, 'utf8')).toBe('content');
  });
});

describe('uploads and lists', () => {
  test('a small file takes one request; all requests of a large one are counted', async () => {
    const { mock, store } = setUp();
    const counted = metered(store);
    await upload(counted, randomBytes(8 * MIB));
    expect(mock.calls()).toHaveLength(1);
    await upload(counted, randomBytes(8 * MIB + 1));
    expect(mock.commandCalls(UploadPartCommand)).toHaveLength(2);
    expect(mock.calls()).toHaveLength(1 + 4);
    expect(counted.usage).toMatchObject({ requests: { put: 5 }, bytesWritten: 16 * MIB + 1 });
  });

  test('one request a page', async () => {
    const { mock, store } = setUp({ pageSize: 10 });
    for (let index = 0; index < 21; index += 1) await store.write(`k${index}`, '');
    const counted = metered(store);
    await drain(counted);
    expect(counted.usage.requests.list).toBe(3);
    expect(mock.commandCalls(ListObjectsV2Command)).toHaveLength(3);
  });
});

describe('what S3 answers', () => {
  const everyCall: [string, (store: ObjectStore, folder: string) => Promise<unknown>][] = [
    ['head', (store) => store.head('x')],
    ['read', (store) => store.read('x')],
    ['write', (store) => store.write('x', '')],
    ['writeIfAbsent', (store) => store.writeIfAbsent('x', '')],
    ['localPath', (store, folder) => store.localPath('x', folder)],
    ['upload', (store) => upload(store, Buffer.alloc(1))],
    ['upload in parts', (store) => upload(store, Buffer.alloc(9 * MIB))],
    ['list', (store) => drain(store)],
    ['remove', (store) => store.remove('x')],
  ];
  const transient = [
    s3Error(503, 'SlowDown'),
    s3Error(500, 'InternalError'),
    s3Error(503, 'UnknownError'),
    s3Error(429, 'TooManyRequests'),
    s3Error(400, 'RequestTimeout'),
    Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }),
    Object.assign(new Error('no answer'), { name: 'TimeoutError' }),
  ];

  test.each(everyCall)(
    '%s: what may pass is StorageUnavailable, and the rest stays as it is',
    async (_, call) => {
      for (const cause of transient) {
        const { mock, store, folder } = setUp();
        mock.onAnyCommand().rejects(cause);
        const failure = await call(store, folder).catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(StorageUnavailable);
        expect(failure).toMatchObject({ cause });
      }
      for (const error of [
        s3Error(403, 'AccessDenied'),
        s3Error(404, 'NoSuchBucket'),
        new TypeError('bug'),
      ]) {
        const { mock, store, folder } = setUp();
        mock.onAnyCommand().rejects(error);
        await expect(call(store, folder)).rejects.toBe(error);
      }
    },
  );

  test('a failed request counts', async () => {
    const { mock, store } = setUp();
    mock.on(HeadObjectCommand).rejects(s3Error(503, 'SlowDown'));
    const counted = metered(store);
    await expect(counted.head('x')).rejects.toThrow(StorageUnavailable);
    expect(counted.usage.requests.head).toBe(1);
  });

  test.each([
    [404, 'NotFound'],
    [404, 'NoSuchKey'],
    [404, 'NoSuchVersion'],
    [404, 'UnknownError'],
    [405, 'MethodNotAllowed'],
  ])('%d %s means that the object is not there', async (status, name) => {
    const { mock, store, folder } = setUp();
    mock.onAnyCommand().rejects(s3Error(status, name));
    expect(await store.head('x', 'v')).toBeUndefined();
    expect(await store.read('x', 'v')).toBeUndefined();
    await store.remove('x');
    const missing = store.localPath('x', folder, 'v');
    await expect(missing).rejects.toThrow(ObjectMissing);
    await expect(missing).rejects.toThrow('s3://lake-raw/x (version v) is not there');
  });

  test('a conditional write asks S3, and asks again while another write is under way', async () => {
    const { mock, store } = setUp();
    const conflict = s3Error(409, 'ConditionalRequestConflict');
    mock.on(PutObjectCommand).rejectsOnce(conflict).rejectsOnce(conflict).resolvesOnce({});
    expect(await store.writeIfAbsent('x', '1')).toBe(true);
    const inputs = mock.commandCalls(PutObjectCommand).map((call) => call.args[0].input);
    expect(inputs.map(({ IfNoneMatch }) => IfNoneMatch)).toEqual(['*', '*', '*']);
    mock.on(PutObjectCommand).rejectsOnce(conflict).rejects(s3Error(412, 'whatever'));
    expect(await store.writeIfAbsent('x', '1')).toBe(false);
  });

  test('a conflict that stays is StorageUnavailable', async () => {
    const { mock, store } = setUp();
    mock.on(PutObjectCommand).rejects(s3Error(409, 'ConditionalRequestConflict'));
    await expect(store.writeIfAbsent('x', '1')).rejects.toThrow(StorageUnavailable);
  });

  test('a plain write is unconditional, and a removal names its object', async () => {
    const { mock, store } = setUp();
    await store.write('x', '1');
    expect(mock.commandCalls(PutObjectCommand)[0]?.args[0].input.IfNoneMatch).toBeUndefined();
    await store.remove('x');
    expect(mock.commandCalls(DeleteObjectCommand)[0]?.args[0].input).toEqual({
      Bucket: 'lake-raw',
      Key: 'x',
    });
  });

  test('a key that S3 did not remove is an error, by which it is tried again or not', async () => {
    const { mock, store } = setUp();
    mock
      .on(DeleteObjectsCommand)
      .resolves({ Errors: [{ Key: 'a', Code: 'InternalError', Message: 'Try again' }] });
    await expect(store.removeMany(['a', 'b'])).rejects.toThrow(StorageUnavailable);
    mock.on(DeleteObjectsCommand).resolves({ Errors: [{ Key: 'a', Code: 'AccessDenied', Message: 'No' }] });
    const refused = store.removeMany(['a', 'b']);
    await expect(refused).rejects.toMatchObject({ name: 'AccessDenied' });
    await expect(refused).rejects.toThrow('s3://lake-raw/a was not removed: AccessDenied No');
  });
});
