import type { Dataset, Format, GoldSpec } from './datasets.ts';

/** One column of the source, for contenders that do not read the contract. */
export interface ColumnSpec {
  name: string;
  /** The column's name in the source. */
  source: string;
  type: 'string' | 'integer' | 'number' | 'decimal' | 'boolean' | 'date' | 'timestamp';
  /** DuckDB type in silver. */
  silverType: string;
  required: boolean;
  /** Limits in the order of the contract's rules: rule and argument. */
  limits: Limit[];
}

export type Limit =
  | { rule: 'maxLength'; length: number }
  /** RE2; matches anywhere unless anchored. */
  | { rule: 'format' | 'pattern'; pattern: string }
  | { rule: 'minimum' | 'maximum'; value: string }
  | { rule: 'allowed'; values: string[] };

/** Everything that a contender needs to know of the contract. */
export interface WorkSpec {
  dataset: Dataset;
  columns: ColumnSpec[];
  /** Integer columns that are derived from a date column and partition silver's files. */
  partitions: { name: string; of: string; part: 'year' | 'month' }[];
  /** The file's last row of each key stays; empty if the dataset has no key. */
  primaryKey: string[];
  /** The source column whose text identifies a rejected record. */
  rejectKey: string;
  gold: GoldSpec;
  /** The gold model as a SELECT over `silver.<dataset>` in DuckDB's SQL. */
  goldSql: string;
  /** DuckDB types of gold's columns, in order. */
  goldTypes: Record<string, string>;
}

/** Input of a contender's process, as JSON in the file whose path is its last argument. */
export interface Job {
  input: string;
  format: Format;
  /** An empty folder, into which the contender writes `silver/`, `gold.parquet`, `rejected.parquet` and `result.json`. */
  folder: string;
  spec: WorkSpec;
  cores: number;
  /** Only for duckstep: S3's event for the file, which is already in the lake `<folder>/lake`. */
  event?: unknown;
}

/** One phase of the work. */
export interface Phase {
  name: string;
  wallMs: number;
  /** User and system time of the process during the phase. */
  cpuMs: number;
  /** Peak memory of the process until the end of the phase; undefined if the contender does not measure it. */
  peakMb?: number;
}

export interface RowCounts {
  read: number;
  rejected: number;
  duplicates: number;
  silver: number;
}

/** A contender's `result.json`. */
export interface ContenderResult {
  rows: RowCounts;
  /** Time from the contender's first line to its last, without the start of the process. */
  inProcessMs: number;
  phases: Phase[];
  /** Requests to the lake's storage; only duckstep counts them. */
  storage?: { requests: number; bytesRead: number; bytesWritten: number };
  /** Versions of the engine and its runtime, by name. */
  versions: Record<string, string>;
}
