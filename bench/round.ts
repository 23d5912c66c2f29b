import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openLake, putInRaw } from '../operate/local/lake.ts';
import type { Contender } from './contender.ts';
import type { Input } from './generate.ts';
import type { ContenderResult, Job, WorkSpec } from './job.ts';
import { type Measured, measure } from './measured-process.ts';

/** One run of one contender over one input. */
export interface Round extends Measured {
  /** Undefined if the contender failed. */
  result?: ContenderResult;
}

/**
 * Runs a contender once in an empty folder of its own. For duckstep the file is put into raw first: in production the
 * sender uploads it, therefore the pipeline is not charged for it.
 */
export const runRound = async (
  contender: Contender,
  input: Input,
  spec: WorkSpec,
  { folder, timeoutMs, memoryMb }: { folder: string; timeoutMs: number; memoryMb?: number },
): Promise<Round> => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const job: Job = {
    input: input.file,
    format: input.format,
    folder,
    spec,
    cores: os.availableParallelism(),
    ...(contender.lake && { event: await upload(input, folder) }),
  };
  const file = path.join(folder, 'job.json');
  writeFileSync(file, JSON.stringify(job, null, 2));
  warm(input.file);
  const scratch = path.join(folder, 'scratch');
  mkdirSync(scratch);
  const measured = await measure([...contender.command, file], {
    timeoutMs,
    env: {
      ...contender.env,
      TMPDIR: scratch,
      DUCKSTEP_SCRATCH_DIR: scratch,
      ...(memoryMb !== undefined && { DUCKSTEP_MEMORY_MB: String(memoryMb) }),
    },
  });
  const resultFile = path.join(folder, 'result.json');
  if (measured.failure !== undefined) return measured;
  if (!existsSync(resultFile)) return { ...measured, failure: 'wrote no result' };
  return { ...measured, result: JSON.parse(readFileSync(resultFile, 'utf8')) as ContenderResult };
};

/** Puts the file into the raw zone of a new lake and returns S3's event for it. */
const upload = (input: Input, folder: string): Promise<unknown> =>
  putInRaw(openLake(path.join(folder, 'lake')), {
    file: input.file,
    key: `${input.dataset}/${path.basename(input.file)}`,
  });

/** Reads the file into the page cache, to spare the first contender the wait for the disk. */
const warm = (file: string): void => {
  const buffer = Buffer.alloc(2 ** 20);
  const handle = openSync(file, 'r');
  try {
    while (readSync(handle, buffer) > 0);
  } finally {
    closeSync(handle);
  }
};
