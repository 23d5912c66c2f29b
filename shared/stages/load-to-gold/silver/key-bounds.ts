import type { Contract } from '../../../contract/model.ts';
import { compareValues } from '../../../lake/iceberg/compare.ts';
import type { Field, PrimitiveType, Schema } from '../../../lake/iceberg/types.ts';
import type { DataFile } from '../../../lake/table/data-file.ts';

/** The field of the first primary key column: its bounds tell which files may share keys. */
export const keyField = (contract: Pick<Contract, 'primaryKey'>, schema: Schema): Field | undefined =>
  schema.fields.find(({ name }) => name === contract.primaryKey[0]);

/**
 * Whether two files may hold rows of the same primary key: never when the key includes all partition columns
 * and the partitions differ, nor when the bounds do not overlap. A bound that a file does not have rules nothing out.
 *
 * @param field of the first primary key column
 */
export const mayShareKeys = (
  contract: Pick<Contract, 'primaryKey' | 'partitionedBy'>,
  field: Field | undefined,
  a: DataFile,
  b: DataFile,
): boolean => {
  const partitions = contract.partitionedBy;
  const keyFixesPartition = partitions.every(({ column }) => contract.primaryKey.includes(column));
  if (keyFixesPartition && partitions.some(({ name }) => differ(a.partition[name], b.partition[name])))
    return false;
  if (field === undefined || typeof field.type !== 'string') return true;
  const [x, y] = [a.columns[field.id], b.columns[field.id]];
  if (x?.lower === undefined || x.upper === undefined || y?.lower === undefined || y.upper === undefined)
    return true;
  return !isBefore(field.type, x.upper, y.lower) && !isBefore(field.type, y.upper, x.lower);
};

const isBefore = (type: PrimitiveType, a: string, b: string): boolean => compareValues(type, a, b) < 0;

/** A file that was written before the column was one of the partition columns may hold any of its values. */
const differ = (a: string | null | undefined, b: string | null | undefined): boolean =>
  a !== undefined && b !== undefined && a !== b;
