import type { Place } from './problems.ts';

/** Runs a SELECT of one value in DuckDB; errors of DuckDB are thrown as they are. */
export type Evaluate = (sql: string) => Promise<unknown>;

/** A check of a contract that only DuckDB can make: that a pattern compiles, a limit parses, a column exists. */
export interface Check {
  place: Place;
  /** A SELECT of one boolean; false, or an error, is a problem. */
  sql: string;
  expected: string;
  found: unknown;
}

/** Runs the checks and reports each that fails at its place. */
export const runChecks = async (checks: readonly Check[], evaluate: Evaluate): Promise<void> => {
  for (const check of checks) {
    try {
      if ((await evaluate(check.sql)) !== true) check.place.expected(check.expected, check.found);
    } catch (error) {
      const [reason = ''] = String(error instanceof Error ? error.message : error).split('\n');
      check.place.expected(`${check.expected} (DuckDB: ${reason})`, check.found);
    }
  }
};
