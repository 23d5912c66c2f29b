import type { Column } from '../../contract/model.ts';
import { strictDatePattern } from '../../contract/strict-date-pattern.ts';
import { literal } from '../../engine/sql.ts';
import { isExactNumber, isInteger, isNumber, scaleOf } from '../../engine/type-names.ts';

/** This file makes the SQL that turns a source's value into a column's type, or into NULL where it does not fit. */

const INTEGER = String.raw`[+-]?[0-9]+(\.0*)?`;
const NUMBER = String.raw`[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?`;
const DATE = '[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}';
const TIME = String.raw`[0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?`;
/** Any text may follow the date: DuckDB's cast knows times and zones, and fails for anything else. */
const TIMESTAMP = `${DATE}([T ].*)?`;
/** Matches a TIMESTAMP that names an offset or a zone. */
const ZONED = `${DATE}[T ].*[A-Za-z+-].*`;

/**
 * SQL that makes NULL of a text that means "no value": white space, and the texts that the contract lists. Other texts lose
 * their outer blanks, except in columns of strings.
 *
 * @param text a SQL expression of type VARCHAR
 * @param spelled SQL that is true where the text is known to be a value without outer blanks
 */
export const presentText = (text: string, column: Column, spelled?: string): string => {
  const trimmed = `trim(${text})`;
  const missing = ['', ...column.missingValues].map(literal).join(', ');
  // trim is slow when characters are named: that is done only for text that begins with white space.
  const blank = `${text} < '!' AND trim(${text}, ${literal(' \t\r\n')}) = ''`;
  const present = `CASE WHEN ${trimmed} IN (${missing}) OR (${blank}) THEN NULL ELSE ${column.logicalType === 'string' ? text : trimmed} END`;
  // trim itself is slow. For pure ASCII, comparisons tell faster whether there is anything to trim.
  const bare = `${text} > '!' AND strlen(${text}) = length(${text}) AND NOT suffix(${text}, ' ')`;
  if (!isColumn(text)) return present;
  const known =
    listedMissing(column).length > 0 ? `CASE WHEN ${text} IN (${missing}) THEN NULL ELSE ${text} END` : text;
  const sure = spelled === undefined ? '' : `WHEN ${spelled} THEN ${text} `;
  return `CASE ${sure}WHEN ${bare} THEN ${known} ELSE ${present} END`;
};

/** SQL literals of the texts that the contract lists as "no value", without the empty text, which always means that. */
const listedMissing = ({ missingValues }: Column): string[] =>
  missingValues.filter((value) => value !== '').map(literal);

/** Whether SQL is a column's name, which may be repeated without computing anything twice. */
const isColumn = (sql: string): boolean => /^\w+$/.test(sql);

/**
 * Reads text that is spelled exactly as DuckDB prints its value. Most text is, and printing the value for comparison is
 * faster than matching the text with a pattern.
 */
export interface Spelling {
  /** SQL over the text: its value, or NULL. */
  cast: string;
  /** SQL over the text and its value: whether the text is spelled as the value is printed. */
  spelled: string;
  /** SQL over the value: the value in the column's type. */
  typed: string;
}

/**
 * How to read text of this column without a pattern; undefined where every text needs one.
 *
 * @param text the name of a column of type VARCHAR
 * @param value the name under which the result of `cast` is found
 */
export const spelling = (text: string, value: string, column: Column): Spelling | undefined => {
  const { silverType, strptime, logicalType } = column;
  if (strptime !== undefined) return undefined;
  const listed = listedMissing(column);
  const present = listed.length === 0 ? '' : ` AND ${text} NOT IN (${listed.join(', ')})`;
  const printed = (type: string, length?: number): Spelling => ({
    cast: `TRY_CAST(${text} AS ${type})`,
    spelled: `CAST(${value} AS VARCHAR) = ${text}${length === undefined ? '' : ` AND strlen(${text}) = ${length}`}${present}`,
    typed: type === silverType ? value : `TRY_CAST(${value} AS ${silverType})`,
  });
  switch (logicalType) {
    case 'integer':
      return printed(silverType);
    case 'number':
      return isExactNumber(silverType) ? printed(silverType) : undefined;
    case 'date':
      return printed('DATE', 'YYYY-MM-DD'.length);
    case 'timestamp':
      return printed('TIMESTAMP', 'YYYY-MM-DD hh:mm:ss'.length);
    default:
      return undefined;
  }
};

