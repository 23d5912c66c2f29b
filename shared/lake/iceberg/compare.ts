import type { PrimitiveType } from './types.ts';

/**
 * Orders two values of a type, given as text, as Iceberg orders bounds. 0 where the texts tell no order: of dates
 * outside the four-digit years, and of types whose text has another order than their values.
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

/** Text orders dates of four-digit years only: not `10000-01-01`, nor `0044-03-15 (BC)`. */
const isPlain = (text: string): boolean =>
  /^\d{4}-\d\d-\d\d(?: \d\d:\d\d:\d\d(?:\.\d+)?(?:\+00)?)?$/.test(text);

/**
 * Decimal texts by value; as doubles where they are not both whole, whose rounding never turns the order around. One float
 * has many texts: what DuckDB prints, and all of its digits.
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

/** By UTF-8 bytes, as Parquet orders text. */
const compareText = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
