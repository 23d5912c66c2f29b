import { fillQuery } from '../contract/expression-checks.ts';
import type { Contract, Dimension, QualityRule } from '../contract/model.ts';
import { ident, identList, literal, literalList } from '../duckdb/sql.ts';
import type { Db } from '../duckdb/with-duckdb.ts';
import { RuleNotEvaluable } from '../errors.ts';
import { holds, type Measure } from './score.ts';

/** Where the measures are taken: views in DuckDB that the caller made. */
export interface Subject {
  /** View of every parsed record, typed, with `_reasons`. */
  records: string;
  /** View that SQL rules see as `${table}`: the parsed records under the contract's column names only. */
  table: string;
  /** All rows read, those that could not even be parsed included. */
  rowsRead: number;
  /** Rows that could not be parsed. */
  malformed: number;
  /** ISO 8601; freshness is judged at the moment of upload, so that a redrive comes to the same result. */
  uploadedAt: string;
}

/**
 * Measures every rule of a contract, over all rows read: those its schema implies (types and limits, required,
 * unique and key columns, freshness) and those it states.
 *
 * @throws RuleNotEvaluable when a rule cannot be evaluated; there is no pass by accident
 */
export const measure = async (db: Db, contract: Contract, subject: Subject): Promise<Measure[]> => {
  const measures = [
    ...(await rowMeasures(db, contract, subject)),
    ...(await uniquenessMeasures(db, contract, subject)),
    ...(await freshnessMeasures(db, contract, subject)),
  ];
  for (const rule of contract.rules) measures.push(await explicitMeasure(db, contract, subject, rule));
  return measures;
};

const implied = (
  rule: string,
  dimension: Dimension,
  threshold: string,
  failing: number,
  rows: number,
): Measure => ({
  rule,
  dimension,
  severity: 'error',
  threshold,
  measured: failing,
  rows_failing: failing,
  passed: failing === 0,
  share: share(failing, rows),
});

const share = (failing: number, rows: number): number => Math.max(0, 1 - failing / Math.max(1, rows));

/**
 * What Validate found row by row: one measure per dimension over the union of its failing rows, and one per
 * column and rule that failed, so that the report says where.
 */
const rowMeasures = async (db: Db, contract: Contract, subject: Subject): Promise<Measure[]> => {
  const { conformity, completeness } = await db.one<{ conformity: number; completeness: number }>(`
    SELECT count(*) FILTER (list_contains(dimensions, 'conformity')) AS conformity,
      count(*) FILTER (list_contains(dimensions, 'completeness')) AS completeness
    FROM (SELECT list_transform(_reasons, lambda reason: reason.dimension) AS dimensions
      FROM ${subject.records} WHERE _reasons IS NOT NULL)`);
  const details = await db.all<{
    column: string | null;
    rule: string;
    dimension: Dimension;
    failing: number;
  }>(`
    SELECT reason.column AS "column", reason.rule AS rule, reason.dimension AS dimension, count(*) AS failing
    FROM (SELECT unnest(_reasons) AS reason FROM ${subject.records} WHERE _reasons IS NOT NULL)
    GROUP BY ALL ORDER BY ALL`);
  const { rowsRead, malformed } = subject;
  const hasRequired = contract.columns.some((column) => column.required);
  return [
    implied(
      'schema.conformity',
      'conformity',
      'every value fits its type and limits',
      conformity + malformed,
      rowsRead,
    ),
    ...(hasRequired
      ? [implied('schema.required', 'completeness', 'every required value is there', completeness, rowsRead)]
      : []),
    ...details.map((detail) => ({
      ...implied(
        [detail.column, detail.rule].filter((part) => part !== null).join('.'),
        detail.dimension,
        'no row failing',
        detail.failing,
        rowsRead,
      ),
      ...(detail.column === null ? {} : { column: detail.column }),
    })),
  ];
};

const uniquenessMeasures = async (db: Db, contract: Contract, subject: Subject): Promise<Measure[]> => {
  const source = new Set(
    contract.columns.filter((column) => column.derivedFrom === undefined).map(({ name }) => name),
  );
  const keys = [
    { rule: 'schema.primaryKey', columns: contract.primaryKey },
    ...contract.columns
      .filter(({ unique }) => unique)
      .map(({ name }) => ({ rule: `${name}.unique`, columns: [name] })),
    // A key that Transform computes cannot be measured on what was read; Transform counts its duplicates.
  ].filter(({ columns }) => columns.length > 0 && columns.every((name) => source.has(name)));
  const measures: Measure[] = [];
  for (const { rule, columns } of keys) {
    const failing = await countDuplicates(db, subject.records, columns);
    measures.push({
      ...implied(
        rule,
        'uniqueness',
        `no two rows with the same ${columns.join(', ')}`,
        failing,
        subject.rowsRead,
      ),
      ...(columns.length === 1 && columns[0] !== undefined ? { column: columns[0] } : {}),
    });
  }
  return measures;
};

