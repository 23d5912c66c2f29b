/**
 * ODCS writes date formats in the letters of Java's DateTimeFormatter; DuckDB reads with strptime.
 * https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/time/format/DateTimeFormatter.html
 */

type Part = 'year' | 'month' | 'day' | 'day of year' | 'hour' | 'half-day hour' | 'am/pm' | 'zone' | 'other';

/**
 * Run of letters → strptime, and what it tells of the date. strptime is the more lenient of the two: `dd` reads
 * one digit as well, month and day names are read in any case; years of fewer than four digits are left to
 * `strictDatePattern` to refuse. `yy` turns at 69: 68 is 2068, 69 is 1969.
 * Offsets (`X`, `x`, `Z`) are read as ±hh, ±hhmm or ±hh:mm; a `Z` for UTC is read by the default format only.
 */
const LETTERS: Record<string, [strptime: string, part: Part]> = {
  yyyy: ['%Y', 'year'],
  uuuu: ['%Y', 'year'],
  y: ['%Y', 'year'],
  u: ['%Y', 'year'],
  yy: ['%y', 'year'],
  uu: ['%y', 'year'],
  M: ['%m', 'month'],
  MM: ['%m', 'month'],
  MMM: ['%b', 'month'],
  MMMM: ['%B', 'month'],
  d: ['%d', 'day'],
  dd: ['%d', 'day'],
  D: ['%j', 'day of year'],
  DDD: ['%j', 'day of year'],
  H: ['%H', 'hour'],
  HH: ['%H', 'hour'],
  h: ['%I', 'half-day hour'],
  hh: ['%I', 'half-day hour'],
  a: ['%p', 'am/pm'],
  m: ['%M', 'other'],
  mm: ['%M', 'other'],
  s: ['%S', 'other'],
  ss: ['%S', 'other'],
  SSS: ['%g', 'other'],
  SSSSSS: ['%f', 'other'],
  E: ['%a', 'other'],
  EE: ['%a', 'other'],
  EEE: ['%a', 'other'],
  EEEE: ['%A', 'other'],
  X: ['%z', 'zone'],
  XX: ['%z', 'zone'],
  XXX: ['%z', 'zone'],
  x: ['%z', 'zone'],
  xx: ['%z', 'zone'],
  xxx: ['%z', 'zone'],
  Z: ['%z', 'zone'],
  VV: ['%Z', 'zone'],
};

/** Quoted text, a run of one letter, or any other character: a quote among these has no partner. */
const TOKEN = /'((?:[^']|'')*)'|([A-Za-z])\2*|(.)/gs;

export type Converted = { strptime: string } | { problem: string };

/** The strptime format for a date, timestamp or time, or what stands in the way. */
export const strptimeFromJdk = (format: string, kind: 'date' | 'timestamp' | 'time'): Converted => {
  const parts = new Set<Part>();
  let strptime = '';
  for (const match of format.matchAll(TOKEN)) {
    const [token, quoted, letter, other] = match;
    if (letter !== undefined) {
      const known = LETTERS[token];
      if (known === undefined) return { problem: unsupported(token) };
      strptime += known[0];
      parts.add(known[1]);
    } else if (other === "'") {
      return { problem: "the quoted text has no end; write '' for a quote itself" };
    } else if (other !== undefined && '[]{}#'.includes(other)) {
      return { problem: `optional sections and reserved characters are not supported ("${other}")` };
    } else {
      // '' is one quote, inside quoted text and outside of it.
      const plain = other ?? (token === "''" ? "'" : (quoted ?? '').replaceAll("''", "'"));
      strptime += plain.replaceAll('%', '%%');
    }
  }
  return complaint(parts, kind) ?? { strptime };
};

const unsupported = (letters: string): string => {
  const meant = letters.toLowerCase();
  const hint = meant !== letters && LETTERS[meant] !== undefined ? ` (did you mean "${meant}"?)` : '';
  return `the letters "${letters}" are not supported${hint}`;
};

/** A format must tell everything: what it leaves out strptime would make up (1900, January, midnight). */
const complaint = (parts: Set<Part>, kind: 'date' | 'timestamp' | 'time'): Converted | undefined => {
  const hour = parts.has('hour') || (parts.has('half-day hour') && parts.has('am/pm'));
  const day = parts.has('day of year') || (parts.has('month') && parts.has('day'));
  if (kind !== 'time' && !(parts.has('year') && day))
    return { problem: 'it must have a year, a month and a day' };
  if (kind === 'time' && parts.has('zone'))
    return { problem: 'an offset or zone is not allowed in a time without a date' };
  if (kind === 'time' && !hour) return { problem: 'it must have an hour (HH, or hh with a)' };
  if (parts.has('half-day hour') && !parts.has('am/pm')) return { problem: '"h" needs an "a" (am or pm)' };
  return undefined;
};
