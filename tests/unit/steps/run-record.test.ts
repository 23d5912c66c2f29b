import { estimateCost, PRICES } from '../../../shared/prices.ts';
import { identify } from '../../../shared/steps/identity.ts';
import { RUN_COLUMNS, type RunRecord, runRecord, writeRunRecord } from '../../../shared/steps/run-record.ts';
import { FolderStore } from '../../../shared/storage/folder-store.ts';
import { scratch } from '../../helpers/scratch.ts';

const run = identify({
  source: 'aws.s3',
  'detail-type': 'Object Created',
  time: '2024-01-02T03:04:05Z',
  detail: { bucket: { name: 'raw' }, object: { key: 't/a.csv', 'version-id': 'v1' } },
});

const usage = { duration_ms: 2000, memory_mb: 1024, requests: 10, bytes_read: 100, bytes_written: 50 };
const outcome = {
  source_bytes: 9,
  contract_version: '1.0.0',
  status: 'loaded',
  verdict: 'pass',
  score: 1,
  scores: { completeness: 1 },
  reason: 'fine',
  error: null,
  rows_read: 3,
  rows_accepted: 2,
  rows_rejected: 1,
  rows_duplicate: 0,
  rows_filtered: 0,
  rows_silver: 2,
} as const;

test('sums what the states used, and leaves out those that did not run', () => {
  const record = runRecord(run, 'e1', outcome, [usage, undefined, { ...usage, memory_mb: 512 }]);
  expect(record).toMatchObject({
    ...outcome,
    run_id: run.run_id,
    source_id: run.source_id,
    source_version: 'v1',
    execution: 'e1',
    requests: 20,
    bytes_read: 200,
    bytes_written: 100,
    duration_ms: 4000,
    gb_seconds: 3,
  });
});

test('has the columns that `runs` is read by, in their order', () => {
  const record = runRecord(run, 'e1', outcome, [usage]);
  expect(Object.keys(record).toSorted()).toEqual(Object.keys(RUN_COLUMNS).toSorted());
});

test('the estimate covers every transition of the longest way, and is never below what it knows', () => {
  const { cost_usd } = runRecord(run, 'e1', outcome, [usage, usage, usage, usage]);
  // Five tasks, two Choices, Succeed, and the end: Step Functions counts nine.
  expect(cost_usd).toBeCloseTo(
    8 * PRICES.lambdaGbSecond + 4 * PRICES.lambdaRequest + 9 * PRICES.stateTransition + 40 * PRICES.s3Request,
    8,
  );
});

test('prices add up by what was used', () => {
  const nothing = { gbSeconds: 0, invocations: 0, transitions: 0, requests: 0 };
  expect(estimateCost(nothing)).toBe(0);
  expect(estimateCost({ ...nothing, gbSeconds: 1_000_000 })).toBeCloseTo(13.3334, 4);
  expect(estimateCost({ ...nothing, invocations: 1_000_000 })).toBeCloseTo(0.2, 6);
  expect(estimateCost({ ...nothing, transitions: 1000 })).toBeCloseTo(0.025, 6);
  expect(estimateCost({ ...nothing, requests: 1000 })).toBeCloseTo(0.005, 6);
});

describe('of a run that is started anew', () => {
  const recordsOf = async (...outcomes: Partial<RunRecord>[]): Promise<unknown> => {
    const lake = { gold: new FolderStore(scratch()) };
    const plain = runRecord(run, 'e1', outcome, [usage]);
    for (const each of outcomes) await writeRunRecord(lake, { ...plain, ...each });
    return JSON.parse(String(await lake.gold.read(`_runs/${run.run_id}.json`))).execution;
  };
  const quarantined = { status: 'quarantined', rows_silver: 0 } as const;

  test('and now loads what was refused, is the one of the load', async () => {
    expect(await recordsOf({ ...quarantined, execution: 'old' }, { execution: 'new' })).toBe('new');
  });

  test('and now loads other rows, is the one of what silver holds', async () => {
    expect(await recordsOf({ execution: 'old' }, { execution: 'new', rows_silver: 1 })).toBe('new');
  });

  test('and now refuses what is loaded, stays', async () => {
    expect(await recordsOf({ execution: 'old' }, { ...quarantined, execution: 'new' })).toBe('old');
  });
});

test('is written once: what comes later does not change what happened', async () => {
  const lake = { gold: new FolderStore(scratch()) };
  const first = runRecord(run, 'e1', outcome, [usage]);
  const key = await writeRunRecord(lake, first);
  expect(key).toBe(`_runs/${run.run_id}.json`);
  expect(await writeRunRecord(lake, { ...first, execution: 'e2' })).toBe(key);
  expect(JSON.parse(String(await lake.gold.read(key)))).toEqual(first);
});
