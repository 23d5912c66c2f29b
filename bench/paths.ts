import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '..');

/** Contracts and gold models of what is measured. */
export const SQL_DIR = path.join(ROOT, 'bench', 'sql');

/** Data, Python's packages, and what contenders write: not in git, and it survives runs, not `npm ci`. */
export const CACHE = path.join(ROOT, 'node_modules', '.cache', 'duckstep-bench');
