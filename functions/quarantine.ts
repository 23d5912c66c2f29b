import path from 'node:path';
import { literal } from '../shared/engine/sql.ts';
import { lakePaths } from '../shared/lake/paths.ts';
import { QuarantineInput } from '../shared/run/payload.ts';
import { identify } from '../shared/run/run-identity.ts';
import { runRecord, writeRunRecord } from '../shared/run/run-record.ts';
import { readError } from '../shared/run/state-error.ts';
import { lambdaHandler } from '../shared/runtime/handler.ts';
import { step } from '../shared/runtime/step.ts';
import type { Measure } from '../shared/stages/quality-score/score.ts';
import { countReasons, rejectedRecordsSql } from '../shared/stages/quarantine/rejected-records.ts';
import { type Report, summarise } from '../shared/stages/quarantine/summary.ts';

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
      `COPY (${rejectedRecordsSql(run, scope, rejected, { rule: error?.name ?? 'quality', message: reason })}) TO ${literal(file)} (FORMAT parquet, COMPRESSION zstd)`,
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
    ...(error !== undefined && { error }),
    ...(input.validate !== undefined && { rows: input.validate.rows }),
    ...(input.quality !== undefined && { score: input.quality.score, scores: input.quality.scores }),
    ...(await measuresOf(input.quality?.report, async (key) => await lake.silver.read(key))),
  };
  const report = lakePaths.quarantineReport(run.dataset, run.run_id);
  const summary = lakePaths.quarantineSummary(run.dataset, run.run_id);
  await lake.quarantine.write(report, JSON.stringify(document, null, 2));
  await lake.quarantine.write(summary, summarise(document));
  const recordRun = async (): Promise<void> => {
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
        strategies: input.quality?.strategies ?? {},
      },
      [input.validate?.usage, input.quality?.usage, tools.usage()],
    );
    await writeRunRecord(lake, record);
  };
  if (scope === 'file') await recordRun();
  return { scope, rows, records, report, summary };
});

export const handler = lambdaHandler('Quarantine', quarantine);

const measuresOf = async (
  key: string | undefined,
  read: (key: string) => Promise<Buffer | undefined>,
): Promise<{ measures?: Measure[] }> => {
  const body = key === undefined ? undefined : await read(key);
  if (body === undefined) return {};
  return { measures: (JSON.parse(body.toString('utf8')) as { measures: Measure[] }).measures };
};
