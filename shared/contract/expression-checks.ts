import { ident } from '../engine/sql.ts';
import { BY_SILVER_SQL } from './column.ts';
import type { Check } from './duckdb-checks.ts';
import type { Column, Contract, QualityRule } from './model.ts';
import type { Place } from './problems.ts';
import { checkSourceNames, readsSource, SOURCE, type SourceFile, sourceStruct } from './source-relation.ts';

/** Stands for any file: only the types of its columns matter. */
const NO_FILE: SourceFile = { key: '', uploaded_at: '1970-01-01T00:00:00Z' };

/** SQL of a relation without rows that has the columns with their types. */
const emptyRows = (columns: readonly Column[]): string => {
  const typed = columns.map((column) => `NULL::${column.silverType} AS ${ident(column.name)}`);
  return `SELECT ${typed.join(', ')} WHERE false`;
};

/** Checks that a derived column can be computed from a row that `silver.sql` returns. */
export const expressionCheck = (
  column: Column,
  columns: readonly Column[],
  { silverSql, keyPattern }: Pick<Contract, 'silverSql' | 'keyPattern'>,
  place: Place,
): Check[] => {
  const logic = column.derivedFrom;
  if (logic === undefined) return [];
  if (logic === BY_SILVER_SQL) {
    if (silverSql === undefined)
      place.say('silver.sql is missing: add it to the folder, or write an expression here');
    return [];
  }
  const hasSource = readsSource(columns);
  if (hasSource) checkSourceNames(logic, keyPattern, place);
  const source = hasSource ? `, ${sourceStruct(NO_FILE, keyPattern)} AS ${SOURCE}` : '';
  const usable = columns.filter((other) => [undefined, BY_SILVER_SQL].includes(other.derivedFrom));
  return [
    {
      place,
      sql: `SELECT count(*) = 0 FROM (SELECT CAST((\n${logic}\n) AS ${column.silverType}) FROM (SELECT *${source} FROM (${emptyRows(usable)})))`,
      expected: 'an expression over one row and `source`, which may not use other derived columns',
      found: logic,
    },
  ];
};

/** Checks that a rule's query runs over the columns that are read from the source. */
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

/** The query of an `sql` rule with its placeholders filled in. */
export const fillQuery = (rule: QualityRule, relation: string): string =>
  rule.check.kind !== 'sql'
    ? ''
    : rule.check.query
        .replaceAll(/\$\{(?:table|object)\}/g, () => relation)
        .replaceAll(/\$\{(?:column|property)\}/g, () => ident(rule.column ?? ''))
        .replace(/;\s*$/, '');
