import { createHash } from 'node:crypto';
import { lakePaths } from '../lake/paths.ts';
import { runRecord } from './build-run-record.ts';
import { sourceIdOf } from './run-identity.ts';
import type { RunRecord } from './run-record.ts';

/** A removal of one file's rows. */
export interface RemovedRows {
  /** Of the removal. */
  id: string;
  /** ISO 8601. */
  at: string;
  /** Of the newest version that was removed. */
  sequencer: string;
  /** Rows that have left silver. */
  rows: number;
  raw: 'removed' | 'kept' | 'replaced' | 'absent';
}

const RAW: Record<RemovedRows['raw'], string> = {
  removed: 'the file was removed from raw',
  kept: 'the file stays in raw',
  replaced: 'raw has a newer version, which stays',
  absent: 'the file was not in raw any more',
};

/** The record of a removal, which stands for its file until a later version or a replay brings rows. No state made it. */
export const removedRecord = (
  bucket: string,
  file: { key: string; version_id?: string | undefined; uploaded_at?: string | undefined },
  { id, at, sequencer, rows, raw }: RemovedRows,
): RunRecord => {
  const source = sourceIdOf(bucket, file.key);
  const record = runRecord(
    {
      run_id: createHash('sha256').update(`${id}\0${source}`).digest('hex').slice(0, 24),
      source_id: source,
      dataset: lakePaths.datasetOf(file.key) ?? '_unknown',
      ...{ bucket, key: file.key, sequencer, uploaded_at: file.uploaded_at ?? at },
      ...(file.version_id !== undefined && { version_id: file.version_id }),
    },
    id,
    {
      source_bytes: 0,
      contract_version: null,
      status: 'removed',
      verdict: 'pass',
      score: null,
      scores: {},
      reason: `duckstep remove: the file's rows have left silver and gold; ${RAW[raw]}.`,
      error: null,
      rows_read: rows,
      rows_accepted: rows,
      rows_rejected: 0,
      rows_duplicate: 0,
      rows_filtered: 0,
      rows_silver: rows,
      strategies: {},
    },
    [],
  );
  return { ...record, invocations: 0, transitions: 0, cost_usd: 0, requests_write: 0 };
};
