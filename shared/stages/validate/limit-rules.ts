import { limitSql } from '../../contract/constraints.ts';
import type { Column } from '../../contract/model.ts';
import { STRING_FORMATS } from '../../contract/string-formats.ts';
import { ident, literal } from '../../engine/sql.ts';

/** A rule about the typed value of one column. */
export interface RowRule {
  rule: string;
  /** SQL that is true for a row that breaks the rule, false for any other; NULL where there is no value. */
  broken: string;
  /** The value that was expected, in words. */
  expected: string;
}

const SIGNS = { minimum: '≥', maximum: '≤', exclusiveMinimum: '>', exclusiveMaximum: '<' } as const;
const BROKEN_BY = { minimum: '<', maximum: '>', exclusiveMinimum: '<=', exclusiveMaximum: '>=' } as const;
const RANGE = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'] as const;

/** The precision of the widest DECIMAL. */
const MAX_DIGITS = 38;

/** The contract's limits on one column, as rules about its typed value. */
export const limitRules = (column: Column): RowRule[] => {
  const value = ident(column.name);
  const { minLength, maxLength, patterns, multipleOf, allowed, ...range } = column.constraints;
  const rules: RowRule[] = [];
  const add = (rule: string, broken: string, expected: string): void => {
    rules.push({ rule, broken, expected });
  };
  if (minLength !== undefined)
    add('minLength', `length(${value}) < ${minLength}`, `at least ${minLength} characters`);
  if (maxLength !== undefined)
    add('maxLength', `length(${value}) > ${maxLength}`, `at most ${maxLength} characters`);
  const format = column.logicalType === 'string' ? STRING_FORMATS[column.format ?? ''] : undefined;
  if (format !== undefined) add('format', mismatches(column, format), `a valid ${column.format}`);
  for (const pattern of patterns) add('pattern', mismatches(column, pattern), `a match of ${pattern}`);
  for (const rule of RANGE) {
    const limit = range[rule];
    if (limit === undefined) continue;
    const typed = limitSql(limit, column.silverType, 'CAST');
    add(rule, `${value} ${BROKEN_BY[rule]} ${typed}`, `${SIGNS[rule]} ${limit}`);
  }
  if (multipleOf !== undefined)
    add('multipleOf', notMultiple(column, multipleOf), `a multiple of ${multipleOf}`);
  if (allowed !== undefined) add('allowed', isNoneOf(column, allowed), `one of ${allowed.join(', ')}`);
  return rules;
};

/** SQL that is true where the value does not match a RE2 pattern. */
export const mismatches = (column: Column, pattern: string): string =>
  `NOT regexp_matches(CAST(${ident(column.name)} AS VARCHAR), ${literal(pattern)})`;

/** SQL that is true where the value is none of these. It compares in the column's type: 1.0 is the contract's 1. */
export const isNoneOf = (column: Column, allowed: readonly string[]): string => {
  const values = allowed.map((text) => limitSql(text, column.silverType));
  return `NOT list_contains(CAST([${values.join(', ')}] AS ${column.silverType}[]), ${ident(column.name)})`;
};

/**
 * SQL that is true where the value is no multiple of the factor: exact where a DECIMAL holds both, else with a tolerance,
 * because in binary 0.3 is no multiple of 0.1.
 */
const notMultiple = (column: Column, factor: number): string => {
  const value = ident(column.name);
  if (column.logicalType === 'integer' && Number.isInteger(factor)) return `${value} % ${factor} <> 0`;
  const exact = commonDecimal(column, factor);
  if (exact !== undefined) return `CAST(${value} AS ${exact}) % CAST(${factor} AS ${exact}) <> 0`;
  const ratio = `(CAST(${value} AS DOUBLE) / ${factor})`;
  // The tolerance covers rounding only: a wider one would accept every fraction of a large ratio.
  const rounding = column.silverType === 'FLOAT' ? 1e-7 : 1e-15;
  return `abs(${ratio} - round(${ratio})) > greatest(1e-9, ${rounding} * abs(${ratio}))`;
};

/** The DECIMAL that holds a column's values and a factor exactly; undefined where there is none. */
const commonDecimal = ({ logicalType, silverType }: Column, factor: number): string | undefined => {
  // An integer of 64 bits has up to 20 digits.
  const type = logicalType === 'integer' ? 'DECIMAL(20,0)' : silverType;
  const [, precision, scale] = /^DECIMAL\((\d+),(\d+)\)$/.exec(type) ?? [];
  const [, whole, fraction = ''] = /^(\d+)(?:\.(\d+))?$/.exec(String(factor)) ?? [];
  if (precision === undefined || whole === undefined) return undefined;
  const places = Math.max(Number(scale), fraction.length);
  const digits = Math.max(Number(precision) - Number(scale), whole.length) + places;
  return digits <= MAX_DIGITS ? `DECIMAL(${digits},${places})` : undefined;
};
