import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const MEMORY_FILES = '/dev/shm';

/** Free space and free memory, in bytes, from which on scratch folders may lie in memory: the tests need 1 GiB. */
const MIN_SPACE = 4 * 2 ** 30;
const MIN_MEMORY = 8 * 2 ** 30;

const mayLieInMemory = (): boolean => {
  if (!existsSync(MEMORY_FILES)) return false;
  const { bavail, bsize } = statfsSync(MEMORY_FILES);
  return bavail * bsize > MIN_SPACE && os.freemem() > MIN_MEMORY;
};

const HOUR_MS = 3_600_000;

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
};

/** A run that was killed could not remove its folder, which takes memory until somebody else does. */
const removeLeftovers = (parent: string): void => {
  for (const name of readdirSync(parent)) {
    const [, pid] = /^duckstep-tests-(\d+)-/.exec(name) ?? [];
    const folder = path.join(parent, name);
    if (pid !== undefined && !isAlive(Number(pid)) && Date.now() - statSync(folder).mtimeMs > HOUR_MS)
      rmSync(folder, { recursive: true, force: true });
  }
};

/**
 * Puts scratch folders into memory where there is room: the tests write tens of thousands of small files and wait for
 * the disk at each. Child processes share one cache of compiled modules.
 */
export default (): void => {
  const parent = mayLieInMemory() ? MEMORY_FILES : os.tmpdir();
  removeLeftovers(parent);
  process.env.TMPDIR = mkdtempSync(path.join(parent, `duckstep-tests-${process.pid}-`));
  const compiled = path.resolve(__dirname, '../../node_modules/.cache/tests-compiled');
  mkdirSync(compiled, { recursive: true });
  process.env.NODE_COMPILE_CACHE ??= compiled;
};
