import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { failedWith, unlessMissing } from '../base/files.ts';

/** Of the process, so that others can tell whether anybody still uses the folder. */
const NAME = /^duckstep-(\d+)-[0-9a-f-]{36}$/;

/** Runs work with a folder of its own below the root, which is removed when the work ends, however it does. */
export const withScratch = async <T>(root: string, work: (scratch: string) => Promise<T>): Promise<T> => {
  const scratch = path.join(root, `duckstep-${process.pid}-${randomUUID()}`);
  await mkdir(scratch, { recursive: true });
  try {
    return await work(scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
};

/**
 * Removes the folders of processes that were ended from outside. For a process that has none yet, on a disk that no other
 * machine writes to: Lambda starts a function that it had to kill anew, and leaves it the disk as it was.
 *
 * @param ageMs only those that nothing was put into for so long
 */
export const removeLeftovers = async (root: string, ageMs = 0): Promise<void> => {
  const names = await readdir(root).catch(() => []);
  for (const name of names) {
    const [, pid] = NAME.exec(name) ?? [];
    if (pid === undefined || (Number(pid) !== process.pid && isRunning(Number(pid)))) continue;
    const stats = await unlessMissing(stat(path.join(root, name)));
    if (stats === undefined || Date.now() - stats.mtimeMs < ageMs) continue;
    // What cannot be removed takes up space, as it did before, and is in nobody's way.
    await rm(path.join(root, name), { recursive: true, force: true }).catch(() => undefined);
  }
};

/** Whether a process of this machine has the id, whoever's it is. */
export const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, and is somebody else's.
    return failedWith(error, 'EPERM');
  }
};
