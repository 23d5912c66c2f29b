import { findField } from '../iceberg/schema.ts';
import { fieldName } from '../iceberg/transforms.ts';
import type { PartitionSpec, Schema } from '../iceberg/types.ts';
import type { DataFile } from './data-file.ts';

/** Values by the names of partition fields: of one partition, or of all partitions that agree on them. */
export type Partition = DataFile['partition'];

/**
 * Names of a spec's fields, by today's names of their columns: who compares partitions need not know what a column
 * was called when a file was written. A column that is dropped goes by the name that the spec has kept.
 */
export const partitionNames = (spec: PartitionSpec, schema: Schema): string[] =>
  spec.fields.map((field) => {
    const column = findField(schema, field['source-id']);
    return column === undefined ? field.name : fieldName(column.name, field.transform);
  });

export const namedPartition = (names: readonly string[], values: readonly (string | null)[]): Partition =>
  Object.fromEntries(names.map((name, i) => [name, values[i] ?? null]));

/** Each partition once, the later of two with the same values. */
export const distinctPartitions = (partitions: readonly Partition[]): Partition[] => [
  ...new Map(partitions.map((partition) => [JSON.stringify(partition), partition])).values(),
];

/** Whether a schema has all columns that a spec splits by. */
export const isKnown = ({ fields }: PartitionSpec, schema: Schema): boolean =>
  fields.every((field) => findField(schema, field['source-id']) !== undefined);