/**
 * SQL that parses text as the column's type.
 *
 * DuckDB's own casts accept more than a contract may: they round `12.7` to 13, read `0x1F` and `1_000`, accept `nan`,
 * `infinity` and years of two digits, and extract the time from a timestamp. A pattern guards each cast.
 *
 * @param value a SQL expression of type VARCHAR, as `presentText` leaves it
 */
export const parseText = (value: string, column: Column): string => {
  const { silverType: type, strptime } = column;
  const guarded = (pattern: string, typed: string): string =>
    `CASE WHEN regexp_full_match(${value}, ${literal(pattern)}) THEN ${typed} END`;
  if (strptime !== undefined)
    return guarded(
      strictDatePattern(strptime),
      `CAST(${inLeapYear(value, strptime, `try_strptime(${value}, ${literal(strptime)})`)} AS ${type})`,
    );
  switch (column.logicalType) {
    case 'string':
      return value;
    case 'integer':
      return guarded(INTEGER, `TRY_CAST(${value} AS ${type})`);
    case 'number':
      return guarded(NUMBER, finite(`TRY_CAST(${value} AS ${type})`, type));
    case 'boolean':
      return `TRY_CAST(${value} AS BOOLEAN)`;
    case 'time':
      return guarded(TIME, `TRY_CAST(${value} AS TIME)`);
    case 'date':
      return guarded(DATE, `TRY_CAST(${value} AS DATE)`);
    case 'timestamp':
      // A cast to TIMESTAMP drops the offset. One to TIMESTAMPTZ applies the zone of an earlier row to a text without a zone.
      return guarded(
        TIMESTAMP,
        `CASE WHEN regexp_full_match(${value}, ${literal(ZONED)}) THEN CAST(TRY_CAST(${value} AS TIMESTAMPTZ) AS ${type}) ELSE TRY_CAST(${zoneless(value, type)} AS ${type}) END`,
      );
    case 'object':
    case 'array':
      return `CASE WHEN json_valid(${value}) THEN CASE WHEN json_type(${value}) = ${literal(column.logicalType.toUpperCase())} THEN CAST(${value} AS JSON) END END`;
  }
};

/** Excludes the 366th day of a year that has 365: strptime reads it as the first day of the next year. */
const inLeapYear = (value: string, strptime: string, parsed: string): string => {
  const pattern = strictDatePattern(strptime, 'j');
  if (pattern === strictDatePattern(strptime)) return parsed;
  // Two days earlier it is December of the year in question, whatever the offset.
  const december = `(${parsed} - INTERVAL 2 DAY)`;
  const leap = `dayofyear(make_date(year(${december}), 12, 31)) = 366`;
  return `CASE WHEN regexp_extract(${value}, ${literal(pattern)}, 1) <> '366' OR ${leap} THEN ${parsed} END`;
};

/** SQL that reads a text without a zone as UTC. */
const zoneless = (value: string, type: string): string =>
  type === 'TIMESTAMP' ? value : `TRY_CAST(${value} AS TIMESTAMP)`;

/** SQL that makes NULL of infinity and NaN, in types that have them. */
const finite = (value: string, type: string): string =>
  /^(DOUBLE|FLOAT|DATE|TIMESTAMP.*)$/.test(type) ? `CASE WHEN isfinite(${value}) THEN ${value} END` : value;

/** SQL that decodes bytes as UTF-8, or prints them as DuckDB does where they are no UTF-8. */
export const textOfBytes = (bytes: string): string =>
  `coalesce(TRY(decode(${bytes})), CAST(${bytes} AS VARCHAR))`;

/** Whether a typed source (Parquet) holds an object or a list in this column. */
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
  const cast = finite(`TRY_CAST(${value} AS ${type})`, type);
  switch (column.logicalType) {
    case 'integer':
      if (isInteger(nativeType)) return cast;
      return isNumber(nativeType) ? `CASE WHEN ${value} = trunc(${value}) THEN ${cast} END` : undefined;
    case 'number':
      return isNumber(nativeType) ? cast : undefined;
    case 'boolean':
      return nativeType === 'BOOLEAN' ? value : undefined;
    case 'date':
      if (nativeType.startsWith('TIMESTAMP'))
        return `CASE WHEN ${value} = date_trunc('day', ${value}) THEN ${cast} END`;
      return nativeType === 'DATE' ? cast : undefined;
    case 'timestamp':
      return nativeType.startsWith('TIMESTAMP') || nativeType === 'DATE' ? cast : undefined;
    case 'time':
      // DuckDB reads Parquet's times in UTC as TIME WITH TIME ZONE.
      return nativeType === 'TIME' || nativeType === 'TIME WITH TIME ZONE' ? cast : undefined;
    default:
      return undefined;
  }
};
