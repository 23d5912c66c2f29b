import type { Column, Dimension } from '../../contract/model.ts';
import { ident, literal } from '../../engine/sql.ts';
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
  /** Name of the layer's boolean column that is true for a record that has several values for the column. */
  doubled?: string;
}

interface Reason {
  column: string | null;
  rule: string;
  dimension: Dimension;
  expected: string;
  /** SQL of the offending value; absent where there is none to show. */
  value?: string;
}

interface Check extends Reason {
  broken: string;
}

/** DuckDB type of the list of reasons beside a refused row. */
export const REASONS_TYPE =
  'STRUCT("column" VARCHAR, "rule" VARCHAR, "dimension" VARCHAR, "expected" VARCHAR, "value" VARCHAR)[]';

/**
 * SQL of REASONS_TYPE, from reasons as they are staged: as JSON text, since nearly all rows have none, and to write no
 * list of structs five columns deep for each of them is a seventh of Validate.
 */
export const unpackReasons = (packed: string): string =>
  `CASE WHEN ${packed} IS NOT NULL THEN CAST(from_json(${packed}, ${literal(REASONS_SHAPE)}) AS ${REASONS_TYPE}) END`;

const REASONS_SHAPE = JSON.stringify([
  { column: 'VARCHAR', rule: 'VARCHAR', dimension: 'VARCHAR', expected: 'VARCHAR', value: 'VARCHAR' },
]);

/** How much of an offending value a reason shows, in characters. */
const SHOWN = 200;

const checksOf = ({ column, present, nested, doubled }: CheckedColumn): Check[] => {
  const { name, logicalType, silverType, format } = column;
  const check = (rule: string, broken: string, expected: string, value?: string): Check => ({
    column: name,
    rule,
    dimension: rule === 'required' ? 'completeness' : 'conformity',
    broken,
    expected,
    ...(value !== undefined && { value }),
  });
  const shown = `left(CAST(${present} AS VARCHAR), ${SHOWN})`;
  const absent = nested === undefined ? `${present} IS NULL` : `${present} IS NULL AND NOT ${nested}`;
  return [
    ...(column.required ? [check('required', absent, 'a value')] : []),
    ...(nested === undefined ? [] : [check('nested', nested, `a single ${logicalType}`)]),
    ...(doubled === undefined
      ? []
      : [check('columns', doubled, 'one value, not several spellings of a key')]),
    check(
      'type',
      `${present} IS NOT NULL AND ${ident(name)} IS NULL`,
      format === undefined ? `${logicalType} (${silverType})` : `${logicalType} as ${format}`,
      shown,
    ),
    ...limitRules(column).map(({ rule, broken, expected }) => check(rule, broken, expected, shown)),
  ];
};

/** SQL of one reason as JSON text. */
const packed = ({ column, rule, dimension, expected, value }: Reason): string => {
  const stated = JSON.stringify({ column, rule, dimension, expected }).slice(0, -1);
  const shown = value === undefined ? "'null'" : `coalesce(CAST(to_json(${value}) AS VARCHAR), 'null')`;
  return `${literal(`${stated},"value":`)} || ${shown} || '}'`;
};

/** SQL that tells, over a layer with all checked columns, whether a row is accepted, and if not, why. */
export interface RowVerdict {
  /** True for a row that breaks nothing. */
  ok: string;
  /** Every reason, as the JSON text that `unpackReasons` reads; only meant for rows that are not ok. */
  reasons: string;
}

/**
 * @param columns the contract's columns as the layer holds them
 * @param shapeBroken SQL that is true for a record that is no object at all; such a row has that one reason
 */
export const rowVerdict = (columns: readonly CheckedColumn[], shapeBroken?: string): RowVerdict => {
  const checks = columns.flatMap(checksOf);
  const broken = (check: Check): string => `coalesce(${check.broken}, false)`;
  // Text from the beginning: to go by way of a list of structs costs Validate a twentieth, of many columns a tenth.
  const rowReasons = `'[' || concat_ws(',', ${checks.map((check) => `CASE WHEN ${broken(check)} THEN ${packed(check)} END`).join(',\n')}) || ']'`;
  const none = checks.map(broken).join('\n OR ');
  if (shapeBroken === undefined) return { ok: `NOT (${none})`, reasons: rowReasons };
  const shapeReason = packed({
    column: null,
    rule: 'object',
    dimension: 'conformity',
    expected: 'a JSON object',
  });
  return {
    ok: `NOT ${shapeBroken} AND NOT (${none})`,
    reasons: `CASE WHEN ${shapeBroken} THEN '[' || ${shapeReason} || ']' ELSE ${rowReasons} END`,
  };
};
