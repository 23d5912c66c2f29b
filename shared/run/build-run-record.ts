import { consumed, transitionsOn } from './consumption.ts';
import type { LoadToGoldInput, QuarantineInput, Usage } from './payload.ts';
import { type Consumption, estimateCost } from './prices.ts';
import type { RefusedFile } from './refused-file.ts';
import type { RunIdentity } from './run-identity.ts';
import type { RunRecord } from './run-record.ts';

/** S3 requests made after the last usage was taken: they write the record, and its copy among the newest. */
const RECORD_WRITES = 2;

/** Requests of a quarantine of rows: it reads the rejected records and QualityScore's report, and writes three objects. */
const ROWS_QUARANTINED = { s3Reads: 2, s3Writes: 3, catalogRequests: 0 };

const identityColumns = (run: RunIdentity, execution: string) => ({
  run_id: run.run_id,
  source_id: run.source_id,
  execution,
  dataset: run.dataset,
  source_bucket: run.bucket,
  source_key: run.key,
  source_version: run.version_id ?? null,
  uploaded_at: run.uploaded_at,
});

const usageColumns = (
  outcome: Pick<RunRecord, 'status' | 'rows_rejected'>,
  usages: readonly (Usage | undefined)[],
) => {
  const used = usages.filter((usage) => usage !== undefined);
  const sum = (of: (usage: Usage) => number): number => used.reduce((total, usage) => total + of(usage), 0);
  const [validate, quality] = usages;
  const loaded = outcome.status !== 'quarantined';
  const quarantineFollows = loaded && outcome.rows_rejected > 0;
  const validateFailed = !loaded && validate === undefined;
  const measured = consumed(used);
  const transitions = transitionsOn({
    tasks: used.length + (quarantineFollows || validateFailed ? 1 : 0),
    judged: quality !== undefined,
    loaded,
  });
  const known = { ...measured, transitions, s3Writes: measured.s3Writes + RECORD_WRITES };
  const cost = estimateCost(known) + (quarantineFollows ? estimateCost(quarantineOfRows(quality)) : 0);
  return {
    bytes_read: sum((usage) => usage.bytes_read),
    bytes_written: sum((usage) => usage.bytes_written),
    requests: sum((usage) => usage.requests),
    duration_ms: sum((usage) => usage.duration_ms),
    gb_seconds: round(measured.gbSeconds, 3),
    cost_usd: round(cost, 8),
    finished_at: new Date().toISOString(),
    requests_write: measured.s3Writes,
    requests_read: measured.s3Reads,
    requests_catalog: measured.catalogRequests,
    storage_gb_seconds: round(measured.storageGbSeconds, 3),
    invocations: measured.invocations + (quarantineFollows || validateFailed ? 1 : 0),
    transitions,
  };
};

/** Columns that came later: they are the last. */
const laterColumns = (
  run: RunIdentity,
  { superseding = 0, superseded = 0 }: Partial<SupersededRows> = {},
) => ({
  source_sequencer: run.sequencer,
  contract_fingerprint: run.contract_fingerprint ?? null,
  replayed_at: run.replayed_at ?? null,
  rows_superseding: superseding,
  rows_superseded: superseded,
});

const quarantineOfRows = (quality: Usage | undefined): Consumption => ({
  ...consumed(quality === undefined ? [] : [quality]),
  ...ROWS_QUARANTINED,
});

const round = (value: number, digits: number): number => Number(value.toFixed(digits));

/** Rows that share their primary keys with rows of other files; see the run record. */
export interface SupersededRows {
  superseding: number;
  superseded: number;
}

type Outcome = Omit<
  RunRecord,
  | keyof ReturnType<typeof identityColumns>
  | keyof ReturnType<typeof usageColumns>
  | keyof ReturnType<typeof laterColumns>
>;

/**
 * The record of a run, made by its last state. Only the quarantine of single rows runs later.
 *
 * Usage columns cover finished states only. `transitions` and `cost_usd` also include an upper estimate for the row
 * quarantine that follows: its requests are known, and its time is assumed to be that of QualityScore, which reads all
 * records. Failed attempts are not counted.
 *
 * @param usages of the states in their order: Validate, QualityScore, Transform, and the one that writes the record
 */
export const runRecord = (
  run: RunIdentity,
  execution: string,
  outcome: Outcome,
  usages: readonly (Usage | undefined)[],
  rows?: SupersededRows,
): RunRecord => ({
  ...identityColumns(run, execution),
  ...outcome,
  ...usageColumns(outcome, usages),
  ...laterColumns(run, rows),
});

/** The record of a run whose file went through the quality gate. */
export const loadedRecord = (
  { validate, quality, transform }: Pick<LoadToGoldInput, 'validate' | 'quality' | 'transform'>,
  execution: string,
  { status, reason }: { status: 'loaded' | 'superseded'; reason: string },
  usage: Usage,
  rows?: SupersededRows,
): RunRecord =>
  runRecord(
    validate.run,
    execution,
    {
      source_bytes: validate.source_bytes,
      contract_version: validate.contract_version,
      status,
      verdict: quality.verdict,
      score: quality.score,
      scores: quality.scores,
      reason,
      error: null,
      rows_read: validate.rows.read,
      rows_accepted: validate.rows.accepted,
      rows_rejected: validate.rows.rejected,
      rows_duplicate: transform.rows.duplicate,
      rows_filtered: transform.rows.filtered,
      rows_silver: transform.rows.silver,
      strategies: { ...quality.strategies, ...transform.strategies },
    },
    [validate.usage, quality.usage, transform.usage, usage],
    rows,
  );

interface RefusedRun {
  run: RunIdentity;
  reason: string;
  error: string | undefined;
  refused?: RefusedFile | undefined;
}

/**
 * The record of a run whose whole file is in quarantine.
 *
 * @param error name of the error that Validate failed with; undefined when the quality gate closed
 * @param refused what Validate knew of a file that it failed on
 */
export const quarantinedRecord = (
  { validate, quality, detail }: QuarantineInput,
  execution: string,
  { run, reason, error, refused }: RefusedRun,
  usage: Usage,
): RunRecord => {
  const rows = validate?.rows.read ?? 0;
  return runRecord(
    run,
    execution,
    {
      source_bytes: validate?.source_bytes ?? refused?.source_bytes ?? detail.object.size ?? 0,
      contract_version: validate?.contract_version ?? refused?.contract_version ?? null,
      status: 'quarantined',
      verdict: error === undefined ? 'fail' : 'error',
      score: quality?.score ?? null,
      scores: quality?.scores ?? {},
      reason,
      error: error ?? null,
      rows_read: rows,
      rows_accepted: 0,
      rows_rejected: rows,
      rows_duplicate: 0,
      rows_filtered: 0,
      rows_silver: 0,
      strategies: quality?.strategies ?? {},
    },
    [validate?.usage, quality?.usage, usage],
  );
};
