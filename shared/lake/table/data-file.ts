import type { ColumnMetrics, Field } from '../iceberg/types.ts';

/** Which rows of a data file another file's rows supersede: an object with their positions. */
export interface PositionDeletes {
  /** In the table's zone. */
  key: string;
  /** Rows that it hides. */
  rows: number;
  bytes: number;
}

/** One immutable data file of a table, and what can be known of it without opening it. */
export interface DataFile {
  /** In the table's zone. */
  key: string;
  specId: number;
  /** Values as text, by the names of the spec's fields: for `identity` the column's name. */
  partition: Record<string, string | null>;
  /** Rows in the file, hidden ones included. */
  rows: number;
  bytes: number;
  /** By Iceberg field id. */
  columns: Record<number, ColumnMetrics>;
  deletes?: PositionDeletes;
}

/** A column as a view shows it. */
export interface ViewColumn {
  name: string;
  /** DuckDB type. */
  type: string;
}

/** A column of a view over a table's files; without a field the files have no such column: it is NULL. */
export interface TableColumn extends ViewColumn {
  field: Field | undefined;
}
