import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Usage } from '../../shared/run/payload.ts';

/** What runs on files of one size used, by the entry of the payload: `validate`, `quality`, `transform`, `load`. */
export interface MeasuredSize {
  label: string;
  /** Of the raw file. */
  bytes: number;
  /** How many were measured, of which this is the fastest. */
  rounds: number;
  states: Record<string, Usage>;
}

/** `docs/costs.json`, which `scripts/cost-table.ts` writes. */
export interface Measured {
  /** ISO date. */
  measured: string;
  machine: string;
  /** Mean number of runnable processes meanwhile: above the number of cores times are too long. */
  load: number;
  /** The smallest first. */
  sizes: MeasuredSize[];
}

export const readMeasured = async (root: string): Promise<Measured> =>
  JSON.parse(await readFile(path.join(root, 'docs/costs.json'), 'utf8')) as Measured;
