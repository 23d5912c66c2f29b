import { createHash, randomUUID } from 'node:crypto';
import { type BigIntStats, constants, createReadStream } from 'node:fs';
import { copyFile, link, open, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

/** Whether a file operation failed with one of these codes (`ENOENT` …). */
export const failedWith = (error: unknown, ...codes: string[]): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && codes.includes(String(error.code));

/** The promise's value, or undefined where the file or a folder on the way to it is not there. */
export const unlessMissing = <T>(operation: Promise<T>): Promise<T | undefined> =>
  operation.catch((error: unknown) => {
    if (failedWith(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  });

/** What the system knows of a regular file, or undefined. Nanoseconds, hence bigint. */
export const fileStats = async (filePath: string): Promise<BigIntStats | undefined> => {
  const stats = await unlessMissing(stat(filePath, { bigint: true }));
  return stats?.isFile() ? stats : undefined;
};

/** Writes a new file and waits until the disk has it: a rename must never outlive the bytes it names. */
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
 * Copies a file durably; the file system shares the blocks where it can. The copy is as old as it says, in
 * seconds since 1970, since systems differ in whether a copy inherits the time.
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

/** The same, with the original's time; exact to a microsecond, because `utimes` takes seconds as a float. */
export const copyWithTime = async (from: string, to: string): Promise<void> => {
  const { mtimeNs } = await stat(from, { bigint: true });
  await copyDurably(from, to, Number(mtimeNs) / 1e9);
};

/** Gives a complete file a second name in one step; false where the name is taken. */
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

/** Gives a complete file its name in one step, also where a link leads to another disk. */
export const moveTo = async (target: string, from: string): Promise<void> => {
  try {
    await rename(from, target);
  } catch (error) {
    if (!failedWith(error, 'EXDEV')) throw error;
    // Readers pass over names with a dot.
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
