import path from 'node:path';
import { evaluateIn, loadContract } from '../shared/contract/load.ts';
import type { Db } from '../shared/engine/with-duckdb.ts';
import { ContractInvalid, UnknownDataset } from '../shared/errors.ts';
import { lakePaths } from '../shared/lake/paths.ts';
import type { ObjectStore } from '../shared/lake/storage/object-store.ts';
import { quarantinedRecord } from '../shared/run/build-run-record.ts';
import { QuarantineInput } from '../shared/run/payload.ts';
import { type RefusedFile, readRefusedFile } from '../shared/run/refused-file.ts';
import { refusedWhole } from '../shared/run/refused-whole.ts';
import { identify } from '../shared/run/run-identity.ts';
import { writeRunRecord } from '../shared/run/run-record.ts';
import { readError } from '../shared/run/state-error.ts';
import { lambdaHandler } from '../shared/runtime/handler.ts';
import { step } from '../shared/runtime/step.ts';
import { type Measure, parseQualityReport } from '../shared/stages/quality-score/report.ts';
import { countReasons } from '../shared/stages/quarantine/refused-values.ts';
import { writeRejectedRecords } from '../shared/stages/quarantine/rejected-records.ts';
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
  const reason = error?.message ?? (scope === 'file' ? gateReason(input) : 'Rows break the contract.');

  const staged = validate?.staged.rejected;
  const rejected = {
    scope,
    reason: { rule: error?.name ?? 'quality', message: reason },
    records: staged && (await lake.silver.localPath(staged, path.join(scratch, 'silver'))),
  } as const;
  const file = path.join(scratch, 'quarantine.parquet');
  const { reasons, rows } = await tools.duckDb(async (db) => ({
    rows: await writeRejectedRecords(db, run, rejected, file),
    reasons: await countReasons(
      db,
      rejected.records,
      rejected.records === undefined ? () => true : await maskedColumns(tools.config.sqlDir, run.dataset, db),
    ),
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
    file: fileOf(input, refused),
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
  return { scope, run_id: run.run_id, rows, records, report, summary };
});

export const handler = lambdaHandler('Quarantine', quarantine);

/** Why the gate closed, and what the file holds. */
const gateReason = ({ validate, quality }: QuarantineInput): string =>
  [quality?.reason, validate && refusedWhole(validate.rows)].filter((part) => part !== undefined).join(' ');

/** Size, format and records of the raw file, as far as they are known where Validate refused it. */
const fileOf = (
  { validate, detail }: QuarantineInput,
  refused: RefusedFile | undefined,
): NonNullable<QuarantineReport['file']> => {
  const bytes = validate?.source_bytes ?? refused?.source_bytes ?? detail.object.size;
  const format = validate?.format ?? refused?.format;
  return {
    ...(bytes !== undefined && { bytes }),
    ...(format !== undefined && { format }),
    ...(refused?.records !== undefined && { records: refused.records }),
  };
};

/** Whether a column's values are masked. Those of columns that today's contract does not have are, and all without a contract. */
const maskedColumns = async (
  sqlDir: string,
  dataset: string,
  db: Db,
): Promise<(column: string) => boolean> => {
  try {
    const { columns } = await loadContract(sqlDir, dataset, evaluateIn(db));
    const open = new Set(columns.filter(({ sensitive }) => sensitive !== true).map(({ name }) => name));
    return (name) => !open.has(name);
  } catch (error) {
    if (error instanceof ContractInvalid || error instanceof UnknownDataset) return () => true;
    throw error;
  }
};

/** Undefined where the staged report has expired: the rest of the quarantine does not depend on it. */
const stagedMeasures = async (silver: ObjectStore, key: string): Promise<Measure[] | undefined> => {
  const body = await silver.read(key);
  return body && parseQualityReport(String(body), key).measures;
};
