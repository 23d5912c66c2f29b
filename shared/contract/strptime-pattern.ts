import { OFFSET, YEAR, ZONE_NAME } from './text-forms.ts';

/** Digits that strptime reads at most, by the letter behind `%`. */
const WIDTHS: Record<string, number> = { Y: 4, y: 2, m: 2, d: 2, j: 3, H: 2, I: 2, M: 2, S: 2, g: 3, f: 6 };

/** A specifier, white space as strptime and RE2 know it (no-break spaces are text), or other text. */
const TOKEN = /%(.)|([ \t\n\f\r]+)|[^% \t\n\f\r]+/gs;

/**
 * The RE2 pattern of all that a strptime format reads, but for one thing: a year has four digits. To strptime the 24 of
 * `05.01.24` is the year 24, where a file that was to have `2024` is what is wrong. Nor does the pattern match `infinity`
 * and `epoch`, which are dates in every format to DuckDB.
 *
 * @param captured the letter of the specifier whose text is the pattern's only group
 */
export const strptimePattern = (strptime: string, captured?: string): string => {
  const tokens = [...strptime.matchAll(TOKEN)];
  const parts = tokens.map(([token, letter, blank], i) => {
    if (blank !== undefined) return String.raw`\s+`;
    if (letter === undefined || letter === '%') return escaped(letter ?? token);
    const width = WIDTHS[letter];
    if (letter === 'Y') return YEAR;
    if (letter === 'z') return OFFSET;
    if (letter === 'Z') return ZONE_NAME;
    if (width === undefined) return '[A-Za-z]+';
    // strptime takes all the digits that it can: of two numbers side by side the first has none to spare.
    const whole = WIDTHS[tokens[i + 1]?.[1] ?? ''] !== undefined;
    const digits = whole ? `[0-9]{${width}}` : `[0-9]{1,${width}}`;
    return letter === captured ? `(${digits})` : digits;
  });
  return String.raw`\s*${parts.join('')}\s*`;
};

const escaped = (text: string): string => text.replaceAll(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`);
