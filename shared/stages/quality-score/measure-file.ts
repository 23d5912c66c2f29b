import type { Contract, Dimension } from '../../contract/model.ts';
import { countDuplicates } from '../../engine/duplicates.ts';
import { ident } from '../../engine/sql.ts';
import type { Db } from '../../engine/with-duckdb.ts';
import { measureRule } from './measure-rule.ts';
import type { MeasuredFile } from './measured-file.ts';
import type { Measure } from './report.ts';
import { share } from './score.ts';

/**
 * Measures every rule of a contract over all rows read: rules that its schema implies (types and limits, required,
 * unique and key columns, freshness) and rules that it states.
 *
 * @throws RuleNotEvaluable when a rule cannot be evaluated, so that none passes by accident
 */
export const measureFile = async (db: Db, contract: Contract, file: MeasuredFile): Promise<Measure[]> => {
  const measures = [
    ...(await rowMeasures(db, contract, file)),
    ...(await uniquenessMeasures(db, contract, file)),
    ...(await freshnessMeasures(db, contract, file)),
  ];
  for (const rule of contract.rules) measures.push(await measureRule(db, contract, file, rule));
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

/**
 * Measures of the rules that Validate checked row by row: one per dimension over the union of its failing rows, and one
 * per column and rule that failed, so that the report shows the place.
 */
const rowMeasures = async (db: Db, contract: Contract, file: MeasuredFile): Promise<Measure[]> => {
  const { conformity, completeness } = await db.one<{ conformity: number; completeness: number }>(`
    SELECT count(*) FILTER (list_contains(dimensions, 'conformity')) AS conformity,
      count(*) FILTER (list_contains(dimensions, 'completeness')) AS completeness
    FROM (SELECT list_transform(_reasons, lambda _reason: _reason.dimension) AS dimensions
      FROM ${file.records} WHERE _reasons IS NOT NULL)`);
  const details = await db.all<{
    column: string | null;
    rule: string;
    dimension: Dimension;
    failing: number;
  }>(`
    SELECT reason.column AS "column", reason.rule AS rule, reason.dimension AS dimension, count(*) AS failing
    FROM (SELECT unnest(_reasons) AS reason FROM ${file.records} WHERE _reasons IS NOT NULL)
    GROUP BY ALL ORDER BY ALL`);
  const { rowsRead, malformed } = file;
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
      ...(detail.column !== null && { column: detail.column }),
    })),
  ];
};

const uniquenessMeasures = async (db: Db, contract: Contract, file: MeasuredFile): Promise<Measure[]> => {
  const source = new Set(
    contract.columns.filter((column) => column.derivedFrom === undefined).map(({ name }) => name),
  );
  const keys = [
    { rule: 'schema.primaryKey', columns: contract.primaryKey },
    ...contract.columns
      .filter(({ unique }) => unique)
      .map(({ name }) => ({ rule: `${name}.unique`, columns: [name] })),
    // A key that Transform computes is not in the records; Transform counts its duplicates.
  ].filter(({ columns }) => columns.length > 0 && columns.every((name) => source.has(name)));
  const measures: Measure[] = [];
  for (const { rule, columns } of keys) {
    const { rows: failing, strategy } = await countDuplicates(db, file.records, columns);
    measures.push({
      ...implied(
        rule,
        'uniqueness',
        `no two rows with the same ${columns.join(', ')}`,
        failing,
        file.rowsRead,
      ),
      ...(columns.length === 1 && columns[0] !== undefined && { column: columns[0] }),
      strategy,
    });
  }
  return measures;
};

const freshnessMeasures = async (db: Db, contract: Contract, file: MeasuredFile): Promise<Measure[]> => {
  if (contract.freshness === undefined) return [];
  const { column, maxAgeSeconds } = contract.freshness;
  // Values in the future are ignored, because they are typing errors; one day ahead can be today in another time zone.
  const { age } = await db.one<{ age: number | null }>(
    `SELECT epoch(CAST($1 AS TIMESTAMPTZ)) - epoch(max(moment)) AS age
     FROM (SELECT CAST(${ident(column)} AS TIMESTAMP) AS moment FROM ${file.records})
     WHERE moment <= CAST(CAST($1 AS TIMESTAMPTZ) AS TIMESTAMP) + INTERVAL 1 DAY`,
    [file.uploadedAt],
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
