import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './engine.ts';

const run = promisify(execFile);

/** The folder of a virtual environment's programs. It is kept between runs; `npm ci` removes it. */
export const venvPrograms = (name: string): string => path.join(ROOT, 'node_modules', '.cache', name, 'bin');

/**
 * The Python of a virtual environment with these packages of PyPI, each pinned as `name==version`. The environment is
 * created if it is missing or has other packages; one process at a time may call this.
 */
export const pythonWith = async (name: string, packages: readonly string[]): Promise<string> => {
  const folder = path.join(ROOT, 'node_modules', '.cache', name);
  const python = path.join(venvPrograms(name), 'python');
  const marker = path.join(folder, 'complete');
  const wanted = packages.join('\n');
  if (!existsSync(marker) || readFileSync(marker, 'utf8') !== wanted) {
    await run('python3', ['-m', 'venv', '--clear', folder]);
    await run(python, ['-m', 'pip', 'install', '--quiet', ...packages]);
    await writeFile(marker, wanted);
  }
  return python;
};
