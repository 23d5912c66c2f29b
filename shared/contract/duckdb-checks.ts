import type { Place } from './problems.ts';

/** A SELECT of one value, evaluated by DuckDB. Throws what DuckDB throws. */
export type Evaluate = (sql: string) => Promise<unknown>;

/** What only DuckDB itself can tell of a contract: whether a pattern compiles, a limit parses, a column is there. */
export interface Check {
  place: Place;
  /** A SELECT of one boolean; false, or an error, is a problem. */
  sql: string;
  expected: string;
  found: unknown;
}

/** Runs the checks and reports those that fail at their places. */
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
