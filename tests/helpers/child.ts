import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';

/** Starts a TypeScript file of this folder as a child process. */
export const startChild = (helper: string, ...args: string[]): ChildProcess =>
  spawn(process.execPath, [path.join('tests', 'helpers', helper), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });

/**
 * Runs a file of this folder as a child process.
 *
 * @returns its output
 * @throws Error when its exit code is not 0
 */
export const runChild = async (helper: string, ...args: string[]): Promise<string> => {
  const child = startChild(helper, ...args);
  if (!child.stdout) throw new Error('no output to read');
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  if (code !== 0) throw new Error(`${helper} ended with ${code}`);
  return output;
};
