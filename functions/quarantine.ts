import path from 'node:path';
import { literal } from '../shared/duckdb/sql.ts';
import type { Db } from '../shared/duckdb/with-duckdb.ts';
import { lakePaths } from '../shared/lake.ts';
import type { Measure } from '../shared/quality/score.ts';
import { QUARANTINE_COLUMNS } from '../shared/quarantine/quarantine-table.ts';
import { type RefusedColumn, type Report, summarise } from '../shared/quarantine/summary.ts';
import { identify, type RunIdentity } from '../shared/steps/identity.ts';
import { lambdaHandler } from '../shared/steps/lambda.ts';
import { QuarantineInput } from '../shared/steps/payload.ts';
import { runRecord, writeRunRecord } from '../shared/steps/run-record.ts';
import { step } from '../shared/steps/step.ts';
import { REASONS_TYPE } from '../shared/validation/row-check.ts';

/**
 * Keeps what was refused, with the reasons: the whole file when Validate could not read it or the quality gate
 * closed, and then writes the run record; single rows when the rest of the file was loaded. Everything goes under
 * keys of the run's own, so that a repetition writes the same again.
 */
export const quarantine = step('Quarantine', QuarantineInput, async (input, tools) => {
  const { lake, scratch } = tools;
  const run = input.validate?.run ?? identify(input);
  const scope = input.load === undefined ? 'file' : 'rows';
  const error = input.error === undefined ? undefined : readError(input.error);
  const reason =
    error?.message ?? (scope === 'file' ? input.quality?.reason : undefined) ?? 'Rows break the contract.';
  const staged = input.validate?.staged.rejected;
  const rejected =
    staged === undefined ? undefined : await lake.silver.localPath(staged, path.join(scratch, 'silver'));

  const file = path.join(scratch, 'quarantine.parquet');
  const { refused, rows } = await tools.duckDb(async (db) => {
    const written = await db.one<{ Count: number }>(
      `COPY (${recordsSql(run, scope, rejected, { rule: error?.name ?? 'quality', message: reason })}) TO ${literal(file)} (FORMAT parquet, COMPRESSION zstd)`,
    );
    return { refused: await countReasons(db, rejected), rows: written.Count };
  });
  const records = lakePaths.quarantinedRows(run.dataset, run.run_id);
  await lake.quarantine.upload(file, records);

  const document: Report = {
    run,
    scope,
    reason,
    refused,
    ...(error === undefined ? {} : { error }),
    ...(input.validate === undefined ? {} : { rows: input.validate.rows }),
    ...(input.quality === undefined ? {} : { score: input.quality.score, scores: input.quality.scores }),
    ...(await measuresOf(input.quality?.report, async (key) => await lake.silver.read(key))),
  };
  const report = lakePaths.quarantineReport(run.dataset, run.run_id);
  const summary = lakePaths.quarantineSummary(run.dataset, run.run_id);
  await lake.quarantine.write(report, JSON.stringify(document, null, 2));
  await lake.quarantine.write(summary, summarise(document));
  if (scope === 'file') await recordRun();
  return { scope, rows, records, report, summary };

  async function recordRun(): Promise<void> {
    const read = input.validate?.rows.read ?? 0;
    const record = runRecord(
      run,
      tools.execution,
      {
        source_bytes: input.validate?.source_bytes ?? input.detail.object.size ?? 0,
        contract_version: input.validate?.contract_version ?? null,
        status: 'quarantined',
        verdict: error === undefined ? 'fail' : 'error',
        score: input.quality?.score ?? null,
        scores: input.quality?.scores ?? {},
        reason,
        error: error?.name ?? null,
        rows_read: read,
        rows_accepted: 0,
        rows_rejected: read,
        rows_duplicate: 0,
        rows_filtered: 0,
        rows_silver: 0,
      },
      [input.validate?.usage, input.quality?.usage, tools.usage()],
    );
    await writeRunRecord(lake, record);
  }
});

export const handler = lambdaHandler('Quarantine', quarantine);

/** Lambda reports an error's message inside a JSON text; other services report plain text. */
const readError = ({
  Error: name,
  Cause,
}: {
  Error: string;
  Cause: string;
}): { name: string; message: string } => {
  try {
    const { errorMessage } = JSON.parse(Cause) as { errorMessage?: unknown };
    return { name, message: typeof errorMessage === 'string' ? errorMessage : Cause };
  } catch {
    return { name, message: Cause };
  }
};

const recordsSql = (
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

const countReasons = async (db: Db, rejected: string | undefined): Promise<RefusedColumn[]> =>
  rejected === undefined
    ? []
    : await db.all<{ column: string | null; rule: string; rows: number }>(`
        SELECT reason.column AS "column", reason.rule AS rule, count(*) AS rows
        FROM (SELECT unnest(reasons) AS reason FROM read_parquet(${literal(rejected)}))
        GROUP BY ALL ORDER BY rows DESC, "column", rule`);

const measuresOf = async (
  key: string | undefined,
  read: (key: string) => Promise<Buffer | undefined>,
): Promise<{ measures?: Measure[] }> => {
  const body = key === undefined ? undefined : await read(key);
  if (body === undefined) return {};
  return { measures: (JSON.parse(body.toString('utf8')) as { measures: Measure[] }).measures };
};
