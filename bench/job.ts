import type { Dataset, Format, GoldSpec } from './datasets.ts';

/** One column of the source, for contenders that read no contract. */
export interface ColumnSpec {
  name: string;
  /** Its name in the source. */
  source: string;
  type: 'string' | 'integer' | 'number' | 'decimal' | 'boolean' | 'date' | 'timestamp';
  /** DuckDB type in silver. */
  silverType: string;
  required: boolean;
  /** Limits in the order of the contract's rules: the rule's name, and its value. */
  limits: Limit[];
}

export type Limit =
  | { rule: 'maxLength'; length: number }
  /** RE2; matches anywhere unless anchored. */
  | { rule: 'format' | 'pattern'; pattern: string }
  | { rule: 'minimum' | 'maximum'; value: string }
  | { rule: 'allowed'; values: string[] };

/** The contract in plain words, for contenders. */
export interface WorkSpec {
  dataset: Dataset;
  columns: ColumnSpec[];
  /** Integer columns that are parts of a column's date, and partition silver's files. */
  partitions: { name: string; of: string; part: 'year' | 'month' }[];
  /** The primary key: the last row of each key stays. Empty where the dataset has none. */
  primaryKey: string[];
  /** The source's column whose text stands beside a rejected record's reasons. */
  rejectKey: string;
  gold: GoldSpec;
  /** The same as a SELECT over `silver.<dataset>` in DuckDB's SQL. */
  goldSql: string;
  /** DuckDB types of gold's columns, in order. */
  goldTypes: Record<string, string>;
}

/** The input of a contender's process: JSON in the file that it is called with. */
export interface Job {
  input: string;
  format: Format;
  /** Empty folder: `silver/`, `gold.parquet`, `rejected.parquet` and `result.json` must be in it afterwards. */
  folder: string;
  spec: WorkSpec;
  cores: number;
  /** For duckstep: S3's event for the file, which lies in the lake `lake/` of the folder. */
  event?: unknown;
}

/** A part of the work, in its order. */
export interface Phase {
  name: string;
  wallMs: number;
  /** User and system time of the process in the meantime. */
  cpuMs: number;
  /** The process's peak memory until then; undefined where the contender cannot measure it. */
  peakMb?: number;
}

export interface RowCounts {
  read: number;
  rejected: number;
  duplicates: number;
  silver: number;
}

/** The content of a contender's `result.json`. */
export interface ContenderResult {
  rows: RowCounts;
  /** From the first line of the contender's own work to its last: without starting the process. */
  inProcessMs: number;
  phases: Phase[];
  /** Use of the lake's storage; only duckstep counts it. */
  storage?: { requests: number; bytesRead: number; bytesWritten: number };
  /** Versions of the engine and its runtime. */
  versions: Record<string, string>;
}
