import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '..');

/** Contracts and gold models of the measured datasets. */
export const SQL_DIR = path.join(ROOT, 'bench', 'sql');

/** Data, Python packages and the output of contenders: not in git; survives runs, but not `npm ci`. */
export const CACHE = path.join(ROOT, 'node_modules', '.cache', 'duckstep-bench');
