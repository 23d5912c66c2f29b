import type { PrimitiveType } from './types.ts';

/**
 * Orders two values of a type, given as text, as Iceberg orders bounds. Returns 0 if the texts do not show the order:
 * dates outside the four-digit years, and types whose texts sort differently from their values.
 */
export const compareValues = (type: PrimitiveType, a: string, b: string): number => {
  if (a === b) return 0;
  if (isNumeric(type)) return compareNumbers(type, a, b);
  if (type === 'string' || type === 'boolean') return compareText(a, b);
  if (type === 'date' || type === 'timestamp' || type === 'timestamptz')
    return isPlain(a) && isPlain(b) ? compareText(a, b) : 0;
  return 0;
};

const isNumeric = (type: PrimitiveType): boolean =>
  ['int', 'long', 'float', 'double'].includes(type) || type.startsWith('decimal');

/** Dates sort as text only if their years have four digits: not `10000-01-01`, nor `0044-03-15 (BC)`. */
const isPlain = (text: string): boolean =>
  /^\d{4}-\d\d-\d\d(?: \d\d:\d\d:\d\d(?:\.\d+)?(?:\+00)?)?$/.test(text);

/**
 * Orders decimal texts by value. Texts that are not both whole numbers are compared as doubles, whose rounding never
 * reverses an order. Floats are rounded first, since one float has several texts: DuckDB's, and all of its digits.
 */
const compareNumbers = (type: PrimitiveType, a: string, b: string): number => {
  const whole = /^-?\d+$/;
  if (whole.test(a) && whole.test(b)) {
    const difference = BigInt(a) - BigInt(b);
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  }
  const numberOf = (text: string): number => (type === 'float' ? Math.fround(Number(text)) : Number(text));
  const [x, y] = [numberOf(a), numberOf(b)];
  return x < y ? -1 : x > y ? 1 : 0;
};

/** Orders by UTF-8 bytes, as Parquet orders text. */
const compareText = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
