import type { Column, Dimension } from '../../contract/model.ts';
import { ident, literal } from '../../engine/sql.ts';
import { expectation } from './expected-type.ts';
import { limitRules } from './limit-rules.ts';

/**
 * A column of the contract in the relation that is checked. The relation holds its typed value under the column's name:
 * NULL where there is no value, or one that does not fit.
 */
export interface CheckedColumn {
  column: Column;
  /** Name of the relation's column with the present value, as text or in the source's own type. */
  present: string;
  /** Name of the relation's boolean column that is true for an object or array where a scalar belongs. */
  nested?: string;
  /** Name of the relation's boolean column that is true for a record that has several values for the column. */
  doubled?: string;
}

/** Why a row is rejected, as `REASONS_TYPE` holds it. */
interface Reason {
  column: string | null;
  rule: string;
  dimension: Dimension;
  /** SQL of the value that was expected, in words. */
  expected: string;
  /** SQL of the value that breaks the rule; absent where there is none to show. */
  value?: string;
}

interface Check extends Reason {
  /** SQL that is true for a row that breaks the rule; NULL counts as false. */
  broken: string;
}

/** DuckDB type of the list of reasons that a rejected row is kept with. */
export const REASONS_TYPE =
  'STRUCT("column" VARCHAR, "rule" VARCHAR, "dimension" VARCHAR, "expected" VARCHAR, "value" VARCHAR)[]';

/**
 * SQL that turns staged reasons into REASONS_TYPE. They are staged as JSON text because nearly all rows have none: writing a
 * list of structs for every row would cost a seventh of Validate's time.
 */
export const unpackReasons = (packed: string): string =>
  `CASE WHEN ${packed} IS NOT NULL THEN CAST(from_json(${packed}, ${literal(REASONS_SHAPE)}) AS ${REASONS_TYPE}) END`;

const REASONS_SHAPE = JSON.stringify([
  { column: 'VARCHAR', rule: 'VARCHAR', dimension: 'VARCHAR', expected: 'VARCHAR', value: 'VARCHAR' },
]);

const ONE_VALUE = literal('one value, not several under one key or its spellings');

/** Characters of a value that a reason shows. */
const MAX_SHOWN = 200;

const checksOf = ({ column, present, nested, doubled }: CheckedColumn): Check[] => {
  const { name, logicalType } = column;
  const check = (rule: string, broken: string, expected: string, value?: string): Check => ({
    column: name,
    rule,
    dimension: rule === 'required' ? 'completeness' : 'conformity',
    broken,
    expected,
    ...(value !== undefined && { value }),
  });
  const shown = `left(CAST(${present} AS VARCHAR), ${MAX_SHOWN})`;
  const absent = nested === undefined ? `${present} IS NULL` : `${present} IS NULL AND NOT ${nested}`;
  return [
    ...(column.required ? [check('required', absent, literal('a value'))] : []),
    ...(nested === undefined ? [] : [check('nested', nested, literal(`a single ${logicalType}`))]),
    ...(doubled === undefined ? [] : [check('columns', doubled, ONE_VALUE)]),
    check(
      'type',
      `${present} IS NOT NULL AND ${ident(name)} IS NULL`,
      expectation(column, `CAST(${present} AS VARCHAR)`),
      shown,
    ),
    ...limitRules(column).map(({ rule, broken, expected }) => check(rule, broken, literal(expected), shown)),
  ];
};

/** SQL that makes the JSON text of one reason. */
const packReason = ({ column, rule, dimension, expected, value }: Reason): string => {
  const stated = JSON.stringify({ column, rule, dimension }).slice(0, -1);
  const shown = value === undefined ? "'null'" : `coalesce(CAST(to_json(${value}) AS VARCHAR), 'null')`;
  return `${literal(`${stated},"expected":`)} || CAST(to_json(${expected}) AS VARCHAR) || ',"value":' || ${shown} || '}'`;
};

/** SQL over a relation with all checked columns: whether a row is accepted, and if not, why. */
export interface RowVerdict {
  /** True for a row that breaks nothing. */
  ok: string;
  /** Every reason, as the JSON text that `unpackReasons` reads; meaningful only for rows that are not ok. */
  reasons: string;
}

/** A record that is no object at all. */
export interface BrokenShape {
  /** SQL that is true for it. */
  broken: string;
  /** The record that was expected, in words. */
  expected: string;
}

/**
 * @param columns the contract's columns as the relation holds them
 * @param shape how to tell a record that is no object; such a row has that one reason
 * @param repeated SQL that is true for a record with several values under one key that is no column's
 */
export const rowVerdict = (
  columns: readonly CheckedColumn[],
  shape?: BrokenShape,
  repeated?: string,
): RowVerdict => {
  const checks: Check[] = columns.flatMap(checksOf);
  if (repeated !== undefined)
    checks.push({
      column: null,
      rule: 'columns',
      dimension: 'conformity',
      broken: repeated,
      expected: ONE_VALUE,
    });
  const broken = (check: Check): string => `coalesce(${check.broken}, false)`;
  // The text is built directly: building a list of structs first costs Validate a twentieth, with many columns a tenth.
  const rowReasons = `'[' || concat_ws(',', ${checks.map((check) => `CASE WHEN ${broken(check)} THEN ${packReason(check)} END`).join(',\n')}) || ']'`;
  const any = checks.map(broken).join('\n OR ');
  if (shape === undefined) return { ok: `NOT (${any})`, reasons: rowReasons };
  const shapeReason = packReason({
    column: null,
    rule: 'object',
    dimension: 'conformity',
    expected: literal(shape.expected),
  });
  return {
    ok: `NOT ${shape.broken} AND NOT (${any})`,
    reasons: `CASE WHEN ${shape.broken} THEN '[' || ${shapeReason} || ']' ELSE ${rowReasons} END`,
  };
};
