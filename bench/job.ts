import type { Dataset, Format, GoldSpec } from './datasets.ts';

/** One column of the source as contenders that read no contract are told of it. */
export interface ColumnSpec {
  name: string;
  /** What it is called in the source. */
  source: string;
  type: 'string' | 'integer' | 'number' | 'decimal' | 'boolean' | 'date' | 'timestamp';
  /** DuckDB type in silver. */
  silverType: string;
  required: boolean;
  /** Limits in the order in which the contract's rules are named: rule, and what it takes. */
  limits: Limit[];
}

export type Limit =
  | { rule: 'maxLength'; length: number }
  /** RE2; matches anywhere unless anchored. */
  | { rule: 'format' | 'pattern'; pattern: string }
  | { rule: 'minimum' | 'maximum'; value: string }
  | { rule: 'allowed'; values: string[] };

/** Everything that a contender is told: the contract in plain words. */
export interface WorkSpec {
  dataset: Dataset;
  columns: ColumnSpec[];
  /** Integer columns that are parts of a column's date, and split silver's files. */
  partitions: { name: string; of: string; part: 'year' | 'month' }[];
  /** Of rows that share it, the file's last stays; empty where the dataset has no key. */
  primaryKey: string[];
  /** The source's column whose text stands beside a refused record's reasons. */
  rejectKey: string;
  gold: GoldSpec;
  /** The same as a SELECT over `silver.<dataset>` in DuckDB's SQL. */
  goldSql: string;
  /** DuckDB types of gold's columns, in order. */
  goldTypes: Record<string, string>;
}

/** What a contender's process gets, as JSON in the file that it is called with. */
export interface Job {
  input: string;
  format: Format;
  /** Empty folder: `silver/`, `gold.parquet`, `rejected.parquet` and `result.json` are to be there afterwards. */
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
  /** The most memory that the process has had until then; undefined where the contender cannot tell. */
  peakMb?: number;
}

export interface RowCounts {
  read: number;
  rejected: number;
  duplicates: number;
  silver: number;
}

/** What a contender leaves as `result.json`. */
export interface ContenderResult {
  rows: RowCounts;
  /** From the first line of the contender's own work to its last: without starting the process. */
  inProcessMs: number;
  phases: Phase[];
  /** What was asked of the lake's storage; only duckstep counts it. */
  storage?: { requests: number; bytesRead: number; bytesWritten: number };
  /** Of the engine and what it stands on. */
  versions: Record<string, string>;
}
