import { InvalidInput } from '../../errors.ts';

/**
 * A count, size or id that was read from an Avro file. Throws `InvalidInput` where it is absent, negative or beyond 2^53, which
 * ids of other engines' snapshots may be: a rounded id would be another one.
 */
export const wholeOf = (value: unknown, what: string): number => {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new InvalidInput(`${what} is ${value ?? 'absent'}, not a whole number below 2^53`);
};
