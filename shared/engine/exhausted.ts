import { types } from 'node:util';
import { OutOfDisk, OutOfMemory } from '../errors.ts';

/** What a step had at its disposal. */
export interface Resources {
  /** Memory of the function, in MB, and DuckDB's part of it. */
  memoryMb: number;
  limitMb: number;
  /** What DuckDB may spill, in MB. */
  spillMb: number;
}

/** DuckDB reports a full scratch folder as want of memory, as it was memory that it meant to make room in. */
const NO_DISK = /max_temp_directory_size|no space left on device|failed to offload/i;
const NO_MEMORY = /^Out of Memory Error|std::bad_alloc/;

const ON_DISK =
  'Deploy a larger ephemeralStorageSize (serverless/functions.yml) or more memory, so that less is spilled; on a laptop, make room or name another disk with DUCKSTEP_SCRATCH_DIR. Or upload the file in parts. Then redrive.';

/** An error of DuckDB's about what it ran out of, as one that says what to raise; any other error as it is. */
export const asExhausted = (error: unknown, { memoryMb, limitMb, spillMb }: Resources): unknown => {
  if (!types.isNativeError(error)) return error;
  if (NO_DISK.test(error.message))
    return new OutOfDisk(
      `There is no room left for DuckDB to spill to: it had ${spillMb} MB of disk besides ${limitMb} MB of memory. ${ON_DISK}`,
      { cause: error },
    );
  if (!NO_MEMORY.test(error.message)) return error;
  return new OutOfMemory(
    `DuckDB needs more than the ${limitMb} MB that it may use of the ${memoryMb} MB that the step has. Deploy with more memoryMb and retryMemoryMb; on a laptop, set more DUCKSTEP_MEMORY_MB and DUCKSTEP_RETRY_MEMORY_MB. Or upload the file in parts. Then redrive.`,
    { cause: error },
  );
};

/** The same for files that Node writes. */
export const asFullDisk = (error: unknown, folder: string): unknown =>
  types.isNativeError(error) && 'code' in error && error.code === 'ENOSPC'
    ? new OutOfDisk(`There is no room left below ${folder}. ${ON_DISK}`, { cause: error })
    : error;
