import { decimalOfText } from '../../contract/decimal-text.ts';
import type { Column } from '../../contract/model.ts';
import { strictDatePattern } from '../../contract/strict-date-pattern.ts';
import {
  calendarOf,
  DATE,
  EPOCHS,
  INTEGER,
  NUMBER,
  type Separators,
  separated,
  TIME,
  TIMESTAMP,
  ZONED,
} from '../../contract/text-forms.ts';
import { literal } from '../../engine/sql.ts';
import { isExactNumber } from '../../engine/type-names.ts';
import { parseEpoch } from './epoch-sql.ts';
import { isLaxJson } from './json-sql.ts';

/** This file makes the SQL that turns a text into a column's type, or into NULL where it does not fit. */

/**
 * SQL that makes NULL of a text that means "no value": blanks, and the texts that the contract lists. Other texts lose
 * their outer blanks, except in columns of strings that are no key. Blanks are spaces, tabs and line ends.
 *
 * @param text a SQL expression of type VARCHAR
 * @param spelled SQL that is true where the text is known to be a value without outer blanks
 */
export const presentText = (text: string, column: Column, spelled?: string): string => {
  const keeps = column.logicalType === 'string' && column.trimmed !== true;
  const missing = ['', ...column.missingValues].map(literal).join(', ');
  // trim is slow when characters are named. Long texts are not given to it: only text that begins with a blank may be all blanks.
  const long = keeps || column.logicalType === 'object' || column.logicalType === 'array';
  const trimmed = long ? `trim(${text})` : `trim(${text}, ${literal(BLANKS)})`;
  const blank = long ? ` OR (${text} < '!' AND trim(${text}, ${literal(BLANKS)}) = '')` : '';
  const present = `CASE WHEN ${trimmed} IN (${missing})${blank} THEN NULL ELSE ${keeps ? text : trimmed} END`;
  // trim itself is slow. For pure ASCII, comparisons tell faster whether there is anything to trim.
  const ends = (long ? [' '] : [...BLANKS]).map((each) => ` AND NOT suffix(${text}, ${literal(each)})`);
  const bare = `${text} > '!' AND strlen(${text}) = length(${text})${ends.join('')}`;
  if (!isColumn(text)) return present;
  const known =
    listedMissing(column).length > 0 ? `CASE WHEN ${text} IN (${missing}) THEN NULL ELSE ${text} END` : text;
  const sure = spelled === undefined ? '' : `WHEN ${spelled} THEN ${text} `;
  return `CASE ${sure}WHEN ${bare} THEN ${known} ELSE ${present} END`;
};

/** Space, tab and line ends. */
const BLANKS = ' \t\r\n';

/** SQL literals of the texts that the contract lists as "no value", without the empty text, which always means that. */
export const listedMissing = ({ missingValues }: Column): string[] =>
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
  const { silverType, strptime, epochUnit, logicalType, separators } = column;
  if (strptime !== undefined || epochUnit !== undefined) return undefined;
  const listed = listedMissing(column);
  const present = listed.length === 0 ? '' : ` AND ${text} NOT IN (${listed.join(', ')})`;
  const printed = (type: string, length?: number): Spelling => ({
    cast: `TRY_CAST(${plain(text, separators)} AS ${type})`,
    spelled: `${written(`CAST(${value} AS VARCHAR)`, separators)} = ${text}${length === undefined ? '' : ` AND strlen(${text}) = ${length}`}${present}`,
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
  const { silverType: type, strptime, epochUnit, separators } = column;
  const guarded = (pattern: string, typed: string): string =>
    `CASE WHEN regexp_full_match(${value}, ${literal(pattern)}) THEN ${typed} END`;
  if (strptime !== undefined)
    return guarded(strictDatePattern(strptime), parseFormatted(value, strptime, type));
  if (epochUnit !== undefined) return guarded(EPOCHS[epochUnit], parseEpoch(value, epochUnit, type));
  const forms = separators === undefined ? { integer: INTEGER, number: NUMBER } : separated(separators);
  const digits = plain(value, separators);
  switch (column.logicalType) {
    case 'string':
      return value;
    case 'integer':
      return guarded(forms.integer, `TRY_CAST(${digits} AS ${type})`);
    case 'number':
      return guarded(
        forms.number,
        isExactNumber(type) ? decimalOfText(digits, type, value) : finite(`TRY_CAST(${digits} AS ${type})`),
      );
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
        `CASE WHEN regexp_full_match(${value}, ${literal(ZONED)}) THEN ${parseZoned(value, type)} ELSE TRY_CAST(${zoneless(value, type)} AS ${type}) END`,
      );
    case 'object':
    case 'array':
      return `CASE WHEN json_valid(${value}) THEN CASE WHEN json_type(${value}) = ${literal(column.logicalType.toUpperCase())} AND NOT ${isLaxJson(value)} THEN CAST(${value} AS JSON) END END`;
  }
};

