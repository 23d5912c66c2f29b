import { literal } from '../../engine/sql.ts';
import type { Db } from '../../engine/with-duckdb.ts';
import type { RunIdentity } from '../../run/run-identity.ts';
import { REASONS_TYPE } from '../validate/row-check.ts';
import { QUARANTINE_COLUMNS } from './quarantine-table.ts';
import type { RejectedColumn } from './summary.ts';

/**
 * SELECT of QUARANTINE_COLUMNS: a row for the whole file where that is what is refused, and one per refused record.
 *
 * @param rejected local Parquet of the refused records, where there are any
 */
export const rejectedRecordsSql = (
  run: RunIdentity,
  scope: 'file' | 'rows',
  rejected: string | undefined,
  file: { rule: string; message: string },
): string => {
  const constants: Record<string, string> = {
    run_id: literal(run.run_id),
    dataset: literal(run.dataset),
    source_bucket: literal(run.bucket),
    source_key: literal(run.key),
    source_version: run.version_id === undefined ? 'NULL' : literal(run.version_id),
    uploaded_at: literal(run.uploaded_at.replace(/Z$/, '')),
  };
  const select = (own: Record<string, string>): string =>
    QUARANTINE_COLUMNS.map(
      ({ name, type }) => `CAST(${own[name] ?? constants[name]} AS ${type}) AS ${name}`,
    ).join(', ');
  const parts = [
    ...(scope === 'file'
      ? [
          `SELECT ${select({
            scope: `'file'`,
            line: 'NULL',
            raw: 'NULL',
            reasons: `CAST([{'column': NULL, 'rule': ${literal(file.rule)}, 'dimension': NULL, 'expected': ${literal(file.message)}, 'value': NULL}] AS ${REASONS_TYPE})`,
          })}`,
        ]
      : []),
    ...(rejected === undefined
      ? []
      : [
          `SELECT ${select({ scope: `'row'`, line: 'line', raw: 'raw', reasons: 'reasons' })} FROM read_parquet(${literal(rejected)})`,
        ]),
  ];
  return parts.join(' UNION ALL ');
};

/** How many records each column's rules refused, the most first. */
export const countReasons = async (db: Db, rejected: string | undefined): Promise<RejectedColumn[]> =>
  rejected === undefined
    ? []
    : await db.all<{ column: string | null; rule: string; rows: number }>(`
        SELECT reason.column AS "column", reason.rule AS rule, count(*) AS rows
        FROM (SELECT unnest(reasons) AS reason FROM read_parquet(${literal(rejected)}))
        GROUP BY ALL ORDER BY rows DESC, "column", rule`);
