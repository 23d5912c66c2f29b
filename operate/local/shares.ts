import os from 'node:os';
import type { Config } from '../../shared/runtime/config.ts';
import type { SizeClass } from '../queue.ts';

/** The shares of the machine that files which are processed at once may use. */
export interface Shares {
  /** Files at a time, of any size. */
  concurrency: number;
  /** Large files at a time while no small one waits; else one at a time. Always leaves one slot to small ones. */
  large: number;
  /** Memory that a step of one file may use, in MB (1 MB = 2^20 bytes). */
  memoryMb: Record<SizeClass, number>;
}

const MB = 2 ** 20;

/** The size, in bytes of text, at which reading costs about as much as the five steps cost for an empty file. */
const LARGE_BYTES = 8 * MB;

/** Names of packed files, and an assumed ratio: files are queued before anything reads them. */
const PACKED = /\.(?:gz|zst|parquet)$/i;
const UNPACKED = 4;

/** The part of the machine's memory that files may use together. Other programs and the page cache need the rest. */
const MACHINE_SHARE = 0.75;

/** Large files at a time: each keeps all cores busy most of the time, two fill each other's pauses. */
const MAX_LARGE = 2;

/** With less memory, in MB, a step spends its time spilling to disk. */
const MIN_MB = 512;

export const sizeClassOf = (key: string, bytes: number): SizeClass =>
  bytes * (PACKED.test(key) ? UNPACKED : 1) < LARGE_BYTES ? 'small' : 'large';

/**
 * Divides the machine: the steps of a large file have the configuration's `memoryMb`; small files share the rest, none
 * with more than a large one. Where the rest is too little, fewer files run at a time.
 *
 * @param asked files at a time that the user asked for
 * @param machine the machine's memory in MB
 */
export const sharesOf = (
  { memoryMb: most }: Pick<Config, 'memoryMb'>,
  asked: number,
  machine = machineMb(),
): Shares => {
  if (asked === 1) return { concurrency: 1, large: 1, memoryMb: { small: most, large: most } };
  const least = Math.min(MIN_MB, most);
  // A configuration that asks for more memory than the machine has is followed, with room for one small file.
  const total = Math.max(Math.floor(machine * MACHINE_SHARE), most + least);
  const fits = Math.floor((total - least) / most);
  const large = Math.min(MAX_LARGE, asked - 1, fits);
  const rest = total - large * most;
  const concurrency = Math.min(asked, large + Math.floor(rest / least));
  const small = Math.min(most, Math.floor(rest / (concurrency - large)));
  return { concurrency, large, memoryMb: { small, large: most } };
};

/** Memory of the machine or the container, in MB. */
const machineMb = (): number => {
  const limit = process.constrainedMemory() ?? 0;
  const machine = os.totalmem();
  return Math.floor((limit > 0 ? Math.min(limit, machine) : machine) / MB);
};
