import type { Column } from '../contract/model.ts';
import { ident, literal, literalList } from '../duckdb/sql.ts';

/** SQL that turns a source's value into a column's type, NULL where it does not fit. */

const INTEGER = String.raw`[+-]?[0-9]+(\.0*)?`;
const NUMBER = String.raw`[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?`;

/**
 * The column's text with "no value" as NULL: blanks, and what the contract lists.
 *
 * @param text a SQL expression of type VARCHAR
 */
export const presentText = (text: string, column: Column): string =>
  `CASE WHEN trim(${text}) IN (${['', ...column.missingValues].map(literal).join(', ')}) THEN NULL ELSE ${text} END`;

/**
 * Parses text as the column's type.
 *
 * DuckDB's own casts are laxer than a contract may be: they round `12.7` to 13, read `0x1F` and `1_000`, take
 * `nan`, and drop a time zone's offset; hence the guards.
 *
 * @param text a SQL expression of type VARCHAR that is NULL where there is no value
 */
export const parseText = (text: string, column: Column): string => {
  const type = column.silverType;
  const blank = `trim(${text})`;
  switch (column.logicalType) {
    case 'string':
      return type === 'VARCHAR' ? text : `TRY_CAST(${text} AS ${type})`;
    case 'integer':
      return `CASE WHEN regexp_full_match(${blank}, ${literal(INTEGER)}) THEN TRY_CAST(${text} AS ${type}) END`;
    case 'number':
      return `CASE WHEN regexp_full_match(${blank}, ${literal(NUMBER)}) THEN ${finite(`TRY_CAST(${text} AS ${type})`, type)} END`;
    case 'boolean':
    case 'time':
      return `TRY_CAST(${blank} AS ${type})`;
    case 'date':
      return column.strptime === undefined
        ? `CASE WHEN length(${blank}) <= 10 THEN TRY_CAST(${blank} AS DATE) END`
        : `CAST(try_strptime(${blank}, ${literal(column.strptime)}) AS DATE)`;
    case 'timestamp':
      return column.strptime === undefined
        ? `CAST(TRY_CAST(${blank} AS TIMESTAMPTZ) AS ${type})`
        : `CAST(try_strptime(${blank}, ${literal(column.strptime)}) AS ${type})`;
    case 'object':
    case 'array':
      return `CASE WHEN json_valid(${text}) THEN CASE WHEN json_type(${text}) = ${literal(column.logicalType.toUpperCase())} THEN CAST(${text} AS JSON) END END`;
  }
};

const finite = (value: string, type: string): string =>
  type === 'DOUBLE' || type === 'FLOAT' ? `CASE WHEN isfinite(${value}) THEN ${value} END` : value;

const INTEGERS = /^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/;
const NUMBERS = /^(FLOAT|DOUBLE|DECIMAL.*)$/;

/**
 * Whether a typed source column (Parquet) may be cast straight to the column's type, without loss and without
 * going through text.
 */
export const castsDirectly = (nativeType: string, column: Column): boolean => {
  const integer = INTEGERS.test(nativeType);
  switch (column.logicalType) {
    case 'string':
      return nativeType === 'VARCHAR';
    case 'integer':
      return integer;
    case 'number':
      return integer || NUMBERS.test(nativeType);
    case 'boolean':
      return nativeType === 'BOOLEAN';
    case 'date':
      return nativeType === 'DATE';
    case 'timestamp':
      return nativeType.startsWith('TIMESTAMP') || nativeType === 'DATE';
    case 'time':
      return nativeType === 'TIME';
    default:
      return false;
  }
};

/** A typed source value, cast straight to the column's type. */
export const castNative = (value: string, column: Column): string =>
  column.logicalType === 'number'
    ? finite(`TRY_CAST(${value} AS ${column.silverType})`, column.silverType)
    : `TRY_CAST(${value} AS ${column.silverType})`;

/** One rule that a typed value breaks when `broken` is true. */
export interface RowRule {
  rule: string;
  /** SQL that is true exactly for a row that breaks the rule. */
  broken: string;
  /** What was expected, for people. */
  expected: string;
}

/** The contract's limits on one column, over its typed value. */
export const limitRules = (column: Column): RowRule[] => {
  const value = ident(column.name);
  const limits = column.constraints;
  const typed = (text: string): string => `CAST(${literal(text)} AS ${column.silverType})`;
  const rules: (RowRule | undefined)[] = [
    limits.minLength === undefined
      ? undefined
      : {
          rule: 'minLength',
          broken: `length(${value}) < ${limits.minLength}`,
          expected: `at least ${limits.minLength} characters`,
        },
    limits.maxLength === undefined
      ? undefined
      : {
          rule: 'maxLength',
          broken: `length(${value}) > ${limits.maxLength}`,
          expected: `at most ${limits.maxLength} characters`,
        },
    ...limits.patterns.map((pattern) => ({
      rule: 'pattern',
      broken: `NOT regexp_matches(CAST(${value} AS VARCHAR), ${literal(pattern)})`,
      expected: `a match of ${pattern}`,
    })),
    range('minimum', limits.minimum, '<', '≥'),
    range('maximum', limits.maximum, '>', '≤'),
    range('exclusiveMinimum', limits.exclusiveMinimum, '<=', '>'),
    range('exclusiveMaximum', limits.exclusiveMaximum, '>=', '<'),
    limits.multipleOf === undefined
      ? undefined
      : {
          rule: 'multipleOf',
          broken: `CAST(${value} AS DOUBLE) % ${limits.multipleOf} <> 0`,
          expected: `a multiple of ${limits.multipleOf}`,
        },
    limits.allowed === undefined
      ? undefined
      : {
          rule: 'allowed',
          broken: `NOT list_contains(${literalList(limits.allowed)}, CAST(${value} AS VARCHAR))`,
          expected: `one of ${limits.allowed.join(', ')}`,
        },
  ];
  return rules.filter((rule) => rule !== undefined);

  function range(
    rule: string,
    limit: string | undefined,
    operator: string,
    sign: string,
  ): RowRule | undefined {
    return limit === undefined
      ? undefined
      : { rule, broken: `${value} ${operator} ${typed(limit)}`, expected: `${sign} ${limit}` };
  }
};