/** SQL of a number's text as SQL writes it: 1.234,5 becomes 1234.5. `translate` would take three times as long. */
const plain = (text: string, separators?: Separators): string => {
  if (separators === undefined) return text;
  const { decimal, thousands = '' } = separators;
  const joined = [...thousands].reduce((sql, each) => `replace(${sql}, ${literal(each)}, '')`, text);
  return decimal === '.' ? joined : `replace(${joined}, ${literal(decimal)}, '.')`;
};

/** SQL of the text that `plain` would turn into this one, without groups. */
const written = (text: string, separators?: Separators): string =>
  separators === undefined || separators.decimal === '.'
    ? text
    : `replace(${text}, '.', ${literal(separators.decimal)})`;

/** Excludes the 366th day of a year that has 365: strptime reads it as the first day of the next year. */
const inLeapYear = (value: string, strptime: string, parsed: string): string => {
  const pattern = strictDatePattern(strptime, 'j');
  if (pattern === strictDatePattern(strptime)) return parsed;
  // Two days earlier it is December of the year in question, whatever the offset.
  const december = `(${parsed} - INTERVAL 2 DAY)`;
  const leap = `dayofyear(make_date(year(${december}), 12, 31)) = 366`;
  return `CASE WHEN regexp_extract(${value}, ${literal(pattern)}, 1) <> '366' OR ${leap} THEN ${parsed} END`;
};

/** An offset leads out of the calendar in its first and last year only: for other texts nothing is computed twice. */
const parseZoned = (value: string, type: string): string => {
  const cast = `CAST(coalesce(TRY_CAST(${value} AS TIMESTAMPTZ), TRY_CAST(${zonedAsDuckDb(value)} AS TIMESTAMPTZ)) AS ${type})`;
  return `CASE WHEN ${value} < '0002' OR ${value} >= '9999' THEN ${inCalendar(cast, type)} ELSE ${cast} END`;
};

/**
 * SQL that respells a timestamp with a zone as DuckDB reads it: with seconds, a capital Z, no blank before Z and offsets,
 * and one before names. Java, for one, leaves out seconds that are zero: 2024-01-01T10:00Z.
 */
const zonedAsDuckDb = (value: string): string =>
  [
    ['^([^T ]+[T ] *[0-9]{1,2}:[0-9]{1,2})( *[A-Za-z+-])', String.raw`\1:00\2`],
    ['([0-9]) *[zZ]$', String.raw`\1Z`],
    [' +([+-][0-9:]+)$', String.raw`\1`],
    ['([0-9]) *([A-Za-z]{2,}.*)$', String.raw`\1 \2`],
  ].reduce(
    (text, [pattern = '', respelled = '']) =>
      `regexp_replace(${text}, ${literal(pattern)}, ${literal(respelled)})`,
    value,
  );

const parseFormatted = (value: string, strptime: string, type: string): string => {
  const parsed = `CAST(${inLeapYear(value, strptime, `try_strptime(${value}, ${literal(strptime)})`)} AS ${type})`;
  return /%z/i.test(strptime) ? inCalendar(parsed, type) : parsed;
};

/** SQL that makes NULL of years that silver has not. */
const inCalendar = (value: string, type: string): string => {
  const calendar = calendarOf(type);
  return calendar === undefined
    ? value
    : `CASE WHEN ${value} BETWEEN ${calendar.join(' AND ')} THEN ${value} END`;
};

/** SQL that reads a text without a zone as UTC. */
const zoneless = (value: string, type: string): string =>
  type === 'TIMESTAMP' ? value : `TRY_CAST(${value} AS TIMESTAMP)`;

/** SQL that makes NULL of infinity and NaN. */
const finite = (value: string): string => `CASE WHEN isfinite(${value}) THEN ${value} END`;

/** SQL that decodes bytes as UTF-8, or prints them as DuckDB does where they are no UTF-8. */
export const textOfBytes = (bytes: string): string =>
  `coalesce(TRY(decode(${bytes})), CAST(${bytes} AS VARCHAR))`;
