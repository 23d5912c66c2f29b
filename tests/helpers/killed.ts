import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { ROOT } from './engine.ts';

/** Starts a TypeScript program of the project in this version of Node. */
export const startNode = (program: string, ...args: string[]): ChildProcess =>
  spawn(path.join(ROOT, 'node_modules/.bin/node'), [path.join(ROOT, program), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });

/** Resolves when the program has printed the text; rejects if it ends without it. */
export const printed = (child: ChildProcess, text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    let seen = '';
    child.stdout?.on('data', (chunk) => {
      seen += chunk;
      if (seen.includes(text)) resolve();
    });
    child.once('exit', () => reject(new Error(`ended without saying "${text}": ${seen}`)));
  });

/** `kill -9`. */
export const kill = async (child: ChildProcess): Promise<void> => {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
};
