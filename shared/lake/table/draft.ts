import type { ManifestFile, Schema, SnapshotEntry, Transform } from '../iceberg/types.ts';
import type { DataFile, PositionDeletes } from './data-file.ts';
import type { Partition } from './partition-names.ts';
import type { ColumnIds } from './properties.ts';

/** Columns of a table, with the ids that are in use. */
export interface TableSchema {
  schema: Schema;
  columnIds: ColumnIds;
  lastColumnId: number;
}

/** One partition field, by the name of its column. */
export interface PartitionColumn {
  /** Name of the field. That of an identity is the column's name. */
  name: string;
  column: string;
  transform: Transform;
}

/** One partition field, by the field id of its column. */
export interface PartitionBy {
  /** Field id of the column. */
  'source-id': number;
  transform: Transform;
  name: string;
}

/** The part of a snapshot that a restored one is made of. */
export interface RestoredSnapshot {
  version: number;
  /** Its summary. */
  properties: Readonly<Record<string, string>>;
  manifests(): Promise<readonly { file: ManifestFile }[]>;
}

/** A writer's description of the next snapshot; the table adds the rest. Files that it does not name stay. */
export interface Draft {
  runId: string;
  /** Iceberg's term: `replace` changes files, not rows. */
  operation: SnapshotEntry['summary']['operation'];
  /** Our term, for people: `replace source`, `compact`. */
  title: string;
  columns: TableSchema;
  partitionedBy: readonly PartitionBy[];
  /** Files that are partitioned by `partitionedBy`. */
  added: readonly DataFile[];
  /** Files of the base. */
  removed: readonly DataFile[];
  /** Files of the base or added ones, with their new position deletes. */
  changedDeletes: readonly { file: DataFile; deletes: PositionDeletes | undefined }[];
  /**
   * A snapshot whose files the next one has, with their position deletes, in place of those of the base: an earlier one, or
   * one of a copy of the table whose metadata had the same schemas and partition specs when it was made. Then
   * `added`, `removed` and `changedDeletes` are empty.
   */
  restored?: RestoredSnapshot;
  /** The partitions whose rows change. */
  touched: readonly Partition[] | 'all';
  /** Properties for the snapshot's summary. */
  properties: Readonly<Record<string, string>>;
  /** Properties of the table. */
  tableProperties?: Readonly<Record<string, string>>;
}
