import { fillQuery } from '../../contract/expression-checks.ts';
import type { Column, Contract, QualityRule } from '../../contract/model.ts';
import { countDuplicates } from '../../engine/duplicates.ts';
import { failureReason } from '../../engine/failure-reason.ts';
import { ident, literal, literalList } from '../../engine/sql.ts';
import type { Strategy } from '../../engine/strategy.ts';
import { isNumber } from '../../engine/type-names.ts';
import type { Db } from '../../engine/with-duckdb.ts';
import { DuckstepError, RuleNotEvaluable } from '../../errors.ts';
import { isNoneOf, mismatches } from '../validate/limit-rules.ts';
import type { MeasuredFile } from './measured-file.ts';
import type { Measure } from './report.ts';
import { holds, share } from './score.ts';

/**
 * Measures one rule that a contract states.
 *
 * @throws RuleNotEvaluable when its query fails, or does not return one number
 */
export const measureRule = async (
  db: Db,
  contract: Contract,
  file: MeasuredFile,
  rule: QualityRule,
): Promise<Measure> => {
  const { id, column, dimension, severity, operator, unit, check } = rule;
  const { value, strategy } = await evaluate(db, contract, file, rule).catch((error: unknown) => {
    // OutOfMemory, for example: the rule itself is right.
    if (error instanceof DuckstepError) throw error;
    const reason = error instanceof RangeError ? error.message : failureReason(error);
    throw new RuleNotEvaluable(
      `Rule "${id}" of ${contract.file} cannot be evaluated: ${reason}. Fix the rule, deploy, and redrive.`,
      { cause: error },
    );
  });
  const aboutRows = check.kind !== 'rowCount' && check.kind !== 'sql';
  const measured = aboutRows && unit === 'percent' ? (value * 100) / Math.max(1, file.rowsRead) : value;
  const passed = holds(operator, measured);
  return {
    rule: id,
    ...(column !== undefined && { column }),
    dimension,
    severity,
    threshold: `${operator.op} ${[operator.value].flat().join(' and ')} ${unit}`,
    measured,
    ...(aboutRows && { rows_failing: value }),
    ...(strategy !== undefined && { strategy }),
    passed,
    // Failing rows within the rule's tolerance do not lower its share.
    share: passed ? 1 : aboutRows ? share(value, file.rowsRead) : 0,
  };
};

/** The number of failing rows; for `rowCount` and `sql` the number itself. */
const evaluate = async (
  db: Db,
  contract: Contract,
  file: MeasuredFile,
  rule: QualityRule,
): Promise<{ value: number; strategy?: Strategy }> => {
  const { check } = rule;
  if (check.kind === 'rowCount') return { value: file.rowsRead };
  if (check.kind === 'sql') return { value: await numberOf(db, fillQuery(rule, file.table)) };
  if (check.kind === 'duplicateValues') {
    const { rows: value, strategy } = await countDuplicates(db, file.records, check.columns);
    return { value, strategy };
  }
  const column = contract.columns.find(({ name }) => name === rule.column);
  if (column === undefined) throw new RangeError(`there is no column "${rule.column ?? ''}"`);
  const { failing } = await db.one<{ failing: number }>(
    `SELECT count(*) AS failing FROM ${file.records} WHERE ${failsIn(column, check)}`,
  );
  return { value: failing };
};

/** SQL condition: the row fails a check of one column. */
const failsIn = (
  column: Column,
  check: Extract<QualityRule['check'], { kind: 'nullValues' | 'missingValues' | 'invalidValues' }>,
): string => {
  const value = ident(column.name);
  // A value that does not fit its type is NULL in the records, but counts as invalid, not as absent.
  const misfit = `len(list_filter(coalesce(_reasons, []), lambda _reason: _reason.column = ${literal(column.name)} AND _reason.rule IN ('type', 'nested'))) > 0`;
  const absent = `(${value} IS NULL AND NOT ${misfit})`;
  switch (check.kind) {
    case 'nullValues':
      return absent;
    case 'missingValues':
      return `${absent} OR coalesce(list_contains(${literalList(check.values)}, trim(CAST(${value} AS VARCHAR))), false)`;
    case 'invalidValues': {
      const { allowed, pattern } = check;
      const broken = [
        ...(allowed === undefined ? [] : [isNoneOf(column, allowed)]),
        ...(pattern === undefined ? [] : [mismatches(column, pattern)]),
      ];
      return `${misfit} OR (${value} IS NOT NULL AND (${broken.join(' OR ') || 'false'}))`;
    }
  }
};

/** The one number that a query returns. Anything else throws, because comparing it would pass or fail by accident. */
const numberOf = async (db: Db, query: string): Promise<number> => {
  const columns = await db.describe(query);
  const [column] = columns;
  if (column === undefined || columns.length > 1)
    throw new RangeError(`the query must give one number; it gives ${columns.length} columns`);
  if (!isNumber(column.type) && column.type !== 'BOOLEAN')
    throw new RangeError(`the query must give one number; it gives a value of type ${column.type}`);
  const rows = await db.all<{ number: unknown }>(
    `SELECT CAST(number AS DOUBLE) AS number FROM (\n${query}\n) AS result(number)`,
  );
  const number = rows[0]?.number;
  if (rows.length !== 1) throw new RangeError(`the query must give one number; it gives ${rows.length} rows`);
  if (typeof number !== 'number' || !Number.isFinite(number))
    throw new RangeError('the query must give one number; it gives NULL, or none that is finite');
  return number;
};
