/**
 * Translates date formats: ODCS writes them in the letters of Java's DateTimeFormatter, DuckDB in those of strptime.
 * https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/time/format/DateTimeFormatter.html
 */

type Part = 'year' | 'month' | 'day' | 'day of year' | 'hour' | 'half-day hour' | 'am/pm' | 'zone' | 'other';

/**
 * The strptime specifier of each run of letters, and the part of a date that it reads. strptime is more lenient than
 * Java: `dd` also reads one digit, and month and day names are read in any case. `strictDatePattern` rejects years of
 * fewer than four digits. `yy` changes the century at 69: 68 is 2068, 69 is 1969.
 * Offsets (`X`, `x`, `Z`) are read as ±hh, ±hhmm or ±hh:mm; only the default format reads a `Z` for UTC.
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

/** Quoted text, a run of one letter, or any other character. A quote that is matched as the last has no partner. */
const TOKEN = /'((?:[^']|'')*)'|([A-Za-z])\2*|(.)/gs;

export type Converted = { strptime: string } | { problem: string };

/** The strptime format for a date, timestamp or time, or the reason why there is none. */
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
      // '' stands for one quote, inside quoted text and outside of it.
      const plain = other ?? (token === "''" ? "'" : (quoted ?? '').replaceAll("''", "'"));
      strptime += plain.replaceAll('%', '%%');
    }
  }
  return incomplete(parts, kind) ?? { strptime };
};

const unsupported = (letters: string): string => {
  const meant = letters.toLowerCase();
  const hint = meant !== letters && LETTERS[meant] !== undefined ? ` (did you mean "${meant}"?)` : '';
  return `the letters "${letters}" are not supported${hint}`;
};

/** Reports a missing part: strptime would silently fill in 1900, January or midnight. */
const incomplete = (parts: Set<Part>, kind: 'date' | 'timestamp' | 'time'): Converted | undefined => {
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
