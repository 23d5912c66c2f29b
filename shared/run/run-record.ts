import { DIMENSIONS, type Dimension } from '../contract/model.ts';
import { type Lake, lakePaths } from '../lake/paths.ts';
import { consumed, transitionsOn } from './consumption.ts';
import type { RUN_STATUSES, Usage } from './payload.ts';
import { type Consumption, estimateCost } from './prices.ts';
import type { RunIdentity } from './run-identity.ts';

/** The audit record that every run ends in; a row of the table `runs`. */
export interface RunRecord {
  run_id: string;
  source_id: string;
  execution: string;
  dataset: string;
  source_bucket: string;
  source_key: string;
  source_version: string | null;
  source_bytes: number;
  uploaded_at: string;
  contract_version: string | null;
  /** What became of the file. */
  status: (typeof RUN_STATUSES)[number];
  /** What the quality gate said; `error` when the file could not be judged. */
  verdict: 'pass' | 'fail' | 'error';
  score: number | null;
  scores: Partial<Record<Dimension, number>>;
  reason: string;
  error: string | null;
  /** rows_read = rows_accepted + rows_rejected; a file in quarantine has all its rows rejected. */
  rows_read: number;
  rows_accepted: number;
  rows_rejected: number;
  /** rows_accepted = rows_silver + rows_duplicate + rows_filtered. */
  rows_duplicate: number;
  rows_filtered: number;
  rows_silver: number;
  /** How duplicates were looked for (`shared/engine/strategy.ts`), by rule, and `silver` for rows of one key. */
  strategies: Readonly<Record<string, string>>;
  bytes_read: number;
  bytes_written: number;
  requests: number;
  /** Sum over the states. */
  duration_ms: number;
  gb_seconds: number;
  /** In USD, at the prices of `shared/run/prices.ts`; see `runRecord`. */
  cost_usd: number;
  finished_at: string;
  /** Of the requests, those that S3 charges as a PUT (PUT, LIST), and as a GET (GET, HEAD). DELETE is free. */
  requests_write: number;
  requests_read: number;
  /** To the Glue Data Catalog. */
  requests_catalog: number;
  /** GB of `/tmp` above the 512 MB that are free × seconds. */
  storage_gb_seconds: number;
  /** Of Lambda functions. */
  invocations: number;
  /** State transitions, from the start to the end, retries apart. */
  transitions: number;
}

/** DuckDB types of the columns, in order: how `runs` is read back. */
export const RUN_COLUMNS: Record<keyof RunRecord, string> = {
  run_id: 'VARCHAR',
  source_id: 'VARCHAR',
  execution: 'VARCHAR',
  dataset: 'VARCHAR',
  source_bucket: 'VARCHAR',
  source_key: 'VARCHAR',
  source_version: 'VARCHAR',
  source_bytes: 'BIGINT',
  uploaded_at: 'TIMESTAMP',
  contract_version: 'VARCHAR',
  status: 'VARCHAR',
  verdict: 'VARCHAR',
  score: 'DOUBLE',
  scores: `STRUCT(${DIMENSIONS.map((dimension) => `${dimension} DOUBLE`).join(', ')})`,
  reason: 'VARCHAR',
  error: 'VARCHAR',
  rows_read: 'BIGINT',
  rows_accepted: 'BIGINT',
  rows_rejected: 'BIGINT',
  rows_duplicate: 'BIGINT',
  rows_filtered: 'BIGINT',
  rows_silver: 'BIGINT',
  strategies: 'MAP(VARCHAR, VARCHAR)',
  bytes_read: 'BIGINT',
  bytes_written: 'BIGINT',
  requests: 'BIGINT',
  duration_ms: 'BIGINT',
  gb_seconds: 'DOUBLE',
  cost_usd: 'DOUBLE',
  finished_at: 'TIMESTAMP',
  requests_write: 'BIGINT',
  requests_read: 'BIGINT',
  requests_catalog: 'BIGINT',
  storage_gb_seconds: 'DOUBLE',
  invocations: 'BIGINT',
  transitions: 'BIGINT',
};

