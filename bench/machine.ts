import { execFileSync } from 'node:child_process';
import os from 'node:os';
import { ROOT } from './paths.ts';
import { MEMORY_METHOD } from './process-tree.ts';

/** The machine of a measurement. */
export interface Machine {
  cpu: string;
  cores: number;
  memoryGb: number;
  os: string;
  arch: string;
  node: string;
  /** Method by which peak memory was measured. */
  memoryMethod: string;
  /** The tested code's commit, with a `+` if the working tree had changes; undefined outside of a clone. */
  commit?: string;
}

export const describeMachine = (): Machine => {
  const commit = commitOf();
  return {
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGb: Math.round(os.totalmem() / 2 ** 30),
    os: `${os.type()} ${os.release().replace(/-.*/, '')}`,
    arch: os.arch(),
    node: process.versions.node,
    memoryMethod: MEMORY_METHOD,
    ...(commit !== undefined && { commit }),
  };
};

const commitOf = (): string | undefined => {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty=+', '--abbrev=10'], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
};
