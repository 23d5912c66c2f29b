import { type BigIntStats, createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { copyDurably, fileStats, isUnchanged } from '../../base/files.ts';
import { StorageUnavailable } from '../../errors.ts';

/** The state of a file at the time when it was judged complete. */
export interface FileState {
  bytes: number;
  /** When it was last written, in milliseconds since 1970. */
  written: number;
}

const MAX_ATTEMPTS = 5;

/** Times become floats on their way; two writes are further apart than this. */
const SAME_TIME_MS = 0.002;

/** Whether a file has the size and the time that it had when it was judged. */
export const isStill = ({ size, mtimeNs }: BigIntStats, { bytes, written }: FileState): boolean =>
  Number(size) === bytes && Math.abs(Number(mtimeNs) / 1e6 - written) < SAME_TIME_MS;

/**
 * Whether a file is what it was before.
 *
 * @param before undefined for what is no regular file, such as a pipe: that counts as unchanged
 */
export const isAsBefore = async (file: string, before: BigIntStats | undefined): Promise<boolean> => {
  if (before === undefined) return true;
  const after = await fileStats(file);
  return after !== undefined && isUnchanged(before, after);
};

const changing = (what: string): StorageUnavailable =>
  new StorageUnavailable(`${what} is still being written: try again when it is complete`);

/**
 * Tries work that gives nothing while a file is being written.
 *
 * @param what the file, as the message names it
 * @throws StorageUnavailable when the file changes during each of five attempts
 */
export const whenStill = async <T>(what: string, work: () => Promise<T | undefined>): Promise<T> => {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const result = await work();
    if (result !== undefined) return result;
    await setTimeout(20 * attempt);
  }
  throw changing(what);
};

/** @throws StorageUnavailable when the file changes whenever it is copied */
export const copyStill = async (from: string, to: string): Promise<void> => {
  await whenStill(from, async () => {
    const before = await fileStats(from);
    await copyDurably(from, to);
    return (await isAsBefore(from, before)) || undefined;
  });
};

/** @throws StorageUnavailable when the file changes whenever it is read */
export const readStill = async (file: string): Promise<Buffer> =>
  whenStill(file, async () => {
    const before = await fileStats(file);
    const body = await readFile(file);
    return (await isAsBefore(file, before)) ? body : undefined;
  });

/** A file's content as a stream, which fails at its end with `StorageUnavailable` where the file changed meanwhile. */
export const streamStill = (file: string): Readable =>
  Readable.from(
    (async function* () {
      const before = await fileStats(file);
      yield* createReadStream(file);
      if (!(await isAsBefore(file, before))) throw changing(file);
    })(),
  );
