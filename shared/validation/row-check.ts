import type { Column, Dimension } from '../contract/model.ts';
import { ident, literal } from '../duckdb/sql.ts';
import { limitRules } from './limit-rules.ts';

/**
 * A column on its way from source to silver: its typed value stands in the layer under the column's name, NULL
 * where there is none, or one that does not fit.
 */
export interface CheckedColumn {
  column: Column;
  /** Name of the layer's column with the present value, as text or in the source's own type. */
  present: string;
  /** Name of the layer's boolean column that is true for an object or array where a scalar belongs. */
  nested?: string;
}

interface Check {
  column: string;
  rule: string;
  dimension: Dimension;
  broken: string;
  expected: string;
  /** SQL of the offending value. */
  value: string;
}

/** DuckDB type of the list of reasons beside a refused row. */
export const REASONS_TYPE =
  'STRUCT("column" VARCHAR, "rule" VARCHAR, "dimension" VARCHAR, "expected" VARCHAR, "value" VARCHAR)[]';

/**
 * Reasons as they are staged, as JSON text: nearly all rows have none, and to write no list of structs five columns
 * deep for each of them is a seventh of Validate.
 */
export const packReasons = (reasons: string): string =>
  `CASE WHEN ${reasons} IS NOT NULL THEN CAST(to_json(${reasons}) AS VARCHAR) END`;

/** SQL of REASONS_TYPE again. */
export const unpackReasons = (packed: string): string =>
  `CASE WHEN ${packed} IS NOT NULL THEN CAST(from_json(${packed}, ${literal(REASONS_SHAPE)}) AS ${REASONS_TYPE}) END`;

const REASONS_SHAPE = JSON.stringify([
  { column: 'VARCHAR', rule: 'VARCHAR', dimension: 'VARCHAR', expected: 'VARCHAR', value: 'VARCHAR' },
]);

/** How much of an offending value a reason shows, in characters. */
const SHOWN = 200;

const checksOf = ({ column, present, nested }: CheckedColumn): Check[] => {
  const { name, logicalType, silverType, format } = column;
  const check = (rule: string, broken: string, expected: string, value = 'NULL'): Check => ({
    column: name,
    rule,
    dimension: rule === 'required' ? 'completeness' : 'conformity',
    broken,
    expected,
    value,
  });
  const shown = `left(CAST(${present} AS VARCHAR), ${SHOWN})`;
  const absent = nested === undefined ? `${present} IS NULL` : `${present} IS NULL AND NOT ${nested}`;
  return [
    ...(column.required ? [check('required', absent, 'a value')] : []),
    ...(nested === undefined ? [] : [check('nested', nested, `a single ${logicalType}`)]),
    check(
      'type',
      `${present} IS NOT NULL AND ${ident(name)} IS NULL`,
      format === undefined ? `${logicalType} (${silverType})` : `${logicalType} as ${format}`,
      shown,
    ),
    ...limitRules(column).map(({ rule, broken, expected }) => check(rule, broken, expected, shown)),
  ];
};

/** SQL that tells, over a layer with all checked columns, whether a row is accepted, and if not, why. */
export interface RowVerdict {
  /** True for a row that breaks nothing. */
  ok: string;
  /** Every reason, as REASONS_TYPE; only meant for rows that are not ok. */
  reasons: string;
}

/**
 * @param columns the contract's columns as the layer holds them
 * @param shapeBroken SQL that is true for a record that is no object at all; such a row has that one reason
 */
export const rowVerdict = (columns: readonly CheckedColumn[], shapeBroken?: string): RowVerdict => {
  const checks = columns.flatMap(checksOf);
  const broken = (check: Check): string => `coalesce(${check.broken}, false)`;
  const reason = (check: Check): string =>
    `CASE WHEN ${broken(check)} THEN {'column': ${literal(check.column)}, 'rule': ${literal(check.rule)}, ` +
    `'dimension': ${literal(check.dimension)}, 'expected': ${literal(check.expected)}, 'value': ${check.value}} END`;
  const rowReasons = `list_filter([${checks.map(reason).join(',\n')}], lambda _reason: _reason IS NOT NULL)`;
  const none = checks.map(broken).join('\n OR ');
  if (shapeBroken === undefined) return { ok: `NOT (${none})`, reasons: rowReasons };
  const shapeReason = `[{'column': NULL, 'rule': 'object', 'dimension': 'conformity', 'expected': 'a JSON object', 'value': NULL}]`;
  return {
    ok: `NOT ${shapeBroken} AND NOT (${none})`,
    reasons: `CASE WHEN ${shapeBroken} THEN ${shapeReason} ELSE ${rowReasons} END`,
  };
};
