import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { failedWith, unlessMissing } from '../base/files.ts';

/** Scratch folders carry the process id, so that other processes can tell whether the owner still runs. */
const NAME = /^duckstep-(\d+)-[0-9a-f-]{36}$/;

/** Runs work with a new folder below the root, and removes the folder when the work ends or fails. */
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
 * Removes scratch folders of processes that were killed: Lambda restarts a killed function with the same disk. Call it
 * before the process makes a scratch folder of its own, and only on a disk that no other machine writes to.
 *
 * @param ageMs minimum time since a folder last changed
 */
export const removeLeftovers = async (root: string, ageMs = 0): Promise<void> => {
  const names = await readdir(root).catch(() => []);
  for (const name of names) {
    const [, pid] = NAME.exec(name) ?? [];
    if (pid === undefined || (Number(pid) !== process.pid && isRunning(Number(pid)))) continue;
    const stats = await unlessMissing(stat(path.join(root, name)));
    if (stats === undefined || Date.now() - stats.mtimeMs < ageMs) continue;
    // A folder that cannot be removed only takes up space.
    await rm(path.join(root, name), { recursive: true, force: true }).catch(() => undefined);
  }
};

/** Whether a process with this id runs on this machine, under any user. */
export const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs under another user.
    return failedWith(error, 'EPERM');
  }
};
