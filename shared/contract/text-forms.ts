/** RE2 patterns of the texts that are read without a `format`. docs/contracts.md lists these forms. */

/** How numbers are written in text. */
export interface Separators {
  decimal: '.' | ',';
  /** The characters of which each may stand between groups of three digits; absent where none may. */
  thousands?: string;
}

/** Units of time in which a text or a number may count from 1970-01-01T00:00:00Z. */
export const EPOCH_UNITS = ['days', 'seconds', 'milliseconds', 'microseconds', 'nanoseconds'] as const;
export type EpochUnit = (typeof EPOCH_UNITS)[number];

export const INTEGER = String.raw`[+-]?[0-9]+(?:\.0*)?`;
export const PLAIN_NUMBER = String.raw`[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)`;
export const NUMBER = `${PLAIN_NUMBER}(?:[eE][+-]?[0-9]+)?`;

/** A character as RE2 reads it literally. */
const escaped = (text: string): string => text.replaceAll(/[\\^$.|?*+()[\]{}-]/g, String.raw`\$&`);

/**
 * The patterns of numbers that are written with these separators. Groups have three digits, the first one to three and no
 * zero in front: `0.123` is a fraction in another locale, and no number here.
 */
export const separated = ({ decimal, thousands }: Separators): { integer: string; number: string } => {
  const point = escaped(decimal);
  const grouped = thousands === undefined ? '' : `|[1-9][0-9]{0,2}(?:[${escaped(thousands)}][0-9]{3})+`;
  const whole = `(?:[0-9]+${grouped})`;
  return {
    integer: `[+-]?${whole}(?:${point}0*)?`,
    number: `[+-]?(?:${whole}(?:${point}[0-9]*)?|${point}[0-9]+)(?:[eE][+-]?[0-9]+)?`,
  };
};

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

/**
 * A whole number, with decimals as far as the unit has digits down to a microsecond. Only zeros may follow them, and may
 * be the last three digits of nanoseconds: other digits would be lost.
 */
export const EPOCHS: Readonly<Record<EpochUnit, string>> = {
  days: String.raw`[+-]?[0-9]+(?:\.0*)?`,
  seconds: String.raw`[+-]?[0-9]+(?:\.[0-9]{0,6}0*)?`,
  milliseconds: String.raw`[+-]?[0-9]+(?:\.[0-9]{0,3}0*)?`,
  microseconds: String.raw`[+-]?[0-9]+(?:\.0*)?`,
  nanoseconds: String.raw`[+-]?(?:0+|[0-9]*000)(?:\.0*)?`,
};
