import { compareValues } from '../../iceberg/compare.ts';
import { findField } from '../../iceberg/schema.ts';
import { resultType } from '../../iceberg/transforms.ts';
import type { ManifestFile, PartitionSpec, PrimitiveType, Schema } from '../../iceberg/types.ts';
import { type Partition, partitionNames } from '../partition-names.ts';

/** Whether a manifest may list files of a partition, judged by the bounds in the manifest list. */
export const mayHold = (
  manifest: ManifestFile,
  spec: PartitionSpec,
  schema: Schema,
  partition: Partition,
): boolean =>
  partitionNames(spec, schema).every((name, i) => {
    const wanted = partition[name];
    const field = spec.fields[i];
    const bounds = manifest.partitions[i];
    if (wanted === undefined || field === undefined || bounds === undefined) return true;
    if (wanted === null) return bounds.containsNull;
    const column = findField(schema, field['source-id']);
    if (column === undefined || typeof column.type !== 'string') return true;
    if (bounds.containsNan === true && wanted === 'nan') return true;
    const { lower, upper } = bounds;
    // Without bounds all of its files have NULL in this field.
    if (lower === undefined || upper === undefined) return bounds.containsNull !== true;
    const type = resultType(field.transform, column.type as PrimitiveType);
    return compareValues(type, lower, wanted) <= 0 && compareValues(type, wanted, upper) <= 0;
  });
