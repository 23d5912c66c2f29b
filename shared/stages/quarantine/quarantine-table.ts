import { REASONS_TYPE } from '../validate/row-check.ts';

/**
 * Columns of `quarantine.<dataset>`, in order, with DuckDB types. One row per rejected record, and one per rejected file
 * (see `scope`); a rejected file's row represents all its records, which are in the raw version.
 */
export const QUARANTINE_COLUMNS = [
  { name: 'run_id', type: 'VARCHAR' },
  { name: 'dataset', type: 'VARCHAR' },
  { name: 'source_bucket', type: 'VARCHAR' },
  { name: 'source_key', type: 'VARCHAR' },
  { name: 'source_version', type: 'VARCHAR' },
  /** `row` or `file`. */
  { name: 'scope', type: 'VARCHAR' },
  /** Where the record begins: line of a text file, row of Parquet or of a JSON array; NULL for a file. */
  { name: 'line', type: 'BIGINT' },
  /** The record as it was: JSON of its fields, or its text where it is malformed. */
  { name: 'raw', type: 'VARCHAR' },
  { name: 'reasons', type: REASONS_TYPE },
  { name: 'uploaded_at', type: 'TIMESTAMP' },
] as const;
