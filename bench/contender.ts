export const CONTENDERS = ['duckstep', 'baseline', 'polars', 'pandas-arrow', 'pandas', 'pyspark'] as const;
export type ContenderName = (typeof CONTENDERS)[number];

/** A program that does the whole work for one file, in a process of its own. */
export interface Contender {
  name: ContenderName;
  /** The path of the job file is appended as the last argument. */
  command: readonly string[];
  env?: NodeJS.ProcessEnv;
  /** Set if it reads its input from a lake's raw zone and writes its tables to that lake. */
  lake?: true;
}
