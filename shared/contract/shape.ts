import type { z } from 'zod';
import { nearMiss } from '../base/near-miss.ts';
import type { Place } from './problems.ts';

/**
 * Parses the value by the schema. Undefined if it deviates; every deviation is reported at its place.
 *
 * A contract is parsed piece by piece (document, object, property, rule): a mistake in one property ends the reading
 * of that property only, so that the mistakes of all others are found too.
 */
export const readShape = <T>(schema: z.ZodType<T>, value: unknown, place: Place): T | undefined => {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) {
    const at = place.at(...issue.path.filter((key) => typeof key !== 'symbol'));
    if (issue.code === 'unrecognized_keys')
      for (const key of issue.keys) reportKey(issue.path.length === 0 ? schema : undefined, key, at);
    else reportValue(expectation(issue), valueAt(value, issue.path), at);
  }
  return undefined;
};

const reportValue = (expected: string, found: unknown, place: Place): void =>
  found === undefined ? place.say(`missing; expected ${expected}`) : place.expected(expected, found);

const reportKey = (schema: z.ZodType | undefined, key: string, place: Place): void => {
  const known = schema !== undefined && 'shape' in schema ? Object.keys(schema.shape as object) : [];
  place.at(key).say(`unknown key "${key}"; ${adviceFor(key, known)}`);
};

const MAX_LISTED_KEYS = 12;

const adviceFor = (key: string, known: readonly string[]): string => {
  const meant = nearMiss(key, known);
  if (meant !== undefined) return `did you mean "${meant}"?`;
  return known.length === 0 || known.length > MAX_LISTED_KEYS
    ? 'remove it or correct its spelling'
    : `known here: ${known.join(', ')}`;
};

const expectation = (issue: z.core.$ZodIssue): string => {
  if (issue.code === 'invalid_type')
    return `${/^[aeiou]/.test(issue.expected) ? 'an' : 'a'} ${issue.expected}`;
  if (issue.code === 'invalid_value') return issue.values.map((value) => JSON.stringify(value)).join(' or ');
  return issue.message;
};

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (inner, key) => (inner instanceof Object ? (inner as Record<PropertyKey, unknown>)[key] : undefined),
    value,
  );
