/**
 * The parts of Apache Iceberg's table format, version 2, as its specification spells them in JSON
 * (https://iceberg.apache.org/spec/, "Appendix C"). A table's metadata has these shapes.
 */

export type PrimitiveType =
  | 'boolean'
  | 'int'
  | 'long'
  | 'float'
  | 'double'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'timestamptz'
  | 'string'
  | 'uuid'
  | 'binary'
  | `decimal(${number}, ${number})`
  | `fixed[${number}]`;

export interface Field {
  id: number;
  name: string;
  required: boolean;
  type: Type;
  doc?: string;
}

export interface StructType {
  type: 'struct';
  fields: Field[];
}

export interface ListType {
  type: 'list';
  'element-id': number;
  'element-required': boolean;
  element: Type;
}

export interface MapType {
  type: 'map';
  'key-id': number;
  key: Type;
  'value-id': number;
  'value-required': boolean;
  value: Type;
}

export type Type = PrimitiveType | StructType | ListType | MapType;

export interface Schema extends StructType {
  'schema-id': number;
  'identifier-field-ids'?: number[];
}

export type Transform =
  | 'identity'
  | 'year'
  | 'month'
  | 'day'
  | 'void'
  | `bucket[${number}]`
  | `truncate[${number}]`;

export interface PartitionField {
  'source-id': number;
  /** At least 1000, and never reused in a table for another field. */
  'field-id': number;
  name: string;
  transform: Transform;
}

export interface PartitionSpec {
  'spec-id': number;
  fields: PartitionField[];
}

/** Metrics of one column of one data file. Bounds are text (see `single-value.ts`), and may be truncated. */
export interface ColumnMetrics {
  /** Bytes on disk. */
  size?: number;
  /** Values, including NULL and NaN. */
  values?: number;
  nulls?: number;
  nans?: number;
  lower?: string;
  upper?: string;
}

/** A data file, or a file of position deletes: one entry of a manifest. */
export interface ContentFile {
  content: 'data' | 'position-deletes';
  /** The whole URI. */
  path: string;
  specId: number;
  /** One value per field of the spec, as text (see `single-value.ts`). */
  partition: (string | null)[];
  rows: number;
  bytes: number;
  /** Metrics by field id. */
  columns: Record<number, ColumnMetrics>;
  /** The only data file that a file of position deletes refers to. */
  referencedDataFile?: string;
}

export interface ManifestEntry {
  status: 'existing' | 'added' | 'deleted';
  /** The snapshot that added the file, or deleted it. */
  snapshotId: number;
  /** Data sequence number: that of the snapshot that added the file. */
  sequenceNumber: number;
  file: ContentFile;
}

/** One manifest as the manifest list describes it. */
export interface ManifestFile {
  /** The whole URI. */
  path: string;
  /** Bytes. */
  length: number;
  specId: number;
  content: 'data' | 'deletes';
  sequenceNumber: number;
  minSequenceNumber: number;
  addedSnapshotId: number;
  added: { files: number; rows: number };
  existing: { files: number; rows: number };
  deleted: { files: number; rows: number };
  /** One per field of the spec, with bounds as text. */
  partitions: { containsNull: boolean; containsNan?: boolean; lower?: string; upper?: string }[];
}

export interface SnapshotEntry {
  'snapshot-id': number;
  'parent-snapshot-id'?: number;
  'sequence-number': number;
  'timestamp-ms': number;
  'manifest-list': string;
  summary: { operation: 'append' | 'replace' | 'overwrite' | 'delete' } & Record<string, string>;
  'schema-id'?: number;
}

export interface TableMetadata {
  'format-version': 2;
  'table-uuid': string;
  location: string;
  'last-sequence-number': number;
  'last-updated-ms': number;
  'last-column-id': number;
  schemas: Schema[];
  'current-schema-id': number;
  'partition-specs': PartitionSpec[];
  'default-spec-id': number;
  'last-partition-id': number;
  properties: Record<string, string>;
  'current-snapshot-id': number | null;
  snapshots: SnapshotEntry[];
  'snapshot-log': { 'timestamp-ms': number; 'snapshot-id': number }[];
  'metadata-log': { 'timestamp-ms': number; 'metadata-file': string }[];
  'sort-orders': { 'order-id': number; fields: never[] }[];
  'default-sort-order-id': number;
  refs: Record<string, { 'snapshot-id': number; type: 'branch' | 'tag' }>;
}

/** A type whose nested fields have no ids yet. All of them are optional, since DuckDB's types do not say NOT NULL. */
export type UnassignedType =
  | PrimitiveType
  | { type: 'struct'; fields: { name: string; type: UnassignedType }[] }
  | { type: 'list'; element: UnassignedType }
  | { type: 'map'; key: UnassignedType; value: UnassignedType };
