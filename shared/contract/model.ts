/** A data contract as the pipeline uses it, read from ODCS v3.1 YAML by `load.ts`. */

import type { PartitionColumn } from '../lake/table/draft.ts';
import type { Reading } from './reading.ts';

/** The dimensions of data quality that ODCS v3.1 names. */
export const DIMENSIONS = [
  'accuracy',
  'completeness',
  'conformity',
  'consistency',
  'coverage',
  'timeliness',
  'uniqueness',
] as const;
export type Dimension = (typeof DIMENSIONS)[number];

export type LogicalType =
  | 'string'
  | 'date'
  | 'timestamp'
  | 'time'
  | 'number'
  | 'integer'
  | 'object'
  | 'array'
  | 'boolean';

/** Row-level limits of one column, from `logicalTypeOptions` and from `quality: invalidValues`. */
export interface Constraints {
  minLength?: number;
  maxLength?: number;
  /** RE2 patterns; as in JSON Schema it may match anywhere unless it is anchored. */
  patterns: string[];
  /** Range limits as SQL literals' text in the column's own type (`"2020-01-01"`, `"0"`). */
  minimum?: string;
  maximum?: string;
  exclusiveMinimum?: string;
  exclusiveMaximum?: string;
  multipleOf?: number;
  /** The only values allowed, as text; compared in the column's type. */
  allowed?: string[];
}

export interface Column {
  /** Name in silver. */
  name: string;
  /**
   * What the column is over time, whatever it is called now: the property's `id`, else its `name`. In small
   * letters, as case does not tell names apart. Unique in a contract.
   */
  identity: string;
  /** Name in the source (`physicalName`, else `name`); matched without regard to case and outer blanks. */
  sourceName: string;
  logicalType: LogicalType;
  /** DuckDB type in silver: `VARCHAR`, `DATE`, `TIMESTAMP`, `BIGINT`, `DECIMAL(18,2)`, `JSON` … */
  silverType: string;
  /** strptime format for dates and timestamps that are not ISO 8601. */
  strptime?: string;
  /** `logicalTypeOptions.format` of dates, times (`dd.MM.yyyy`) and strings (`email`), as the contract writes it. */
  format?: string;
  /**
   * `transformLogic`: the column is computed, not read from the source. SQL over the row as `silver.sql` leaves
   * it, or literally `silver.sql` where that file produces the column.
   */
  derivedFrom?: string;
  required: boolean;
  unique: boolean;
  /** Texts that mean "no value" in this column, compared exactly after trimming; '' is always among them. */
  missingValues: string[];
  constraints: Constraints;
  description?: string;
}

export type Operator =
  | { op: 'mustBe' | 'mustNotBe'; value: number | string | boolean }
  | {
      op: 'mustBeGreaterThan' | 'mustBeGreaterOrEqualTo' | 'mustBeLessThan' | 'mustBeLessOrEqualTo';
      value: number;
    }
  | { op: 'mustBeBetween' | 'mustNotBeBetween'; value: [number, number] };

export type Severity = 'info' | 'warning' | 'error' | 'critical';

/** One explicit `quality` entry of the contract. */
export interface QualityRule {
  /** Stable and unique in the contract: its `id` or `name`, else derived from column and metric. */
  id: string;
  description?: string;
  /** Absent for rules on the whole table. */
  column?: string;
  dimension: Dimension;
  severity: Severity;
  unit: 'rows' | 'percent';
  operator: Operator;
  check:
    | { kind: 'nullValues' }
    | { kind: 'missingValues'; values: string[] }
    | { kind: 'invalidValues'; allowed?: string[]; pattern?: string }
    /** Over `columns` together; of one column when the rule stands on a property. */
    | { kind: 'duplicateValues'; columns: string[] }
    | { kind: 'rowCount' }
    /** A SELECT of one number; `${table}` (or `${object}`) and `${column}` (or `${property}`) are filled in. */
    | { kind: 'sql'; query: string };
}

export interface OrderBy {
  column: string;
  direction: 'asc' | 'desc';
}

export interface Contract {
  dataset: string;
  version: string;
  /** The `contract.yaml` as messages name it: `sql/signups/contract.yaml`. */
  file: string;
  /** The dataset's folder: `silver.sql`, reference CSVs and `gold/` lie beside the contract. */
  folder: string;
  description?: string;
  /** In the contract's order, derived columns included. */
  columns: Column[];
  /** Names of columns, by `primaryKeyPosition`; empty where the dataset has no key. */
  primaryKey: string[];
  /** By `partitionKeyPosition`. */
  partitionedBy: PartitionColumn[];
  /** The score at or above which a file is loaded, in [0, 1]. */
  qualityThreshold: number;
  /** Weight per dimension, each ≥ 0; dimensions not named weigh 1. */
  dimensionWeights: Partial<Record<Dimension, number>>;
  unknownColumns: 'rescue' | 'reject' | 'ignore';
  /** Which of several rows with one primary key is the latest: the first in this order. */
  dedupeOrderBy: OrderBy[];
  rules: QualityRule[];
  /** From `slaProperties` `freshness`: the newest value of `column` may be at most this old. */
  freshness?: { column: string; maxAgeSeconds: number };
  /** What the files' content does not say about their form. */
  reading?: Reading;
  /** Text of `silver.sql`, where the dataset has one. */
  silverSql?: string;
  /** Hash over contract, silver.sql and reference files: changes whenever the outcome may change. */
  fingerprint: string;
}
