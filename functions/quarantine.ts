import path from 'node:path';
import { lakePaths } from '../shared/lake/paths.ts';
import type { ObjectStore } from '../shared/lake/storage/object-store.ts';
import { quarantinedRecord } from '../shared/run/build-run-record.ts';
import { QuarantineInput } from '../shared/run/payload.ts';
import { readRefusedFile } from '../shared/run/refused-file.ts';
import { identify } from '../shared/run/run-identity.ts';
import { writeRunRecord } from '../shared/run/run-record.ts';
import { readError } from '../shared/run/state-error.ts';
import { lambdaHandler } from '../shared/runtime/handler.ts';
import { step } from '../shared/runtime/step.ts';
import { type Measure, parseQualityReport } from '../shared/stages/quality-score/report.ts';
import { countReasons, writeRejectedRecords } from '../shared/stages/quarantine/rejected-records.ts';
import type { QuarantineReport } from '../shared/stages/quarantine/report.ts';
import { summarise } from '../shared/stages/quarantine/summary.ts';

/**
 * Keeps what was rejected, with the reasons: the whole file when Validate failed on it or the quality gate closed, and
 * then it also writes the run record; single rows when the rest of the file was loaded. All keys are the run's own, so
 * that a repetition writes the same objects again.
 *
 * @throws InvalidInput when what Validate or QualityScore has staged cannot be read
 */
export const quarantine = step('Quarantine', QuarantineInput, async (input, tools) => {
  const { lake, scratch } = tools;
  const { validate, quality } = input;
  const scope = input.load === undefined ? 'file' : 'rows';
  const error = input.error === undefined ? undefined : readError(input.error);
  const refused = error && (await readRefusedFile(lake, input, tools.execution, error.name));
  const run = validate?.run ?? identify(input, refused?.contract_fingerprint);
  const reason =
    error?.message ?? (scope === 'file' ? quality?.reason : undefined) ?? 'Rows break the contract.';

  const staged = validate?.staged.rejected;
  const rejected = {
    scope,
    reason: { rule: error?.name ?? 'quality', message: reason },
    records: staged && (await lake.silver.localPath(staged, path.join(scratch, 'silver'))),
  } as const;
  const file = path.join(scratch, 'quarantine.parquet');
  const { reasons, rows } = await tools.duckDb(async (db) => ({
    rows: await writeRejectedRecords(db, run, rejected, file),
    reasons: await countReasons(db, rejected.records),
  }));
  const records = lakePaths.quarantinedRows(run.dataset, run.run_id);
  await lake.quarantine.upload(file, records);

  const measures = quality && (await stagedMeasures(lake.silver, quality.report));
  const document: QuarantineReport = {
    run,
    scope,
    reason,
    refused: reasons,
    ...(error !== undefined && { error }),
    ...(validate !== undefined && { rows: validate.rows }),
    ...(quality !== undefined && { score: quality.score, scores: quality.scores }),
    ...(measures !== undefined && { measures }),
  };
  const report = lakePaths.quarantineReport(run.dataset, run.run_id);
  const summary = lakePaths.quarantineSummary(run.dataset, run.run_id);
  await lake.quarantine.write(report, JSON.stringify(document, null, 2));
  await lake.quarantine.write(summary, summarise(document));

  if (scope === 'file') {
    const outcome = { run, reason, error: error?.name, refused };
    await writeRunRecord(lake, quarantinedRecord(input, tools.execution, outcome, tools.usage()));
  }
  return { scope, rows, records, report, summary };
});

export const handler = lambdaHandler('Quarantine', quarantine);

/** Undefined where the staged report has expired: the rest of the quarantine does not depend on it. */
const stagedMeasures = async (silver: ObjectStore, key: string): Promise<Measure[] | undefined> => {
  const body = await silver.read(key);
  return body && parseQualityReport(String(body), key).measures;
};
