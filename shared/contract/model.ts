/** A data contract as the pipeline uses it. `load.ts` reads it from ODCS v3.1 YAML. */

import type { PartitionColumn } from '../lake/table/draft.ts';
import type { Reading } from './reading.ts';
import type { EpochUnit, Separators } from './text-forms.ts';

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
  /** RE2 patterns. As in JSON Schema, a pattern may match anywhere in the text unless it is anchored. */
  patterns: string[];
  /** Limits of the range, as text that casts to the column's type: `"2020-01-01"`, `"0"`. */
  minimum?: string;
  maximum?: string;
  exclusiveMinimum?: string;
  exclusiveMaximum?: string;
  multipleOf?: number;
  /** If given, the only values allowed: texts, which are compared in the column's type. */
  allowed?: string[];
}

export interface Column {
  /** Name in silver. */
  name: string;
  /**
   * Identifies the column over time, even if it is renamed: the property's `id`, else its `name`, in lower case.
   * Unique in a contract.
   */
  identity: string;
  /** Name in the source (`physicalName`, else `name`). Case and outer blanks are ignored. */
  sourceName: string;
  logicalType: LogicalType;
  /** DuckDB type in silver: `VARCHAR`, `DATE`, `TIMESTAMP`, `BIGINT`, `DECIMAL(18,2)`, `JSON` … */
  silverType: string;
  /** strptime format for dates and timestamps that are not ISO 8601. */
  strptime?: string;
  /** `logicalTypeOptions.format` of dates, times (`dd.MM.yyyy`) and strings (`email`), as the contract writes it. */
  format?: string;
  /** How its numbers are written in text, where not as 1234.5. */
  separators?: Separators;
  /** The unit of a date or timestamp that is written as a number, counted from 1970 in UTC. */
  epochUnit?: EpochUnit;
  /**
   * `transformLogic` of a column that is computed, not read from the source: an SQL expression over a row that
   * `silver.sql` returns, or the text `silver.sql` if that file produces the column.
   */
  derivedFrom?: string;
  required: boolean;
  unique: boolean;
  /** A key of strings: blanks around its values are removed, so that ` A1 ` and `A1` are one key. Other strings keep them. */
  trimmed?: boolean;
  /** Texts that mean "no value" in this column, compared exactly after trimming. Always includes ''. */
  missingValues: string[];
  constraints: Constraints;
  /** Whether reports count the column's refused values without showing them; see `isSensitive`. */
  sensitive?: true;
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
  /** Unique in the contract: the entry's `id` or `name`, else derived from column and metric. */
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
    /** Rows that are equal in all of `columns`; a rule on a property has that one column. */
    | { kind: 'duplicateValues'; columns: string[] }
    | { kind: 'rowCount' }
    /** A SELECT of one number with the placeholders `${table}` (or `${object}`) and `${column}` (or `${property}`). */
    | { kind: 'sql'; query: string };
}

export interface OrderBy {
  column: string;
  direction: 'asc' | 'desc';
}

/** A pattern that the keys of a dataset's files must match, with the groups whose values become columns of `source`. */
export interface KeyPattern {
  /** An RE2 pattern for the whole key below the dataset's folder. */
  pattern: string;
  /** The named groups; `index` is the group's number in RE2, from 1. */
  groups: { name: string; index: number }[];
}

export interface Contract {
  dataset: string;
  version: string;
  /** The `contract.yaml` as messages name it: `sql/signups/contract.yaml`. */
  file: string;
  /** The dataset's folder, with the contract, `silver.sql`, reference CSV files and `gold/`. */
  folder: string;
  description?: string;
  /** In the contract's order, derived columns included. */
  columns: Column[];
  /** Names of columns, ordered by `primaryKeyPosition`; empty if the dataset has no key. */
  primaryKey: string[];
  /** Ordered by `partitionKeyPosition`. */
  partitionedBy: PartitionColumn[];
  /** The lowest score with which a file is loaded, in [0, 1]. */
  qualityThreshold: number;
  /** Weight per dimension, each ≥ 0. A dimension that is not listed has weight 1. */
  dimensionWeights: Partial<Record<Dimension, number>>;
  unknownColumns: 'rescue' | 'reject' | 'ignore';
  /** Of several rows with one primary key, the first in this order is the latest. */
  dedupeOrderBy: OrderBy[];
  /** Keys of the dataset's files match it. */
  keyPattern?: KeyPattern;
  rules: QualityRule[];
  /** `freshness` of `slaProperties`: the newest value of `column` may be at most this old. */
  freshness?: { column: string; maxAgeSeconds: number };
  /** Patterns of keys below the dataset's folder that hold no data, as `matchesGlob` reads them. */
  ignoredKeys?: string[];
  /** Settings for reading files whose content does not say how they are written. */
  reading?: Reading;
  /** The text of `silver.sql`, if the dataset has one. */
  silverSql?: string;
  /** A hash of contract, `silver.sql` and reference files: equal fingerprints give equal results. */
  fingerprint: string;
}
