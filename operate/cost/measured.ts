import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Usage } from '../../shared/run/payload.ts';

/** The usage of runs on files of one size, by entries of the payload: `validate`, `quality`, `transform`, `load`. */
export interface MeasuredSize {
  label: string;
  /** Size of the raw file. */
  bytes: number;
  /** The number of measured runs; this is the fastest of them. */
  rounds: number;
  states: Record<string, Usage>;
}

/** `docs/costs.json`, which `scripts/cost-table.ts` writes. */
export interface Measured {
  /** ISO date. */
  measured: string;
  machine: string;
  /** Mean number of runnable processes meanwhile. Above the number of cores, durations are too long. */
  load: number;
  /** The smallest first. */
  sizes: MeasuredSize[];
}

export const readMeasured = async (root: string): Promise<Measured> =>
  JSON.parse(await readFile(path.join(root, 'docs/costs.json'), 'utf8')) as Measured;
