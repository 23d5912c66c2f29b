import type { Lake } from '../../shared/lake/paths.ts';
import { foldRuns, type RunsFolded } from '../../shared/maintenance/fold-runs.ts';
import { runRecord } from '../../shared/run/build-run-record.ts';
import { identify } from '../../shared/run/run-identity.ts';
import { type RunRecord, writeRunRecord } from '../../shared/run/run-record.ts';
import { config } from './engine.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const MIDNIGHT = Date.UTC(2026, 0, 1);

/** The time at which the nth run finished: a thousand a day. */
export const finishedAt = (n: number): string =>
  new Date(MIDNIGHT + Math.floor((n * DAY_MS) / 1_000)).toISOString();

const MODEL: RunRecord = runRecord(
  identify({
    source: 'aws.s3',
    'detail-type': 'Object Created',
    time: '2026-01-01T00:00:00Z',
    detail: { bucket: { name: 'raw' }, object: { key: 't/a.csv', 'version-id': 'v1' } },
  }),
  'execution',
  {
    source_bytes: 9,
    contract_version: '1.0.0',
    status: 'loaded',
    verdict: 'pass',
    score: 0.5,
    scores: { completeness: 1, conformity: 0.25 },
    reason: 'fine',
    error: null,
    rows_read: 3,
    rows_accepted: 2,
    rows_rejected: 1,
    rows_duplicate: 0,
    rows_filtered: 0,
    rows_silver: 2,
    strategies: { silver: 'groups', 'a rule': 'bitmap' },
  },
  [{ duration_ms: 2000, memory_mb: 1024, requests: 10, bytes_read: 100, bytes_written: 50 }],
);

/** The record of the nth run. */
export const recordOf = (n: number, of: Partial<RunRecord> = {}): RunRecord => ({
  ...MODEL,
  run_id: `run${String(n).padStart(21, '0')}`,
  source_id: `source${n}`,
  source_key: `t/${n}.csv`,
  dataset: n % 10 === 0 ? 'tenth' : 't',
  execution: `e${n}`,
  finished_at: finishedAt(n),
  cost_usd: 0.00025,
  ...of,
});

/** Writes the records of runs `from` to `to`, without the last, as the steps do. */
export const writeRuns = async (lake: Pick<Lake, 'gold'>, from: number, to: number): Promise<void> => {
  for (let n = from; n < to; n += 1) await writeRunRecord(lake, recordOf(n));
};

/** Puts all records into the table of runs, however young they are. */
export const fold = async ({ gold }: Pick<Lake, 'gold'>): Promise<RunsFolded> =>
  await foldRuns(gold, { config, ageMs: -1_000 });
