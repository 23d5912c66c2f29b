import { findField } from '../iceberg/schema.ts';
import { fieldName } from '../iceberg/transforms.ts';
import type { PartitionSpec, Schema } from '../iceberg/types.ts';
import type { DataFile } from './data-file.ts';

/** Values by the names of partition fields. They identify one partition, or all partitions that have these values. */
export type Partition = DataFile['partition'];

/**
 * Names of a spec's fields, by the current names of their columns, so that partitions of files from before and after a
 * column was renamed can be compared. The field of a dropped column keeps the name in the spec.
 */
export const partitionNames = (spec: PartitionSpec, schema: Schema): string[] =>
  spec.fields.map((field) => {
    const column = findField(schema, field['source-id']);
    return column === undefined ? field.name : fieldName(column.name, field.transform);
  });

export const namedPartition = (names: readonly string[], values: readonly (string | null)[]): Partition =>
  Object.fromEntries(names.map((name, i) => [name, values[i] ?? null]));

/** Removes duplicates; of two partitions with the same values the later one stays. */
export const distinctPartitions = (partitions: readonly Partition[]): Partition[] => [
  ...new Map(partitions.map((partition) => [JSON.stringify(partition), partition])).values(),
];

/** Whether a schema has all source columns of a spec. */
export const isKnown = ({ fields }: PartitionSpec, schema: Schema): boolean =>
  fields.every((field) => findField(schema, field['source-id']) !== undefined);
