import { DIMENSIONS, type Dimension } from '../contract/model.ts';
import { type Lake, lakePaths } from '../lake.ts';
import { estimateCost } from '../prices.ts';
import type { RunIdentity } from './identity.ts';
import type { RUN_STATUSES, Usage } from './payload.ts';

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
  bytes_read: number;
  bytes_written: number;
  requests: number;
  /** Sum over the states. */
  duration_ms: number;
  gb_seconds: number;
  /** An upper estimate in USD; see `shared/prices.ts`. */
  cost_usd: number;
  finished_at: string;
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
  bytes_read: 'BIGINT',
  bytes_written: 'BIGINT',
  requests: 'BIGINT',
  duration_ms: 'BIGINT',
  gb_seconds: 'DOUBLE',
  cost_usd: 'DOUBLE',
  finished_at: 'TIMESTAMP',
};

/**
 * State transitions beside those into the tasks that ended before the record is written: the two Choices, the
 * quarantine of rows, Succeed, and the end. Step Functions counts one more than there are states on the way.
 */
const OTHER_TRANSITIONS = 5;

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
>;

export const runRecord = (
  run: RunIdentity,
  execution: string,
  outcome: Outcome,
  usages: readonly (Usage | undefined)[],
): RunRecord => {
  const used = usages.filter((usage) => usage !== undefined);
  const sum = (of: (usage: Usage) => number): number => used.reduce((total, usage) => total + of(usage), 0);
  const gbSeconds = sum((usage) => (usage.duration_ms / 1000) * (usage.memory_mb / 1024));
  const requests = sum((usage) => usage.requests);
  const cost = estimateCost({
    gbSeconds,
    invocations: used.length,
    transitions: used.length + OTHER_TRANSITIONS,
    requests,
  });
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
    requests,
    duration_ms: sum((usage) => usage.duration_ms),
    gb_seconds: round(gbSeconds, 3),
    cost_usd: round(cost, 8),
    finished_at: new Date().toISOString(),
  };
};

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
