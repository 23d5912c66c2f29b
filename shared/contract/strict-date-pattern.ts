import { OFFSET, YEAR, ZONE_NAME } from './text-forms.ts';

/** The most digits that strptime reads, by the letter after `%`. */
const MAX_DIGITS: Record<string, number> = {
  Y: 4,
  y: 2,
  m: 2,
  d: 2,
  j: 3,
  H: 2,
  I: 2,
  M: 2,
  S: 2,
  g: 3,
  f: 6,
};

/** A specifier, white space as strptime and RE2 define it (a no-break space is text), or other text. */
const TOKEN = /%(.)|([ \t\n\f\r]+)|[^% \t\n\f\r]+/gs;

/**
 * An RE2 pattern of the texts that a strptime format reads, with two exceptions. strptime reads the "24" in `05.01.24`
 * as year 24; the pattern requires four digits, so that such values are rejected. And DuckDB reads `infinity` and
 * `epoch` as dates in every format; the pattern does not match them.
 *
 * @param captured the letter of a specifier whose digits become the pattern's only group
 */
export const strictDatePattern = (strptime: string, captured?: string): string => {
  const tokens = [...strptime.matchAll(TOKEN)];
  const parts = tokens.map(([token, letter, blank], i) => {
    if (blank !== undefined) return String.raw`\s+`;
    if (letter === undefined || letter === '%') return escaped(letter ?? token);
    const width = MAX_DIGITS[letter];
    if (letter === 'Y') return YEAR;
    if (letter === 'z') return OFFSET;
    if (letter === 'Z') return ZONE_NAME;
    if (width === undefined) return '[A-Za-z]+';
    // strptime reads as many digits as it can: numbers without anything between them need all of their digits. 2024011 in
    // yyyyMMdd lost a digit, and nobody knows which.
    const whole = [tokens[i - 1], tokens[i + 1]].some((next) => MAX_DIGITS[next?.[1] ?? ''] !== undefined);
    const digits = whole ? `[0-9]{${width}}` : `[0-9]{1,${width}}`;
    return letter === captured ? `(${digits})` : digits;
  });
  return String.raw`\s*${parts.join('')}\s*`;
};

const escaped = (text: string): string => text.replaceAll(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`);
