import { decimalOfText } from '../../contract/decimal-text.ts';
import type { Column } from '../../contract/model.ts';
import { calendarOf } from '../../contract/text-forms.ts';
import { literal } from '../../engine/sql.ts';
import { isExactNumber, isInteger, isNumber, scaleOf } from '../../engine/type-names.ts';
import { listedMissing, parseText } from './typed-value.ts';

/** This file makes the SQL that turns a value of a typed source (Parquet) into a column's type. */

/** Whether a typed source holds an object or a list in this column. */
export const isNested = (nativeType: string): boolean => /^(STRUCT|MAP|UNION)|\]$/.test(nativeType);

/** SQL that makes NULL of a typed value that the contract lists as "no value". */
export const presentNative = (value: string, nativeType: string, column: Column): string => {
  const missing = listedMissing(column);
  if (missing.length === 0) return value;
  const numbers = numbersAmong(column.missingValues, nativeType).map(
    // NULL where the type cannot hold the number: then it equals no value.
    (text) => `TRY_CAST(${literal(text)} AS ${nativeType})`,
  );
  const asNumber = numbers.length === 0 ? '' : ` OR ${value} IN (${numbers.join(', ')})`;
  return `CASE WHEN CAST(${value} AS VARCHAR) IN (${missing.join(', ')})${asNumber} THEN NULL ELSE ${value} END`;
};

/**
 * The texts that are numbers with no more decimals than the type has. -999 also means -999.0, -999.004 must not be rounded,
 * and 007 is a code, not a number.
 */
const numbersAmong = (texts: readonly string[], type: string): string[] => {
  if (!isNumber(type)) return [];
  const places = isExactNumber(type) ? scaleOf(type) : Number.POSITIVE_INFINITY;
  return texts.filter((text) => {
    const [, whole, fraction = ''] = /^[+-]?(0|[1-9]\d*)(?:\.(\d*?)0*)?$/.exec(text) ?? [];
    return whole !== undefined && fraction.length <= places;
  });
};

/**
 * SQL that casts a typed value to the column's type where that loses nothing, and makes NULL otherwise: 12.0 is an integer,
 * 12.7 is none, a timestamp at midnight is a date. Undefined where the value has to be read by way of its text.
 */
export const castNative = (value: string, nativeType: string, column: Column): string | undefined => {
  const type = column.silverType;
  const cast = valid(`TRY_CAST(${value} AS ${type})`, type);
  // A binary fraction by its shortest text, as for a DECIMAL.
  if (column.epochUnit !== undefined && isNumber(nativeType))
    return parseText(`CAST(${value} AS VARCHAR)`, column);
  switch (column.logicalType) {
    case 'integer':
      if (isInteger(nativeType)) return cast;
      return isNumber(nativeType) ? `CASE WHEN ${value} = trunc(${value}) THEN ${cast} END` : undefined;
    case 'number':
      if (isBinary(nativeType) && isExactNumber(type)) return decimalOfBinary(value, type);
      return isNumber(nativeType) ? cast : undefined;
    case 'boolean':
      return nativeType === 'BOOLEAN' ? value : undefined;
    case 'date':
      if (isTimestamp(nativeType)) return `CASE WHEN ${isMidnight(value, nativeType)} THEN ${cast} END`;
      return nativeType === 'DATE' ? cast : undefined;
    case 'timestamp':
      if (nativeType === 'TIMESTAMP_NS') return `CASE WHEN epoch_ns(${value}) % 1000 = 0 THEN ${cast} END`;
      return isTimestamp(nativeType) || nativeType === 'DATE' ? cast : undefined;
    case 'time':
      // DuckDB reads Parquet's times in UTC as TIME WITH TIME ZONE.
      return nativeType === 'TIME' || nativeType === 'TIME WITH TIME ZONE' ? cast : undefined;
    default:
      return undefined;
  }
};

const isBinary = (type: string): boolean => type === 'DOUBLE' || type === 'FLOAT';

const isTimestamp = (type: string): boolean => type.startsWith('TIMESTAMP');

/** date_trunc would fail for the first day that nanoseconds can count, which they hold only in part. */
const isMidnight = (value: string, type: string): string =>
  type === 'TIMESTAMP_NS'
    ? `epoch_ns(${value}) % 86400000000000 = 0`
    : `${value} = date_trunc('day', ${value})`;

/**
 * By way of the shortest text that gives the same binary fraction, as CSV and JSON would spell it. DuckDB's own cast
 * multiplies binary fractions, and gives 199999999999999.9966 for 200000000000000.
 */
const decimalOfBinary = (value: string, type: string): string =>
  `CASE WHEN isfinite(${value}) THEN ${decimalOfText(`CAST(${value} AS VARCHAR)`, type)} END`;

/** SQL that makes NULL of what a type holds in DuckDB but not in silver: infinity, NaN, far years, and 24:00. */
const valid = (value: string, type: string): string => {
  if (isBinary(type)) return `CASE WHEN isfinite(${value}) THEN ${value} END`;
  if (type === 'TIME') return `CASE WHEN ${value} < TIME '24:00:00' THEN ${value} END`;
  const calendar = calendarOf(type);
  return calendar === undefined
    ? value
    : `CASE WHEN ${value} BETWEEN ${calendar.join(' AND ')} THEN ${value} END`;
};
