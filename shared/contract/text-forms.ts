/** RE2 patterns of the texts that are read without a `format`. docs/contracts.md lists these forms. */

export const INTEGER = String.raw`[+-]?[0-9]+(?:\.0*)?`;
export const PLAIN_NUMBER = String.raw`[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)`;
export const NUMBER = `${PLAIN_NUMBER}(?:[eE][+-]?[0-9]+)?`;

/** 0001 to 9999: Java and Python have no other years, and ISO 8601 has no text for them. */
export const YEAR = '(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])';
export const DATE = `${YEAR}[-/][0-9]{1,2}[-/][0-9]{1,2}`;

/** 24:00 is excluded: Iceberg's times are shorter than a day. */
const HOUR = '(?:[01]?[0-9]|2[0-3])';
/** Microseconds. Only zeros may follow: other digits would be lost. */
const FRACTION = String.raw`(?:\.[0-9]{1,6}0*)?`;
export const TIME = `${HOUR}:[0-9]{2}(?::[0-9]{2}${FRACTION})?`;

/** Up to 18 hours, the widest offset that Java and PostgreSQL have. */
export const OFFSET = '[+-](?:(?:0[0-9]|1[0-7])(?::?[0-5][0-9](?::?[0-5][0-9])?)?|18(?::?00(?::?00)?)?)';
/**
 * Names of the IANA database. Abbreviations are excluded, because several zones share most of them: IST is used in
 * India, Israel and Ireland.
 */
const AREAS =
  'africa|america|antarctica|arctic|asia|atlantic|australia|brazil|canada|chile|etc|europe|indian|mexico|pacific|us';
export const ZONE_NAME = `(?i:utc|gmt|(?:${AREAS})/[a-z0-9_+/-]+)`;

const CLOCK = `${HOUR}:[0-9]{1,2}(?::[0-9]{1,2}${FRACTION})?`;
export const TIMESTAMP = `${DATE}(?:[T ] *${CLOCK}(?: *(?:[zZ]|${OFFSET}|${ZONE_NAME}))?)?`;
/** Matches a TIMESTAMP that names an offset or a zone. */
export const ZONED = `${DATE}[T ].*[A-Za-z+-].*`;

/** The range of a DuckDB type of dates: the years that YEAR matches. Undefined for other types. */
export const calendarOf = (type: string): readonly [first: string, last: string] | undefined => {
  if (type === 'DATE') return ["DATE '0001-01-01'", "DATE '9999-12-31'"];
  const last = '9999-12-31 23:59:59.999999';
  if (type === 'TIMESTAMP') return ["TIMESTAMP '0001-01-01'", `TIMESTAMP '${last}'`];
  if (type === 'TIMESTAMP WITH TIME ZONE')
    return ["TIMESTAMPTZ '0001-01-01 00:00:00+00'", `TIMESTAMPTZ '${last}+00'`];
  return undefined;
};
