export const CONTENDERS = ['duckstep', 'baseline', 'polars', 'pandas-arrow', 'pandas', 'pyspark'] as const;
export type ContenderName = (typeof CONTENDERS)[number];

/** A program that does the whole work for one file, in a process of its own. */
export interface Contender {
  name: ContenderName;
  /** The file with the job is its last argument. */
  command: readonly string[];
  env?: NodeJS.ProcessEnv;
  /** Whether it finds its input in a lake's raw zone, and leaves its tables in that lake. */
  lake?: true;
}
