import { ident } from '../../engine/sql.ts';
import { type Leaf, leavesOf } from './schema.ts';
import { blobTextOfBytes, truncateLower, truncateUpper } from './single-value.ts';
import type { ColumnMetrics, Schema } from './types.ts';

/** Code points, or bytes, of a shortened bound: enough to skip files by it. */
const BOUND_LENGTH = 16;

/**
 * Metrics of a data file's columns by field id, from `column_statistics` of COPY's RETURN_STATS. Fields in lists and maps
 * have counts and sizes only. Bounds of text and binary are shortened, except for the fields in `fullBounds`: theirs are
 * DuckDB's bounds, which are whole values up to 256 bytes, and shorter bounds or none for longer values.
 */
export const columnMetrics = (
  schema: Schema,
  statistics: Readonly<Record<string, Readonly<Record<string, string>>>>,
  rows: number,
  options: { fullBounds?: ReadonlySet<number> } = {},
): Record<number, ColumnMetrics> => {
  const metrics: Record<number, ColumnMetrics> = {};
  for (const leaf of leavesOf(schema.fields)) {
    const found = statistics[leaf.path.map(ident).join('.')];
    if (found === undefined) continue;
    const { id } = leaf.field;
    metrics[id] = {
      ...countsOf(found, leaf, rows),
      ...(!leaf.repeated && boundsOf(found, leaf, options.fullBounds?.has(id) ?? false)),
    };
  }
  return metrics;
};

const countsOf = (found: Readonly<Record<string, string>>, leaf: Leaf, rows: number): ColumnMetrics => {
  const { column_size_bytes: size, num_values: values, null_count: nulls } = found;
  const { type } = leaf.field;
  const counted = values === undefined && !leaf.repeated ? rows : values;
  // DuckDB reports whether there are NaNs, not how many.
  const nans = (type === 'float' || type === 'double') && found.has_nan === 'false' ? { nans: 0 } : {};
  return {
    ...(size !== undefined && { size: Number(size) }),
    ...(counted !== undefined && { values: Number(counted) }),
    ...(nulls !== undefined && { nulls: Number(nulls) }),
    ...nans,
  };
};

const boundsOf = (
  found: Readonly<Record<string, string>>,
  leaf: Leaf,
  full: boolean,
): Pick<ColumnMetrics, 'lower' | 'upper'> => {
  const { min, max } = found;
  const { type } = leaf.field;
  if (min === undefined || max === undefined) return {};
  switch (type) {
    case 'boolean':
      return { lower: booleanText(min), upper: booleanText(max) };
    case 'float':
    case 'double':
      if (found.has_nan !== 'false') return {};
      // DuckDB does not distinguish -0 from 0, so either may be in the file; Iceberg orders -0 before 0.
      return { lower: min === '0.0' ? '-0.0' : min, upper: max === '-0.0' ? '0.0' : max };
    case 'string':
      return full
        ? { lower: min, upper: max }
        : withUpper(truncateLower(min, BOUND_LENGTH), truncateUpper(max, BOUND_LENGTH));
    case 'binary': {
      const [lower, upper] = [Buffer.from(min, 'hex'), Buffer.from(max, 'hex')];
      if (full) return { lower: blobTextOfBytes(lower), upper: blobTextOfBytes(upper) };
      const most = bytesAbove(upper, BOUND_LENGTH);
      return withUpper(
        blobTextOfBytes(lower.subarray(0, BOUND_LENGTH)),
        most === undefined ? undefined : blobTextOfBytes(most),
      );
    }
    default:
      return { lower: min, upper: max };
  }
};

const withUpper = (lower: string, upper: string | undefined): Pick<ColumnMetrics, 'lower' | 'upper'> =>
  upper === undefined ? { lower } : { lower, upper };

/** DuckDB prints the bounds of booleans as numbers, and of binary values as hexadecimal digits. */
const booleanText = (shown: string): string => (shown === '1' || shown === 'true' ? 'true' : 'false');

/** An upper bound of at most `length` bytes; undefined if there is none, because the first `length` bytes are all 0xff. */
const bytesAbove = (bytes: Buffer, length: number): Buffer | undefined => {
  if (bytes.length <= length) return bytes;
  for (let at = length - 1; at >= 0; at -= 1) {
    const byte = bytes[at] ?? 0xff;
    if (byte < 0xff) return Buffer.concat([bytes.subarray(0, at), Buffer.from([byte + 1])]);
  }
  return undefined;
};