/** Rows beyond the first of their value; rows with a NULL in any column are no duplicates of each other. */
const countDuplicates = async (db: Db, view: string, columns: readonly string[]): Promise<number> => {
  const present = columns.map((name) => `${ident(name)} IS NOT NULL`).join(' AND ');
  const row = await db.one<{ failing: number }>(`
    SELECT coalesce(sum(rows - 1), 0)::BIGINT AS failing
    FROM (SELECT count(*) AS rows FROM ${view} WHERE ${present} GROUP BY ${identList(columns)} HAVING count(*) > 1)`);
  return row.failing;
};

const freshnessMeasures = async (db: Db, contract: Contract, subject: Subject): Promise<Measure[]> => {
  if (contract.freshness === undefined) return [];
  const { column, maxAgeSeconds } = contract.freshness;
  const { age } = await db.one<{ age: number | null }>(
    `SELECT epoch(CAST($1 AS TIMESTAMPTZ)) - epoch(max(CAST(${ident(column)} AS TIMESTAMP))) AS age FROM ${subject.records}`,
    [subject.uploadedAt],
  );
  const passed = age !== null && age <= maxAgeSeconds;
  return [
    {
      rule: 'sla.freshness',
      column,
      dimension: 'timeliness',
      severity: 'error',
      threshold: `newest ${column} at most ${maxAgeSeconds} s before the upload`,
      measured: age ?? Number.MAX_SAFE_INTEGER,
      passed,
      share: passed ? 1 : 0,
    },
  ];
};

const explicitMeasure = async (
  db: Db,
  contract: Contract,
  subject: Subject,
  rule: QualityRule,
): Promise<Measure> => {
  const value = await evaluate(db, subject, rule).catch((error: unknown) => {
    throw new RuleNotEvaluable(
      `Rule "${rule.id}" of ${contract.file} cannot be evaluated: ${error instanceof Error ? error.message.split('\n')[0] : String(error)} Mend the rule, deploy, and redrive.`,
      { cause: error },
    );
  });
  const aboutRows = rule.check.kind !== 'rowCount' && rule.check.kind !== 'sql';
  const measured =
    aboutRows && rule.unit === 'percent' ? (value / Math.max(1, subject.rowsRead)) * 100 : value;
  const passed = holds(rule.operator, measured);
  return {
    rule: rule.id,
    ...(rule.column === undefined ? {} : { column: rule.column }),
    dimension: rule.dimension,
    severity: rule.severity,
    threshold: `${rule.operator.op} ${[rule.operator.value].flat().join(' and ')} ${rule.unit}`,
    measured,
    ...(aboutRows ? { rows_failing: value } : {}),
    passed,
    // A tolerated number of failing rows is no fault: within its tolerance a rule contributes fully.
    share: passed ? 1 : aboutRows ? share(value, subject.rowsRead) : 0,
  };
};

/** Rows failing, or for `rowCount` and `sql` the number itself. */
const evaluate = async (db: Db, subject: Subject, rule: QualityRule): Promise<number> => {
  const { check } = rule;
  const column = ident(rule.column ?? '');
  const text = `CAST(${column} AS VARCHAR)`;
  // A value that did not fit its type is NULL in the records, yet it was there, and invalid.
  const misfit = `len(list_filter(coalesce(_reasons, []), lambda reason: reason.column = ${literal(rule.column ?? '')} AND reason.rule IN ('type', 'nested'))) > 0`;
  const count = async (condition: string): Promise<number> =>
    (await db.one<{ n: number }>(`SELECT count(*) AS n FROM ${subject.records} WHERE ${condition}`)).n;
  switch (check.kind) {
    case 'rowCount':
      return subject.rowsRead;
    case 'nullValues':
      return await count(`${column} IS NULL AND NOT ${misfit}`);
    case 'missingValues':
      return await count(
        `(${column} IS NULL AND NOT ${misfit}) OR coalesce(list_contains(${literalList(check.values)}, trim(${text})), false)`,
      );
    case 'invalidValues': {
      const invalid = [
        ...(check.allowed === undefined ? [] : [`NOT list_contains(${literalList(check.allowed)}, ${text})`]),
        ...(check.pattern === undefined ? [] : [`NOT regexp_matches(${text}, ${literal(check.pattern)})`]),
      ];
      return await count(`${misfit} OR (${column} IS NOT NULL AND (${invalid.join(' OR ') || 'false'}))`);
    }
    case 'duplicateValues':
      return await countDuplicates(db, subject.records, check.columns);
    case 'sql':
      return await sqlNumber(db, subject, rule);
  }
};

const sqlNumber = async (db: Db, subject: Subject, rule: QualityRule): Promise<number> => {
  const rows = await db.all(fillQuery(rule, subject.table));
  const values = rows.flatMap((row) => Object.values(row));
  const [value] = values;
  const number =
    typeof value === 'object' || value === undefined || value === '' ? Number.NaN : Number(value);
  if (values.length !== 1 || !Number.isFinite(number))
    throw new RangeError(`the query must give one number; it gave ${values.length} values.`);
  return number;
};
