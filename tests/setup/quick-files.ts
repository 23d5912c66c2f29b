import { existsSync, mkdirSync, mkdtempSync, statfsSync } from 'node:fs';
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

/**
 * Puts scratch folders into memory where there is room: the tests write tens of thousands of small files and wait for
 * the disk at each. Child processes share one cache of compiled modules.
 */
export default (): void => {
  process.env.TMPDIR = mkdtempSync(
    path.join(mayLieInMemory() ? MEMORY_FILES : os.tmpdir(), 'duckstep-tests-'),
  );
  const compiled = path.resolve(__dirname, '../../node_modules/.cache/tests-compiled');
  mkdirSync(compiled, { recursive: true });
  process.env.NODE_COMPILE_CACHE ??= compiled;
};
