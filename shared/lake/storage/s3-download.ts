import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import type { LimitFunction } from 'p-limit';
import { fileStats } from '../../base/files.ts';
import { StorageUnavailable } from '../../errors.ts';

/** Size of a part of a download or upload: it fills a connection, and several fit into memory. */
export const PART_BYTES = 8 * 1024 * 1024;

/** Parts of an upload (Amazon S3 user guide, "Multipart upload limits"). */
const MAX_PARTS = 10_000;

/** Bytes of a part, by the bytes of the upload. The library does not know the length of the stream, and cannot choose it. */
export const uploadPartBytes = (bytes: number): number => Math.max(PART_BYTES, Math.ceil(bytes / MAX_PARTS));

/** Requests the bytes from `start` to `end`, both included. With `etag`, only if the object still has it. */
export type RangedGet = (
  start: number,
  end: number,
  etag?: string,
  signal?: AbortSignal,
) => Promise<GetObjectCommandOutput>;

const bodyOf = (response: GetObjectCommandOutput): Readable => response.Body as Readable;

/** The whole object's size, also if the response holds only a part. */
const totalBytes = (response: GetObjectCommandOutput): number => {
  const total = /\/(\d+)$/.exec(response.ContentRange ?? '')?.[1];
  return total === undefined ? (response.ContentLength ?? 0) : Number(total);
};

const writeAt = async (file: FileHandle, start: number, end: number, body: Readable): Promise<void> => {
  let position = start;
  for await (const chunk of body) {
    // An almost full disk may write a part only. Without a retry the rest would stay zeros.
    for (let at = 0; at < chunk.length; ) {
      const { bytesWritten } = await file.write(chunk, at, chunk.length - at, position);
      at += bytesWritten;
      position += bytesWritten;
    }
  }
  if (position !== end)
    throw new StorageUnavailable(`a download ended at byte ${position} instead of ${end}`);
};

export interface Download {
  get: RangedGet;
  /** Limits the parts under way at a time. */
  limit: LimitFunction;
  /** Folder for the incomplete file, on the file system of the final path. */
  scratch: string;
  /** The final path of the object with this etag. */
  pathFor: (etag: string) => string;
}

/**
 * Downloads an object by parallel ranged GETs, and returns its path. A small object takes one request. An existing file
 * of the same size at that path is the same object, and is kept. The file appears complete or not at all.
 */
export const download = async ({ get, limit, scratch, pathFor }: Download): Promise<string> => {
  const first = await get(0, PART_BYTES - 1);
  const target = pathFor(first.ETag ?? randomUUID());
  const size = totalBytes(first);
  if ((await fileStats(target))?.size === BigInt(size)) {
    bodyOf(first).destroy();
    return target;
  }
  const partial = path.join(scratch, `.partial-${randomUUID()}`);
  await mkdir(path.dirname(target), { recursive: true });
  const file = await open(partial, 'w');
  const failed = new AbortController();
  try {
    await file.truncate(size);
    const had = first.ContentLength ?? size;
    const parts = [writeAt(file, 0, had, bodyOf(first))];
    for (let start = had; start < size; start += PART_BYTES) {
      const end = Math.min(start + PART_BYTES, size);
      const part = async () => {
        const response = await get(start, end - 1, first.ETag, failed.signal);
        await writeAt(file, start, end, bodyOf(response));
      };
      parts.push(limit(part));
    }
    await Promise.all(parts);
    await file.close();
    await rename(partial, target);
    return target;
  } catch (error) {
    failed.abort();
    await file.close();
    await rm(partial, { force: true });
    throw error;
  }
};
