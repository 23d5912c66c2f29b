import {
  dateOfDays,
  daysOfDate,
  microsOfTime,
  microsOfTimestamp,
  timeOfMicros,
  timestampOfMicros,
} from './calendar.ts';
import {
  floatOfText,
  paddedUnscaled,
  textOfFloat,
  textOfUnscaled,
  unscaledOfBytes,
  unscaledOfText,
} from './numbers.ts';
import { decimalOf, fixedLength } from './schema.ts';
import { blobTextOfBytes, bytesOfBlobText, encodeValue, uuidOfBytes, zoned } from './single-value.ts';
import type { PrimitiveType } from './types.ts';

/** DuckDB's texts of partition values ↔ Avro values (specification, Appendix A). */

/** Bytes of the fixed type for a decimal's unscaled value: the fewest that hold all values of the precision. */
const decimalLength = (precision: number): number => {
  let length = 1;
  while (1n << BigInt(length * 8 - 1) < 10n ** BigInt(precision)) length += 1;
  return length;
};

/**
 * The Avro type of a partition field's values. Decimals, UUIDs and fixed are named types in Avro: a second use in the same
 * schema must be the name alone.
 */
export const avroPartitionType = (type: PrimitiveType): object | string => {
  const decimal = decimalOf(type);
  if (decimal !== undefined) {
    const { precision, scale } = decimal;
    const name = `decimal_${precision}_${scale}`;
    return { type: 'fixed', name, size: decimalLength(precision), logicalType: 'decimal', precision, scale };
  }
  const length = fixedLength(type);
  if (length !== undefined) return { type: 'fixed', name: `fixed_${length}`, size: length };
  switch (type) {
    case 'date':
      return { type: 'int', logicalType: 'date' };
    case 'time':
      return { type: 'long', logicalType: 'time-micros' };
    case 'timestamp':
    case 'timestamptz':
      return { type: 'long', logicalType: 'timestamp-micros', 'adjust-to-utc': type === 'timestamptz' };
    case 'uuid':
      return { type: 'fixed', name: 'uuid_fixed', size: 16, logicalType: 'uuid' };
    case 'binary':
      return 'bytes';
    default:
      return type;
  }
};

/** A long is a number if a number holds it exactly, else a bigint. */
const longOf = (value: bigint | undefined): number | bigint | undefined =>
  value === undefined || !Number.isSafeInteger(Number(value)) ? value : Number(value);

/**
 * The Avro value of a partition value: number, bigint (beyond 2^53), boolean, string or Buffer; null for NULL.
 *
 * @throws RangeError when the text is not a value of the type
 */
export const avroValue = (type: PrimitiveType, text: string | null): unknown => {
  if (text === null) return null;
  const value = typedValue(type, text);
  if (value === undefined) throw new RangeError(`A partition value is not a value of the type ${type}.`);
  return value;
};

const typedValue = (type: PrimitiveType, text: string): unknown => {
  const decimal = decimalOf(type);
  if (decimal !== undefined) {
    const unscaled = unscaledOfText(text, decimal.precision, decimal.scale);
    return unscaled === undefined ? undefined : paddedUnscaled(unscaled, decimalLength(decimal.precision));
  }
  switch (type) {
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : undefined;
    case 'int':
    case 'long':
      return /^-?\d+$/.test(text) ? longOf(BigInt(text)) : undefined;
    case 'float':
    case 'double':
      return text === 'nan' ? Number.NaN : floatOfText(text);
    case 'date':
      return daysOfDate(text);
    case 'time':
      return longOf(microsOfTime(text));
    case 'timestamp':
    case 'timestamptz':
      return longOf(microsOfTimestamp(text));
    case 'string':
      return text;
    case 'uuid':
      return encodeValue('uuid', text);
    default:
      return bytesOfBlobText(text);
  }
};

/** DuckDB's text of an Avro value: the inverse of `avroValue`. */
export const textOfAvro = (type: PrimitiveType, value: unknown): string | null => {
  if (value === null || value === undefined) return null;
  const decimal = decimalOf(type);
  if (decimal !== undefined)
    return textOfUnscaled(unscaledOfBytes(value as Uint8Array), decimal.precision, decimal.scale);
  switch (type) {
    case 'boolean':
    case 'int':
    case 'long':
    case 'string':
      return String(value);
    case 'float':
    case 'double':
      return textOfFloat(value as number, type === 'float');
    case 'date':
      return dateOfDays(value as number);
    case 'time':
      return timeOfMicros(BigInt(value as number | bigint));
    case 'timestamp':
      return timestampOfMicros(BigInt(value as number | bigint));
    case 'timestamptz':
      return zoned(timestampOfMicros(BigInt(value as number | bigint)));
    case 'uuid':
      return uuidOfBytes(Buffer.from(value as Uint8Array));
    default:
      return blobTextOfBytes(value as Uint8Array);
  }
};
