import type { Schema, SnapshotEntry, Transform } from '../iceberg/types.ts';
import type { DataFile, PositionDeletes } from './data-file.ts';
import type { Partition } from './partition-names.ts';
import type { ColumnIds } from './properties.ts';

/** Columns of a table, with what is needed to number the next ones. */
export interface TableSchema {
  schema: Schema;
  columnIds: ColumnIds;
  lastColumnId: number;
}

/** One field of how a table's files are split. */
export interface PartitionColumn {
  /** Name of the field: the column's own for identity. */
  name: string;
  column: string;
  transform: Transform;
}

export interface PartitionBy {
  /** Field id of the column. */
  'source-id': number;
  transform: Transform;
  name: string;
}

/** What a writer says of the next snapshot; the table adds the rest. Files that are not named stay as they are. */
export interface Draft {
  runId: string;
  /** Iceberg's word: `replace` changes files, not rows. */
  operation: SnapshotEntry['summary']['operation'];
  /** Ours, for people: `replace source`, `compact`. */
  title: string;
  columns: TableSchema;
  partitionedBy: readonly PartitionBy[];
  /** Of the partitioning that the draft names. */
  added: readonly DataFile[];
  /** Files of the base. */
  removed: readonly DataFile[];
  /** Files of the base or added ones, and what hides rows of them from now on. */
  changedDeletes: readonly { file: DataFile; deletes: PositionDeletes | undefined }[];
  /** The partitions whose rows change. */
  touched: readonly Partition[] | 'all';
  /** For the snapshot's summary. */
  properties: Readonly<Record<string, string>>;
  /** For the table. */
  tableProperties?: Readonly<Record<string, string>>;
}
