import { literal } from '../engine/sql.ts';
import { isExactNumber, scaleOf } from '../engine/type-names.ts';
import { decimalOfText } from './decimal-text.ts';
import type { Check } from './duckdb-checks.ts';
import type { Constraints } from './model.ts';
import type { Place } from './problems.ts';
import { STRING_FORMATS } from './string-formats.ts';
import { DATE, TIME, TIMESTAMP } from './text-forms.ts';

/** The limits in `logicalTypeOptions` of all logical types; `odcs.ts` has checked which of them a type has. */
export interface Limits {
  minLength?: number | undefined;
  maxLength?: number | undefined;
  pattern?: string | undefined;
  multipleOf?: number | undefined;
  minimum?: string | number | undefined;
  maximum?: string | number | undefined;
  exclusiveMinimum?: string | number | undefined;
  exclusiveMaximum?: string | number | undefined;
}

/**
 * SQL that casts a limit or an allowed value to a column's type, as values of the column are cast: to TIMESTAMP through
 * TIMESTAMPTZ, because a direct cast would drop the offset.
 */
export const limitSql = (text: string, type: string, cast: 'CAST' | 'TRY_CAST' = 'TRY_CAST'): string => {
  if (type === 'TIMESTAMP') return `CAST(${cast}(${literal(text)} AS TIMESTAMPTZ) AS TIMESTAMP)`;
  if (isExactNumber(type) && /e/i.test(text)) return decimalOfText(literal(text), type);
  return `${cast}(${literal(text)} AS ${type})`;
};

/** The texts that are read as values of these types: a limit that no row could spell is a mistake. */
const FORMS: Readonly<Record<string, string>> = {
  DATE,
  TIME,
  TIMESTAMP,
  'TIMESTAMP WITH TIME ZONE': TIMESTAMP,
};

/** SQL that is true if the type holds the limit or the allowed value without rounding. */
const isExactly = (text: string, type: string): string => {
  if (isExactNumber(type) && decimalsOf(text) > scaleOf(type)) return 'false';
  const form = FORMS[type];
  const spelled =
    form === undefined ? '' : ` AND regexp_full_match(${literal(text.trim())}, ${literal(form)})`;
  return `${limitSql(text, type)} IS NOT NULL${spelled}`;
};

/** The number of significant decimals: 1 for `1.50`, 7 for `1e-7`, 0 for text that is not a number. */
const decimalsOf = (text: string): number => {
  const [, fraction = '', exponent = '0'] =
    /^[+-]?\d*(?:\.(\d*?)0*)?(?:[eE]([+-]?\d+))?$/.exec(text.trim()) ?? [];
  return fraction.length - Number(exponent);
};

const RANGE = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'] as const;

/**
 * The row-level limits of a column.
 *
 * @param limits those of dates and times are ISO 8601 text
 * @param type the column's DuckDB type
 */
export const readConstraints = (limits: Limits, type: string, place: Place, checks: Check[]): Constraints => {
  const constraints: Constraints = { patterns: [] };
  const { minLength, maxLength, pattern, multipleOf } = limits;
  if (minLength !== undefined) constraints.minLength = minLength;
  if (maxLength !== undefined) constraints.maxLength = maxLength;
  if (multipleOf !== undefined) constraints.multipleOf = multipleOf;
  if ((minLength ?? 0) > (maxLength ?? Number.POSITIVE_INFINITY))
    place.at('minLength').expected(`at most maxLength (${maxLength})`, minLength);
  if (pattern !== undefined) {
    constraints.patterns.push(pattern);
    checks.push(patternCheck(pattern, place.at('pattern')));
  }
  for (const name of RANGE) {
    const limit = limits[name];
    if (limit === undefined) continue;
    if (
      typeof limit === 'number' &&
      Math.abs(limit) > Number.MAX_SAFE_INTEGER &&
      !/^(DOUBLE|FLOAT)$/.test(type)
    )
      place
        .at(name)
        .expected(
          'a number of at most 2^53 (YAML readers round larger ones; omit it to allow all that the type holds)',
          limit,
        );
    const text = String(limit);
    constraints[name] = text;
    checks.push({
      place: place.at(name),
      sql: `SELECT ${isExactly(text, type)}`,
      expected: `a value of type ${type}`,
      found: limit,
    });
  }
  checks.push(...orderChecks(constraints, type, place));
  return constraints;
};

/** Checks that the range is not empty: an empty range would reject every row. */
const orderChecks = (constraints: Constraints, type: string, place: Place): Check[] =>
  (['minimum', 'exclusiveMinimum'] as const).flatMap((low) =>
    (['maximum', 'exclusiveMaximum'] as const).flatMap((high): Check[] => {
      const [lower, upper] = [constraints[low], constraints[high]];
      if (lower === undefined || upper === undefined) return [];
      const operator = low === 'minimum' && high === 'maximum' ? '<=' : '<';
      const [a, b] = [lower, upper].map((limit) => limitSql(limit, type));
      return [
        {
          place: place.at(low),
          sql: `SELECT coalesce(${a} ${operator} ${b}, true)`,
          expected: `${operator === '<' ? 'less than' : 'at most'} ${high} (${upper})`,
          found: lower,
        },
      ];
    }),
  );

/** Whether the name is that of a known string format; if not, it is reported. */
export const isStringFormat = (format: string, place: Place): boolean => {
  if (STRING_FORMATS[format] !== undefined) return true;
  place.expected(`one of ${Object.keys(STRING_FORMATS).join(', ')} (or use pattern)`, format);
  return false;
};

/** Checks that each allowed value is one of the column's type; no row could have any other. */
export const allowedChecks = (allowed: readonly string[], type: string, place: Place): Check[] =>
  allowed.map((text, i) => ({
    place: place.at(i),
    sql: `SELECT ${isExactly(text, type)}`,
    expected: `a value of type ${type}${/^(DATE|TIME)/.test(type) ? ' (ISO 8601)' : ''}`,
    found: text,
  }));

/** Checks that RE2 compiles the pattern; it has no lookarounds and no backreferences. */
export const patternCheck = (pattern: string, place: Place): Check => ({
  place,
  sql: `SELECT regexp_matches('', ${literal(pattern)}) IS NOT NULL`,
  expected: 'a pattern that RE2 compiles',
  found: pattern,
});