type Outcome = Omit<
  RunRecord,
  | 'run_id'
  | 'source_id'
  | 'execution'
  | 'dataset'
  | 'source_bucket'
  | 'source_key'
  | 'source_version'
  | 'uploaded_at'
  | 'bytes_read'
  | 'bytes_written'
  | 'requests'
  | 'duration_ms'
  | 'gb_seconds'
  | 'cost_usd'
  | 'finished_at'
  | 'requests_write'
  | 'requests_read'
  | 'requests_catalog'
  | 'storage_gb_seconds'
  | 'invocations'
  | 'transitions'
>;

/** What is asked of storage after the last usage was taken: the record itself. */
const RECORD_WRITES = 1;

/** The requests of a quarantine of rows: the refused records and the report of QualityScore, and three objects. */
const ROWS_QUARANTINED = { s3Reads: 2, s3Writes: 3, catalogRequests: 0 };

/**
 * The record of a run, written by its last state but for the quarantine of single rows, which comes after. What that
 * will use is not in the columns of usage, which hold what was measured; it is in `transitions`, and in `cost_usd` by
 * an upper estimate: its requests are known, and its time is taken to be that of QualityScore, which reads all
 * records where it reads the refused ones. Of tries that failed nothing is known here.
 *
 * @param usages of the states in their order: Validate, QualityScore, Transform, and the one that writes the record
 */
export const runRecord = (
  run: RunIdentity,
  execution: string,
  outcome: Outcome,
  usages: readonly (Usage | undefined)[],
): RunRecord => {
  const used = usages.filter((usage) => usage !== undefined);
  const sum = (of: (usage: Usage) => number): number => used.reduce((total, usage) => total + of(usage), 0);
  const [validate, quality] = usages;
  const loaded = outcome.status !== 'quarantined';
  const ahead = loaded && outcome.rows_rejected > 0;
  const caught = !loaded && validate === undefined;
  const measured = consumed(used);
  const transitions = transitionsOn({
    tasks: used.length + (ahead || caught ? 1 : 0),
    judged: quality !== undefined,
    loaded,
  });
  const known = { ...measured, transitions, s3Writes: measured.s3Writes + RECORD_WRITES };
  const cost = estimateCost(known) + (ahead ? estimateCost(quarantineOfRows(quality)) : 0);
  return {
    run_id: run.run_id,
    source_id: run.source_id,
    execution,
    dataset: run.dataset,
    source_bucket: run.bucket,
    source_key: run.key,
    source_version: run.version_id ?? null,
    uploaded_at: run.uploaded_at,
    ...outcome,
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
    invocations: measured.invocations + (ahead || caught ? 1 : 0),
    transitions,
  };
};

const quarantineOfRows = (quality: Usage | undefined): Consumption => ({
  ...consumed(quality === undefined ? [] : [quality]),
  ...ROWS_QUARANTINED,
});

const round = (value: number, digits: number): number => Number(value.toFixed(digits));

/** What a run that loads the same rows again says again. */
const ACCOUNT = [
  'status',
  'rows_read',
  'rows_rejected',
  'rows_duplicate',
  'rows_filtered',
  'rows_silver',
] as const;

/**
 * Writes the record under the run's own key unless it is there: an event that is delivered twice, or late, does
 * not rewrite what happened. But a run that was started anew under a mended contract, and loaded what it had refused
 * before, or other rows, is told as it is now: the record agrees with silver. Returns the key.
 */
export const writeRunRecord = async (lake: Pick<Lake, 'gold'>, record: RunRecord): Promise<string> => {
  const key = lakePaths.run(record.run_id);
  const body = JSON.stringify(record);
  if ((await lake.gold.writeIfAbsent(key, body)) || record.status !== 'loaded') return key;
  const earlier = JSON.parse(String(await lake.gold.read(key))) as RunRecord;
  if (ACCOUNT.some((name) => earlier[name] !== record[name])) await lake.gold.write(key, body);
  return key;
};
