import type { CaseResult } from './results.ts';

/** Smaller sizes measure the start of a process rather than the work. */
const CHARTED_FROM_MB = 100;

/** The cases of the charts and of a table of their own: the largest generated dirty files, and the real one. */
export const chartedCases = (cases: readonly CaseResult[]): CaseResult[] => {
  const dirty = cases.filter(({ dirt, sizeMb }) => dirt === 'dirty' && sizeMb !== undefined);
  const large = dirty.filter(({ sizeMb = 0 }) => sizeMb >= CHARTED_FROM_MB);
  const real = cases.filter(({ sizeMb }) => sizeMb === undefined);
  return [...(large.length > 0 ? large : dirty), ...real];
};
