import { literal } from '../../engine/sql.ts';
import type { Db } from '../../engine/with-duckdb.ts';
import type { RunIdentity } from '../../run/run-identity.ts';
import { REASONS_TYPE } from '../validate/row-check.ts';
import { QUARANTINE_COLUMNS } from './quarantine-table.ts';

export interface Rejected {
  /** `file`: the file as a whole is rejected, and gets a row of its own. */
  scope: 'file' | 'rows';
  /** The reason that the file's own row gets. */
  reason: { rule: string; message: string };
  /** Local Parquet of the rejected records; undefined when no record was rejected. */
  records: string | undefined;
}

/** SELECT of QUARANTINE_COLUMNS: a row for the file if it is rejected as a whole, and one per rejected record. */
const rejectedRecordsSql = (run: RunIdentity, { scope, reason, records }: Rejected): string => {
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
            reasons: `CAST([{'column': NULL, 'rule': ${literal(reason.rule)}, 'dimension': NULL, 'expected': ${literal(reason.message)}, 'value': NULL}] AS ${REASONS_TYPE})`,
          })}`,
        ]
      : []),
    ...(records === undefined
      ? []
      : [
          `SELECT ${select({ scope: `'row'`, line: 'line', raw: 'raw', reasons: 'reasons' })} FROM read_parquet(${literal(records)})`,
        ]),
  ];
  return parts.join(' UNION ALL ');
};

/** Writes the rejected records as Parquet to a local file; returns how many rows it has. */
export const writeRejectedRecords = async (
  db: Db,
  run: RunIdentity,
  rejected: Rejected,
  file: string,
): Promise<number> => {
  const { Count } = await db.one<{ Count: number }>(
    `COPY (${rejectedRecordsSql(run, rejected)}) TO ${literal(file)} (FORMAT parquet, COMPRESSION zstd)`,
  );
  return Count;
};
