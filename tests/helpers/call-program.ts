import { execFile } from 'node:child_process';
import path from 'node:path';
import { ROOT } from './engine.ts';
import { runCommand } from './run-command.ts';
import { scratch } from './scratch.ts';

/** The output of a call of the program, and its exit code. */
export interface Called {
  code: number | null;
  out: string;
  err: string;
}

/** Calls the program in a folder; in a new one by default, where the lake lies too. */
export type CallProgram = (args: readonly string[], env?: NodeJS.ProcessEnv, cwd?: string) => Promise<Called>;

/** The terminal ends each text with a line break. */
const ended = (text: string): string => (text === '' ? '' : `${text}\n`);

/** Calls the program within this process: a tenth of the processor time of a process of its own. */
export const callProgram: CallProgram = async (args, env = {}, cwd = scratch()) => {
  const before = process.cwd();
  process.chdir(cwd);
  try {
    const { out, err, code } = await runCommand({ ...process.env, ...env }, ...args);
    return { code, out: ended(out), err: ended(err) };
  } finally {
    process.chdir(before);
  }
};

/** Starts the program as users do. */
export const startProgram: CallProgram = (args, env = {}, cwd = scratch()) =>
  new Promise((resolve) => {
    const child = execFile(
      path.join(ROOT, 'node_modules/.bin/node'),
      [path.join(ROOT, 'cli/duckstep.ts'), ...args],
      { cwd, env: { ...process.env, DUCKSTEP_LAKE: undefined, ...env } },
      (_, out, err) => resolve({ code: child.exitCode, out, err }),
    );
  });
