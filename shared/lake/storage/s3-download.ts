import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import path from "node:path";
import type { Readable } from 'node:stream';
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import type { LimitFunction } from 'p-limit';
import { StorageUnavailable } from '../../errors.ts';
import { fileStats } from '../../base/files.ts';

/** Of downloads and uploads alike: large enough to fill a connection, small enough to hold several in memory. */
export const PART_BYTES = 8 * 1024 * 1024;

/** Asks for the bytes from `start` to `end`, both included; with `etag`, only of the object that has it. */
export type RangedGet = (
  start: number,
  end: number,
  etag?: string,
  signal?: AbortSignal,
) => Promise<GetObjectCommandOutput>;

const bodyOf = (response: GetObjectCommandOutput): Readable => response.Body as Readable;

/** The object's size, of which the response may hold only the beginning. */
const totalBytes = (response: GetObjectCommandOutput): number => {
  const total = /\/(\d+)$/.exec(response.ContentRange ?? '')?.[1];
  return total === undefined ? (response.ContentLength ?? 0) : Number(total);
};

const writeAt = async (file: FileHandle, start: number, end: number, body: Readable): Promise<void> => {
  let position = start;
  for await (const chunk of body) {
    // A disk that is all but full may take a part; the rest of it would stay zeros.
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
  /** Bounds the parts under way at a time. */
  limit: LimitFunction;
  /** Holds the file until it is complete; on the file system of the path. */
  scratch: string;
  /** Where the object with this etag is to lie. */
  pathFor: (etag: string) => string;
}

/**
 * Downloads an object by parallel ranged GETs and returns its path. A small object takes one request; a file
 * that is there already is the same object and is kept. The file appears complete or not at all.
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
