import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';

/** Folder for objects that are being written; processes that were killed leave theirs there. */
export const UNFINISHED = '.tmp';

/** Runs work with the path of a new file on the disk of the root, and removes the file if the work did not move it. */
export const withUnfinishedFile = async <T>(root: string, work: (file: string) => Promise<T>): Promise<T> => {
  const folder = path.join(root, UNFINISHED);
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, randomUUID());
  try {
    return await work(file);
  } finally {
    await rm(file, { force: true });
  }
};
