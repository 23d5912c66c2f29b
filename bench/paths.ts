import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '..');

/** Contracts and gold models of the benchmark's datasets. */
export const SQL_DIR = path.join(ROOT, 'bench', 'sql');

/** Cache of data, Python packages and contenders' output: not in git; survives runs, but not `npm ci`. */
export const CACHE = path.join(ROOT, 'node_modules', '.cache', 'duckstep-bench');
