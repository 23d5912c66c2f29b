import type { Contract } from '../contract/model.ts';
import { isExactNumber } from '../duckdb/type-names.ts';
import type { DataFile } from '../table/snapshot.ts';
import type { BoundsOf } from '../table/write-files.ts';

/** The bounds that a dataset's files carry: of the first primary key column, where its type has a plain order. */
export const boundsOf = (contract: Contract): BoundsOf | undefined => {
  const [column] = contract.primaryKey;
  const type = contract.columns.find(({ name }) => name === column)?.silverType;
  if (column === undefined || type === undefined) return undefined;
  return isExactNumber(type) || type === 'VARCHAR' || type === 'DATE' ? { column, type } : undefined;
};

/**
 * Whether two files may hold rows of the same primary key: never when the key includes all partition columns
 * and the partitions differ, nor when the bounds do not overlap. Bounds of another column than today's, or of another
 * type of it, tell nothing: the contract may have changed since a file was written.
 */
export const mayShareKeys = (contract: Contract, a: DataFile, b: DataFile): boolean => {
  const partitions = contract.partitionedBy;
  const keyFixesPartition = partitions.every((column) => contract.primaryKey.includes(column));
  if (keyFixesPartition && partitions.some((column) => differ(a.partition[column], b.partition[column])))
    return false;
  const today = boundsOf(contract);
  const [x, y] = [a.keyBounds, b.keyBounds];
  if (today === undefined || x === undefined || y === undefined) return true;
  if ([x, y].some(({ column, type }) => column !== today.column || type !== today.type)) return true;
  if (today.type === 'DATE' && ![x, y].every(({ min, max }) => isPlainDate(min) && isPlainDate(max)))
    return true;
  const compare = isExactNumber(today.type) ? compareNumbers : compareText;
  return compare(x.min, y.max) <= 0 && compare(y.min, x.max) <= 0;
};

/** A file that was written before the column was one of the partition columns may hold any of its values. */
const differ = (a: string | null | undefined, b: string | null | undefined): boolean =>
  a !== undefined && b !== undefined && a !== b;

/** Text orders dates of four-digit years only: not `10000-01-01`, nor `0044-03-15 (BC)`. */
const isPlainDate = (text: string): boolean => /^\d{4}-\d\d-\d\d$/.test(text);

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
