import os from 'node:os';
import type { Config } from '../../shared/runtime/config.ts';

/** Files that take as long as any run does anyhow, and files that take longer the larger they are. */
export type SizeClass = 'small' | 'large';

export const SIZE_CLASSES: readonly SizeClass[] = ['small', 'large'];

/** What files that are processed at once may take. */
export interface Shares {
  /** Files at a time, of any size. */
  concurrency: number;
  /** Large files at a time while no small one waits; while one does it is a single one. Always leaves one slot. */
  large: number;
  /** What a step of one file may use, in MB (1 MB = 2^20 bytes). */
  memoryMb: Record<SizeClass, number>;
}

const MB = 2 ** 20;

/** Reading so much text costs about what the five steps cost for an empty file. */
const LARGE_BYTES = 8 * MB;

/** Packed by about so much, told by the name: nobody has looked inside when files are put in order. */
const PACKED = /\.(?:gz|zst|parquet)$/i;
const UNPACKED = 4;

/** The part of the machine's memory that files may use together. The rest is other programs', and the page cache. */
const MACHINE_SHARE = 0.75;

/** Large files at a time: each keeps all cores busy most of the time, two fill each other's pauses. */
const MAX_LARGE = 2;

/** A step that has less spills rather than works, in MB. */
const MIN_MB = 512;

export const sizeClassOf = (key: string, bytes: number): SizeClass =>
  bytes * (PACKED.test(key) ? UNPACKED : 1) < LARGE_BYTES ? 'small' : 'large';

/**
 * Divides the machine: a large file's steps have `memoryMb` of the configuration, small ones divide what is left
 * among them, and have no more than a large one. Where that would be too little, fewer files run at a time.
 */
export const sharesOf = (
  { memoryMb: most }: Pick<Config, 'memoryMb'>,
  asked: number,
  machine = machineMb(),
): Shares => {
  if (asked === 1) return { concurrency: 1, large: 1, memoryMb: { small: most, large: most } };
  const least = Math.min(MIN_MB, most);
  // Whoever asks for a step of more than the machine has still gets it, and a small file beside it.
  const total = Math.max(Math.floor(machine * MACHINE_SHARE), most + least);
  const fits = Math.floor((total - least) / most);
  const large = Math.min(MAX_LARGE, asked - 1, fits);
  const rest = total - large * most;
  const concurrency = Math.min(asked, large + Math.floor(rest / least));
  const small = Math.min(most, Math.floor(rest / (concurrency - large)));
  return { concurrency, large, memoryMb: { small, large: most } };
};

/** What the machine, or the container, has. */
const machineMb = (): number => {
  const limit = process.constrainedMemory() ?? 0;
  const machine = os.totalmem();
  return Math.floor((limit > 0 ? Math.min(limit, machine) : machine) / MB);
};
