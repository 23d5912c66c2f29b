import type { ColumnMetrics, Field } from '../iceberg/types.ts';

/** An object with the positions of a data file's deleted rows, which rows of other files supersede. */
export interface PositionDeletes {
  /** In the table's zone. */
  key: string;
  /** Number of deleted rows. */
  rows: number;
  bytes: number;
}

/** One immutable data file of a table, as its manifest describes it. */
export interface DataFile {
  /** In the table's zone. */
  key: string;
  specId: number;
  /** Values as text, by the names of the spec's fields. The name of an `identity` field is the column's. */
  partition: Record<string, string | null>;
  /** Rows in the file, including deleted ones. */
  rows: number;
  bytes: number;
  /** Metrics by Iceberg field id. */
  columns: Record<number, ColumnMetrics>;
  deletes?: PositionDeletes;
}

/** A column as a view shows it. */
export interface ViewColumn {
  name: string;
  /** DuckDB type. */
  type: string;
}

/** A column of a view over a table's files. Without a field the files lack the column, and it is NULL. */
export interface TableColumn extends ViewColumn {
  field: Field | undefined;
}
