import type { CaseResult } from './results.ts';

/** Below this size, process start dominates the time. */
const CHARTED_FROM_MB = 100;

/** Cases with a chart and a table of their own: the largest generated dirty files, and the real file. */
export const chartedCases = (cases: readonly CaseResult[]): CaseResult[] => {
  const dirty = cases.filter(({ dirt, sizeMb }) => dirt === 'dirty' && sizeMb !== undefined);
  const large = dirty.filter(({ sizeMb = 0 }) => sizeMb >= CHARTED_FROM_MB);
  const real = cases.filter(({ sizeMb }) => sizeMb === undefined);
  return [...(large.length > 0 ? large : dirty), ...real];
};
