import type { z } from 'zod';
import { nearMiss } from './near-miss.ts';
import type { Place } from './problems.ts';

/**
 * The value as the schema has it, or undefined with every deviation reported at its place.
 *
 * Contracts are read piece by piece (document, object, property, rule), so that a slip in one property does
 * not hide the mistakes of the others.
 */
export const readShape = <T>(schema: z.ZodType<T>, value: unknown, place: Place): T | undefined => {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) {
    const at = place.at(...issue.path.filter((key) => typeof key !== 'symbol'));
    if (issue.code === 'unrecognized_keys') for (const key of issue.keys) reportKey(schema, key, at);
    else at.expected(expectation(issue), valueAt(value, issue.path) ?? 'nothing');
  }
  return undefined;
};

const reportKey = (schema: z.ZodType, key: string, place: Place): void => {
  const known = 'shape' in schema && schema.shape instanceof Object ? Object.keys(schema.shape) : [];
  const meant = nearMiss(key, known);
  place.at(key).expected(meant === undefined ? 'only keys that the standard names here' : `"${meant}"`, key);
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
