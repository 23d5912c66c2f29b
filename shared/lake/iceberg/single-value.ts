import {
  dateOfDays,
  daysOfDate,
  microsOfTime,
  microsOfTimestamp,
  timeOfMicros,
  timestampOfMicros,
} from './calendar.ts';
import {
  bytesOfUnscaled,
  floatOfText,
  textOfFloat,
  textOfUnscaled,
  unscaledOfBytes,
  unscaledOfText,
} from './numbers.ts';
import { decimalOf, fixedLength } from './schema.ts';
import type { PrimitiveType } from './types.ts';

/**
 * DuckDB's texts of single values (casts to VARCHAR in the time zone UTC) ↔ Iceberg's binary form (specification,
 * Appendix D), in which bounds of columns are stored.
 */

/** Text → binary; undefined if the value has no exact binary form: NaN, 24:00:00, text that is not a value of the type. */
export const encodeValue = (type: PrimitiveType, text: string): Buffer | undefined => {
  const decimal = decimalOf(type);
  if (decimal !== undefined) {
    const unscaled = unscaledOfText(text, decimal.precision, decimal.scale);
    return unscaled === undefined ? undefined : bytesOfUnscaled(unscaled);
  }
  const length = fixedLength(type);
  if (length !== undefined) {
    const bytes = bytesOfBlobText(text);
    return bytes?.length === length ? bytes : undefined;
  }
  switch (type) {
    case 'boolean':
      return text === 'true' ? Buffer.from([1]) : text === 'false' ? Buffer.from([0]) : undefined;
    case 'int':
      return littleEndian(wholeOfText(text), 4);
    case 'long':
      return littleEndian(wholeOfText(text), 8);
    case 'date': {
      const days = daysOfDate(text);
      return littleEndian(days === undefined ? undefined : BigInt(days), 4);
    }
    case 'time':
      return littleEndian(microsOfTime(text), 8);
    case 'timestamp':
    case 'timestamptz':
      return littleEndian(microsOfTimestamp(text), 8);
    case 'float':
    case 'double':
      return encodeFloat(text, type === 'float');
    case 'string':
      return Buffer.from(text);
    case 'uuid':
      return UUID.test(text) ? Buffer.from(text.replaceAll('-', ''), 'hex') : undefined;
    default:
      return bytesOfBlobText(text);
  }
};

/**
 * Binary → the text that DuckDB prints. A float's text has all digits of its value as a double, because DuckDB's short text
 * would be another value once the column is promoted to a double. Values that were written before a promotion (int, float)
 * are recognized by their length.
 */
export const decodeValue = (type: PrimitiveType, bytes: Uint8Array): string => {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decimal = decimalOf(type);
  if (decimal !== undefined) return textOfUnscaled(unscaledOfBytes(bytes), decimal.precision, decimal.scale);
  switch (type) {
    case 'boolean':
      return buffer.readUInt8() === 0 ? 'false' : 'true';
    case 'int':
      return String(buffer.readInt32LE());
    case 'long':
      return String(buffer.length === 4 ? buffer.readInt32LE() : buffer.readBigInt64LE());
    case 'date':
      return dateOfDays(buffer.readInt32LE());
    case 'time':
      return timeOfMicros(buffer.readBigInt64LE());
    case 'timestamp':
      return timestampOfMicros(buffer.readBigInt64LE());
    case 'timestamptz':
      return zoned(timestampOfMicros(buffer.readBigInt64LE()));
    case 'float':
      return textOfFloat(buffer.readFloatLE(), false);
    case 'double':
      return textOfFloat(buffer.length === 4 ? buffer.readFloatLE() : buffer.readDoubleLE(), false);
    case 'string':
      return buffer.toString();
    case 'uuid':
      return uuidOfBytes(buffer);
    default:
      return blobTextOfBytes(buffer);
  }
};

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const wholeOfText = (text: string): bigint | undefined => (/^-?\d+$/.test(text) ? BigInt(text) : undefined);

const littleEndian = (value: bigint | undefined, length: 4 | 8): Buffer | undefined => {
  if (value === undefined || BigInt.asIntN(length * 8, value) !== value) return undefined;
  const buffer = Buffer.alloc(length);
  if (length === 4) buffer.writeInt32LE(Number(value));
  else buffer.writeBigInt64LE(value);
  return buffer;
};

const encodeFloat = (text: string, single: boolean): Buffer | undefined => {
  const value = floatOfText(text);
  if (value === undefined) return undefined;
  const buffer = Buffer.alloc(single ? 4 : 8);
  if (single) buffer.writeFloatLE(value);
  else buffer.writeDoubleLE(value);
  return buffer;
};

/** Adds the time zone as DuckDB prints it, which is none for an infinite timestamp. */
export const zoned = (timestamp: string): string =>
  timestamp.endsWith('infinity') ? timestamp : `${timestamp}+00`;

export const uuidOfBytes = (bytes: Buffer): string =>
  bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/** `ab\x00` → bytes; undefined if a character is neither printable ASCII nor part of a `\xHH`. */
export const bytesOfBlobText = (text: string): Buffer | undefined =>
  /^(?:[ -[\]-~]|\\x[0-9A-Fa-f]{2})*$/.test(text)
    ? Buffer.from(
        text.replace(/\\x(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
        'latin1',
      )
    : undefined;

/** DuckDB's text of a BLOB: quotes, backslashes and bytes that are not printable ASCII become `\xHH`. */
export const blobTextOfBytes = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('latin1')
    .replace(
      /[^ !#-&(-[\]-~]/g,
      (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`,
    );

/** A lower bound of a text: its first `length` code points. */
export const truncateLower = (text: string, length: number): string =>
  text.length <= length ? text : beginning(text, length).slice(0, length).join('');

/**
 * An upper bound of a text in at most `length` code points: its beginning, with the last code point that has a successor
 * replaced by it. Undefined if no code point has one.
 */
export const truncateUpper = (text: string, length: number): string | undefined => {
  const points = beginning(text, length);
  if (points.length <= length) return text;
  for (let at = length - 1; at >= 0; at -= 1) {
    const next = nextPoint(points[at]?.codePointAt(0) ?? 0);
    if (next !== undefined) return points.slice(0, at).join('') + String.fromCodePoint(next);
  }
  return undefined;
};

/** The first code points of a text that may be long, more than `length` if it has them. A code point has one or two units. */
const beginning = (text: string, length: number): string[] => [...text.slice(0, 2 * length + 2)];

/** Skips surrogates, which are not characters and cannot be encoded in UTF-8. */
const nextPoint = (point: number): number | undefined =>
  point >= 0x10ffff ? undefined : point === 0xd7ff ? 0xe000 : point + 1;
