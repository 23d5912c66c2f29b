import { createHash, randomUUID } from 'node:crypto';
import { type BigIntStats, constants, createReadStream } from 'node:fs';
import { copyFile, link, open, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

/** Whether a file operation failed with one of these error codes (`ENOENT` …). */
export const failedWith = (error: unknown, ...codes: string[]): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && codes.includes(String(error.code));

/** The promise's value, or undefined if the file or a folder on its path does not exist. */
export const unlessMissing = <T>(operation: Promise<T>): Promise<T | undefined> =>
  operation.catch((error: unknown) => {
    if (failedWith(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  });

/** Stats of a regular file, undefined if there is none. Times are in nanoseconds, which need bigints. */
export const fileStats = async (filePath: string): Promise<BigIntStats | undefined> => {
  const stats = await unlessMissing(stat(filePath, { bigint: true }));
  return stats?.isFile() ? stats : undefined;
};

/** Whether two stats are of the same file without a write in between. */
export const isUnchanged = (before: BigIntStats, after: BigIntStats): boolean =>
  before.ino === after.ino &&
  before.size === after.size &&
  before.mtimeNs === after.mtimeNs &&
  before.ctimeNs === after.ctimeNs;

/** Writes a new file and waits for the disk, so that after a crash a renamed file is never without its bytes. */
export const writeDurably = async (filePath: string, body: string | Buffer): Promise<void> => {
  const file = await open(filePath, 'wx');
  try {
    await file.writeFile(body);
    await file.sync();
  } finally {
    await file.close();
  }
};

/**
 * Copies a file and waits for the disk. The file system shares the blocks if it can.
 *
 * @param modified the copy's modification time, in seconds since 1970: set because systems differ in whether a copy
 *   inherits it
 */
export const copyDurably = async (from: string, to: string, modified = Date.now() / 1000): Promise<void> => {
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  await utimes(to, modified, modified);
  const file = await open(to, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
};

/** Copies a file with its modification time, exact to a microsecond: `utimes` takes seconds as a float. */
export const copyWithTime = async (from: string, to: string): Promise<void> => {
  const { mtimeNs } = await stat(from, { bigint: true });
  await copyDurably(from, to, Number(mtimeNs) / 1e9);
};

/** Gives a complete file a second name in one step; false if the name is taken. */
export const linkUnlessTaken = (from: string, to: string): Promise<boolean> =>
  link(from, to).then(
    () => true,
    (error: unknown) => {
      if (failedWith(error, 'EEXIST')) return false;
      throw error;
    },
  );

/** Hex SHA-256 of a file's content. */
export const contentHash = async (filePath: string): Promise<string> => {
  const hash = createHash('sha256');
  await pipeline(createReadStream(filePath), hash);
  return hash.digest('hex');
};

/** Moves a complete file to its name in one step, also across disks. */
export const moveTo = async (target: string, from: string): Promise<void> => {
  try {
    await rename(from, target);
  } catch (error) {
    if (!failedWith(error, 'EXDEV')) throw error;
    // Readers ignore names that begin with a dot.
    const near = path.join(path.dirname(target), `.${randomUUID()}`);
    try {
      await copyWithTime(from, near);
      await rename(near, target);
    } finally {
      await rm(near, { force: true });
    }
    await rm(from, { force: true });
  }
};
