import type { Contract } from '../contract/model.ts';
import type { DataFile } from '../table/snapshot.ts';
import type { BoundsOf } from '../table/write-files.ts';

/** The bounds that a dataset's files carry: of the first primary key column, where its type has a plain order. */
export const boundsOf = (contract: Contract): BoundsOf | undefined => {
  const [column] = contract.primaryKey;
  const type = contract.columns.find(({ name }) => name === column)?.silverType;
  if (column === undefined || type === undefined) return undefined;
  if (/^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL.*)$/.test(type)) return { column, kind: 'number' };
  return type === 'VARCHAR' || type === 'DATE' ? { column, kind: 'text' } : undefined;
};

/**
 * Whether two files may hold rows of the same primary key: never when the key includes all partition columns
 * and the partitions differ, nor when the bounds do not overlap.
 */
export const mayShareKeys = (contract: Contract, a: DataFile, b: DataFile): boolean => {
  const partitions = contract.partitionedBy;
  const keyFixesPartition =
    partitions.length > 0 && partitions.every((column) => contract.primaryKey.includes(column));
  if (keyFixesPartition && partitions.some((column) => a.partition[column] !== b.partition[column]))
    return false;
  const [x, y] = [a.keyBounds, b.keyBounds];
  if (x === undefined || y === undefined || x.kind !== y.kind) return true;
  const compare = x.kind === 'number' ? compareNumbers : compareText;
  return compare(x.min, y.max) <= 0 && compare(y.min, x.max) <= 0;
};

/** Decimal texts by value; as doubles where they are not both whole, whose rounding never turns the order around. */
const compareNumbers = (a: string, b: string): number => {
  const whole = /^-?\d+$/;
  if (whole.test(a) && whole.test(b)) {
    const difference = BigInt(a) - BigInt(b);
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  }
  return Number(a) - Number(b);
};

/** By UTF-8 bytes, as Parquet orders text. */
const compareText = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
