import type { Column } from '../../contract/model.ts';
import { strictDatePattern } from '../../contract/strict-date-pattern.ts';
import { literal } from '../../engine/sql.ts';
import { isExactNumber, isInteger, isNumber, scaleOf } from '../../engine/type-names.ts';

/** SQL that turns a source's value into a column's type, NULL where it does not fit. */

const INTEGER = String.raw`[+-]?[0-9]+(\.0*)?`;
const NUMBER = String.raw`[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?`;
const DATE = '[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}';
const TIME = String.raw`[0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?`;
/** Any rest: DuckDB knows times and zones, and refuses what is neither. */
const TIMESTAMP = `${DATE}([T ].*)?`;
/** Of such a text: it names an offset or a zone. */
const ZONED = `${DATE}[T ].*[A-Za-z+-].*`;

/**
 * The column's text with "no value" as NULL: white space, and what the contract lists. Only strings keep the
 * blanks around them.
 *
 * @param text a SQL expression of type VARCHAR
 * @param spelled SQL that is true where the text is known to be a value, without anything around it
 */
export const presentText = (text: string, column: Column, spelled?: string): string => {
  const trimmed = `trim(${text})`;
  const missing = ['', ...column.missingValues].map(literal).join(', ');
  // Naming characters makes trim slow: only what begins with white space is looked at so closely.
  const blank = `${text} < '!' AND trim(${text}, ${literal(' \t\r\n')}) = ''`;
  const present = `CASE WHEN ${trimmed} IN (${missing}) OR (${blank}) THEN NULL ELSE ${column.logicalType === 'string' ? text : trimmed} END`;
  // trim itself is slow. Of pure ASCII it is known with less whether anything stands around the text.
  const bare = `${text} > '!' AND strlen(${text}) = length(${text}) AND NOT suffix(${text}, ' ')`;
  if (!isColumn(text)) return present;
  const known =
    listedMissing(column).length > 0 ? `CASE WHEN ${text} IN (${missing}) THEN NULL ELSE ${text} END` : text;
  const sure = spelled === undefined ? '' : `WHEN ${spelled} THEN ${text} `;
  return `CASE ${sure}WHEN ${bare} THEN ${known} ELSE ${present} END`;
};

/** SQL of what the contract lists as "no value", besides the empty text that always is. */
const listedMissing = ({ missingValues }: Column): string[] =>
  missingValues.filter((value) => value !== '').map(literal);

/** Whether SQL is a column's name: then to write it several times costs nothing. */
const isColumn = (sql: string): boolean => /^\w+$/.test(sql);

/** Text that is spelled as DuckDB prints its value: most is, and to print is faster than to match a pattern. */
export interface Spelling {
  /** Over the text as it stands: its value, or NULL. */
  cast: string;
  /** Over the text and its value: whether it is spelled so. */
  spelled: string;
  /** Over the value: the column's type. */
  typed: string;
}

/**
 * How text is read that needs no pattern; undefined where each needs it.
 *
 * @param text the name of a column of type VARCHAR
 * @param value the name that `cast` is given
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
 * Parses text as the column's type.
 *
 * DuckDB's own casts are laxer than a contract may be: they round `12.7` to 13, read `0x1F` and `1_000`, take
 * `nan` and `infinity`, years of two digits, the time out of a timestamp; hence the guards.
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
      // A cast to TIMESTAMP drops the offset; one to TIMESTAMPTZ takes the zone that an earlier row named for this one's.
      return guarded(
        TIMESTAMP,
        `CASE WHEN regexp_full_match(${value}, ${literal(ZONED)}) THEN CAST(TRY_CAST(${value} AS TIMESTAMPTZ) AS ${type}) ELSE TRY_CAST(${zoneless(value, type)} AS ${type}) END`,
      );
    case 'object':
    case 'array':
      return `CASE WHEN json_valid(${value}) THEN CASE WHEN json_type(${value}) = ${literal(column.logicalType.toUpperCase())} THEN CAST(${value} AS JSON) END END`;
  }
};

/** The 366th day of a year that has 365 is no day; to strptime it is the next year's first. */
const inLeapYear = (value: string, strptime: string, parsed: string): string => {
  const pattern = strictDatePattern(strptime, 'j');
  if (pattern === strictDatePattern(strptime)) return parsed;
  // Two days before it is that year's December, whatever the offset.
  const december = `(${parsed} - INTERVAL 2 DAY)`;
  const leap = `dayofyear(make_date(year(${december}), 12, 31)) = 366`;
  return `CASE WHEN regexp_extract(${value}, ${literal(pattern)}, 1) <> '366' OR ${leap} THEN ${parsed} END`;
};

/** UTC, where a text without a zone is one in its own type. */
const zoneless = (value: string, type: string): string =>
  type === 'TIMESTAMP' ? value : `TRY_CAST(${value} AS TIMESTAMP)`;

const finite = (value: string, type: string): string =>
  /^(DOUBLE|FLOAT|DATE|TIMESTAMP.*)$/.test(type) ? `CASE WHEN isfinite(${value}) THEN ${value} END` : value;

/** SQL of bytes as UTF-8 text; of what is none, as DuckDB prints them. */
export const textOfBytes = (bytes: string): string =>
  `coalesce(TRY(decode(${bytes})), CAST(${bytes} AS VARCHAR))`;

/** Whether a typed source (Parquet) holds an object or a list in this column. */
export const isNested = (nativeType: string): boolean => /^(STRUCT|MAP|UNION)|\]$/.test(nativeType);

/** A typed value with the contract's "no value" as NULL. */
export const presentNative = (value: string, nativeType: string, column: Column): string => {
  const missing = listedMissing(column);
  if (missing.length === 0) return value;
  const numbers = numbersAmong(column.missingValues, nativeType).map(
    // NULL where the type cannot hold it: then no value is it.
    (text) => `TRY_CAST(${literal(text)} AS ${nativeType})`,
  );
  const asNumber = numbers.length === 0 ? '' : ` OR ${value} IN (${numbers.join(', ')})`;
  return `CASE WHEN CAST(${value} AS VARCHAR) IN (${missing.join(', ')})${asNumber} THEN NULL ELSE ${value} END`;
};

/**
 * Those texts that are numbers of no more decimals than the type has: -999 is -999.0 as well, -999.004 is rounded nowhere,
 * and 007 is a code.
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
 * A typed value, cast straight to the column's type where that loses nothing: 12.0 is an integer and 12.7 is
 * none, a timestamp at midnight is a date. Undefined where only the value's text can tell.
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
      // Parquet's times that are in UTC.
      return nativeType === 'TIME' || nativeType === 'TIME WITH TIME ZONE' ? cast : undefined;
    default:
      return undefined;
  }
};
