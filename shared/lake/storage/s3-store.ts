import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  type ObjectIdentifier,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import pLimit from 'p-limit';
import { batchesOf } from '../../base/in-parallel.ts';
import { ObjectMissing, StorageUnavailable } from '../../errors.ts';
import { isPathSafe } from './key-path.ts';
import {
  combineObservers,
  MAX_KEYS_REMOVED,
  type ObjectInfo,
  type ObjectStore,
  type ObjectVersion,
  type RequestKind,
  type RequestObserver,
  type VersionName,
} from './object-store.ts';
import { download, PART_BYTES, type RangedGet, uploadPartBytes } from './s3-download.ts';
import { checkRemoved, httpStatusOf, isMissing, storageError, unlessOther } from './s3-errors.ts';
import { objectsIn, versionsIn, withoutQuotes } from './s3-listing.ts';
import { readStill, streamStill } from './still-file.ts';

const MAX_PARALLEL_PARTS = 8;
const MAX_CONFLICT_ATTEMPTS = 6;

const optional = <K extends string, V>(key: K, value: V | undefined) =>
  (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };

/** An S3 bucket. Needs `s3:ListBucket`: without it S3 answers 403 instead of 404 for a missing object. */
export class S3Store implements ObjectStore {
  readonly name: string;
  readonly uri: string;
  readonly #client: S3Client;
  readonly #observe: RequestObserver;
  readonly #limit = pLimit(MAX_PARALLEL_PARTS);

  constructor(client: S3Client, bucket: string, observer: RequestObserver = () => undefined) {
    this.#client = client;
    this.name = bucket;
    this.uri = `s3://${bucket}/`;
    this.#observe = observer;
  }

