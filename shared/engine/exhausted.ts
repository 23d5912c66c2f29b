import { types } from 'node:util';
import { OutOfDisk, OutOfMemory } from '../errors.ts';

/** Memory and disk of a step, in MB. */
export interface DuckDbLimits {
  /** Memory of the function. */
  memoryMb: number;
  /** DuckDB's part of the memory. */
  limitMb: number;
  /** Disk that DuckDB may spill to. */
  spillMb: number;
}

/** DuckDB reports a full temp directory as an out-of-memory error, since it was spilling to free memory. */
const NO_DISK = /max_temp_directory_size|no space left on device|failed to offload/i;
const NO_MEMORY = /^Out of Memory Error|std::bad_alloc/;

const ON_DISK =
  'Deploy a larger ephemeralStorageSize (serverless/functions.yml) or more memory, so that less is spilled; on a laptop, free disk space or name another disk with DUCKSTEP_SCRATCH_DIR. Or upload the file in parts. Then redrive.';

/** Turns DuckDB's errors about memory and disk into ones that say which setting to raise; returns other errors unchanged. */
export const asExhausted = (error: unknown, { memoryMb, limitMb, spillMb }: DuckDbLimits): unknown => {
  if (!types.isNativeError(error)) return error;
  if (NO_DISK.test(error.message))
    return new OutOfDisk(
      `DuckDB has no disk space left to spill to: it had ${spillMb} MB of disk besides ${limitMb} MB of memory. ${ON_DISK}`,
      { cause: error },
    );
  if (!NO_MEMORY.test(error.message)) return error;
  return new OutOfMemory(
    `DuckDB needs more than the ${limitMb} MB that it may use of the ${memoryMb} MB that the step has. Deploy with more memoryMb and retryMemoryMb; on a laptop, set more DUCKSTEP_MEMORY_MB and DUCKSTEP_RETRY_MEMORY_MB. Or upload the file in parts. Then redrive.`,
    { cause: error },
  );
};

/** Turns Node's error about a full disk into `OutOfDisk`; returns other errors unchanged. */
export const asFullDisk = (error: unknown, folder: string): unknown =>
  types.isNativeError(error) && 'code' in error && error.code === 'ENOSPC'
    ? new OutOfDisk(`There is no disk space left below ${folder}. ${ON_DISK}`, { cause: error })
    : error;
