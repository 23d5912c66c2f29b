import { ident } from '../engine/sql.ts';
import { BY_SILVER_SQL } from './column.ts';
import type { Check } from './duckdb-checks.ts';
import type { Column, QualityRule } from './model.ts';
import type { Place } from './problems.ts';

/** A relation of no rows with the columns' types. */
const emptyRows = (columns: readonly Column[]): string => {
  const typed = columns.map((column) => `NULL::${column.silverType} AS ${ident(column.name)}`);
  return `SELECT ${typed.join(', ')} WHERE false`;
};

/** Whether a derived column's expression can be computed from a row as `silver.sql` leaves it. */
export const expressionCheck = (
  column: Column,
  columns: readonly Column[],
  silverSql: string | undefined,
  place: Place,
): Check[] => {
  const logic = column.derivedFrom;
  if (logic === undefined) return [];
  if (logic === BY_SILVER_SQL) {
    if (silverSql === undefined)
      place.say('silver.sql is missing: add it to the folder, or write an expression here');
    return [];
  }
  const given = columns.filter((other) => [undefined, BY_SILVER_SQL].includes(other.derivedFrom));
  return [
    {
      place,
      sql: `SELECT count(*) = 0 FROM (SELECT CAST((\n${logic}\n) AS ${column.silverType}) FROM (${emptyRows(given)}))`,
      expected: 'an expression over one row, which may not use other derived columns',
      found: logic,
    },
  ];
};

/** Whether a rule's query can run over the rows that the source brings. */
export const queryCheck = (rule: QualityRule, columns: readonly Column[], place: Place): Check[] => {
  if (rule.check.kind !== 'sql') return [];
  const source = columns.filter((column) => column.derivedFrom === undefined);
  return [
    {
      place,
      sql: `WITH __rows AS (${emptyRows(source)}) SELECT count(*) <= 1 FROM (\n${fillQuery(rule, '__rows')}\n)`,
      expected: `a SELECT of one value over \${table}`,
      found: rule.check.query,
    },
  ];
};

/** A rule's query with its placeholders filled in. */
export const fillQuery = (rule: QualityRule, relation: string): string =>
  rule.check.kind !== 'sql'
    ? ''
    : rule.check.query
        .replaceAll(/\$\{(?:table|object)\}/g, () => relation)
        .replaceAll(/\$\{(?:column|property)\}/g, () => ident(rule.column ?? ''))
        .replace(/;\s*$/, '');