  observed(observer: RequestObserver): S3Store {
    return new S3Store(this.#client, this.name, combineObservers(this.#observe, observer));
  }

  async head(key: string, versionId?: string): Promise<ObjectInfo | undefined> {
    const command = new HeadObjectCommand({ Bucket: this.name, Key: key, VersionId: versionId });
    const found = await this.#ifPresent(this.#request('head', key, () => this.#client.send(command)));
    if (!found) return undefined;
    return {
      key,
      size: found.ContentLength ?? 0,
      etag: withoutQuotes(found.ETag),
      lastModified: found.LastModified ?? new Date(0),
      ...optional('versionId', found.VersionId),
    };
  }

  async read(key: string, versionId?: string): Promise<Buffer | undefined> {
    const response = await this.#ifPresent(this.#get(key, { VersionId: versionId }));
    return response && this.#guard(key, () => buffer(response.Body as Readable));
  }

  async write(key: string, body: string | Buffer): Promise<void> {
    await this.#put(key, body);
  }

  async writeIfAbsent(key: string, body: string | Buffer): Promise<boolean> {
    for (let attempt = 1; attempt <= MAX_CONFLICT_ATTEMPTS; attempt += 1) {
      try {
        await this.#put(key, body, '*');
        return true;
      } catch (error) {
        const status = httpStatusOf(error);
        if (status === 412) return false;
        // 409: another write or deletion of the key is under way, and its outcome is not known yet.
        if (status !== 409) throw error;
        await setTimeout(Math.random() * 20 * 2 ** attempt);
      }
    }
    throw new StorageUnavailable(
      `s3://${this.name}/${key}: other writes to the key were under way in all ${MAX_CONFLICT_ATTEMPTS} attempts`,
    );
  }

  async localPath(key: string, scratch: string, versionId?: string): Promise<string> {
    // The version only where the caller names one: to read a version takes another permission, which only raw's readers have.
    const get: RangedGet = (start, end, etag, signal) =>
      this.#get(key, { Range: `bytes=${start}-${end}`, VersionId: versionId, IfMatch: etag }, signal);
    // S3 answers 416 for any range of an empty object.
    const getOrEmpty: RangedGet = (start, ...rest) =>
      get(start, ...rest).catch((error: unknown) => {
        if (start === 0 && httpStatusOf(error) === 416) return this.#get(key, { VersionId: versionId });
        throw error;
      });
    // A key that is no valid path still needs a file. Only raw has such keys, and their paths are never mapped back.
    const file = isPathSafe(key) ? key : createHash('sha256').update(key).digest('hex');
    const pathFor = (etag: string) => path.join(scratch, this.name, withoutQuotes(etag), file);
    try {
      return await this.#guard(key, () =>
        download({ get: getOrEmpty, limit: this.#limit, scratch, pathFor }),
      );
    } catch (cause) {
      if (httpStatusOf(cause) === 412) {
        throw new StorageUnavailable(`s3://${this.name}/${key} was replaced while it was read`, { cause });
      }
      if (!isMissing(cause)) throw cause;
      const version = versionId === undefined ? '' : ` (version ${versionId})`;
      throw new ObjectMissing(`s3://${this.name}/${key}${version} is not there`, { cause });
    }
  }

  async upload(file: string, key: string): Promise<number> {
    const { size } = await stat(file);
    if (size <= PART_BYTES) await this.#put(key, await readStill(file));
    else await this.#uploadParts(file, key, size);
    return size;
  }

  list(prefix: string, after?: string): AsyncIterable<ObjectInfo> {
    return objectsIn(this.name, { prefix, after }, (send) =>
      this.#request('list', prefix, () => send(this.#client)),
    );
  }

  listVersions(prefix: string): AsyncIterable<ObjectVersion> {
    return versionsIn(this.name, prefix, (send) => this.#request('list', prefix, () => send(this.#client)));
  }

  async remove(key: string, etag?: string): Promise<boolean> {
    const IfMatch = etag === undefined ? etag : `"${etag}"`;
    const command = new DeleteObjectCommand({ Bucket: this.name, Key: key, IfMatch });
    return await unlessOther(this.#request('delete', key, () => this.#client.send(command)));
  }

  async removeMany(keys: readonly string[]): Promise<void> {
    await this.#removeAll(keys.map((Key) => ({ Key })));
  }

  async removeVersions(versions: readonly VersionName[]): Promise<void> {
    await this.#removeAll(versions.map(({ key, versionId }) => ({ Key: key, VersionId: versionId })));
  }

  async #removeAll(objects: readonly ObjectIdentifier[]): Promise<void> {
    for (const batch of batchesOf(objects, MAX_KEYS_REMOVED)) {
      const Delete = { Objects: batch, Quiet: true };
      const command = new DeleteObjectsCommand({ Bucket: this.name, Delete });
      const { Errors } = await this.#request('delete', batch[0]?.Key ?? '', () => this.#client.send(command));
      checkRemoved(Errors, this.name);
    }
  }

  #get(
    key: string,
    options: Partial<GetObjectCommandInput>,
    abortSignal?: AbortSignal,
  ): Promise<GetObjectCommandOutput> {
    const command = new GetObjectCommand({ Bucket: this.name, Key: key, ...options });
    return this.#request(
      'get',
      key,
      () => this.#client.send(command, optional('abortSignal', abortSignal)),
      (response) => response.ContentLength ?? 0,
    );
  }

  async #put(key: string, body: string | Buffer, ifNoneMatch?: '*'): Promise<void> {
    const command = new PutObjectCommand({
      Bucket: this.name,
      Key: key,
      Body: body,
      IfNoneMatch: ifNoneMatch,
    });
    const bytes = Buffer.byteLength(body);
    await this.#request(
      'put',
      key,
      () => this.#client.send(command),
      () => bytes,
    );
  }

  async #uploadParts(file: string, key: string, size: number): Promise<void> {
    // Few files are large enough, so the library is loaded only when it is needed.
    const { Upload } = await import('@aws-sdk/lib-storage');
    const partSize = uploadPartBytes(size);
    const upload = new Upload({
      client: this.#client,
      params: { Bucket: this.name, Key: key, Body: streamStill(file) },
      partSize,
      queueSize: MAX_PARALLEL_PARTS / 2,
    });
    await this.#request(
      'put',
      key,
      () => upload.done(),
      () => size,
    );
    // One request has been counted. A multipart upload makes one per part, one to begin and one to complete.
    const others = Math.ceil(size / partSize) + 1;
    for (let request = 0; request < others; request += 1) this.#observe('put', 0);
  }

  #ifPresent<T>(request: Promise<T>): Promise<T | undefined> {
    return request.catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw error;
    });
  }

  async #request<T>(
    kind: RequestKind,
    key: string,
    send: () => Promise<T>,
    bytes: (response: T) => number = () => 0,
  ): Promise<T> {
    try {
      const response = await send();
      this.#observe(kind, bytes(response));
      return response;
    } catch (error) {
      this.#observe(kind, 0);
      throw storageError(error, `s3://${this.name}/${key}`);
    }
  }

  async #guard<T>(key: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      throw storageError(error, `s3://${this.name}/${key}`);
    }
  }
}
