import { FolderStore } from '../../../shared/lake/storage/folder-store.ts';
import { consumed } from '../../../shared/run/consumption.ts';
import type { Usage } from '../../../shared/run/payload.ts';
import { type Consumption, estimateCost, NOTHING } from '../../../shared/run/prices.ts';
import { identify } from '../../../shared/run/run-identity.ts';
import { RUN_COLUMNS, type RunRecord, runRecord, writeRunRecord } from '../../../shared/run/run-record.ts';
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
  strategies: { silver: 'groups' },
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

const lambda = { memory_mb: 2048, storage_mb: 2560, architecture: 'x86_64' } as const;
const asked = { requests_write: 4, requests_read: 5, requests_catalog: 2 };
const full: Usage = { ...usage, ...lambda, ...asked };

const recordOf = (rows_rejected: number, ...usages: (Usage | undefined)[]): RunRecord =>
  runRecord(run, 'e1', { ...outcome, rows_rejected }, usages);

/** Of a run, from its columns alone; `transitions` and `invocations` may be of more states than its other columns. */
const costOf = (record: RunRecord): number =>
  estimateCost({
    gbSeconds: record.gb_seconds,
    storageGbSeconds: record.storage_gb_seconds,
    architecture: 'x86_64',
    invocations: record.invocations,
    transitions: record.transitions,
    // The record itself.
    s3Writes: record.requests_write + 1,
    s3Reads: record.requests_read,
    catalogRequests: record.requests_catalog,
  });

test('says what was used of all that is charged, and what that costs', () => {
  const record = recordOf(0, full, full, full, full);
  expect(record).toMatchObject({
    requests: 40,
    requests_write: 16,
    requests_read: 20,
    requests_catalog: 8,
    gb_seconds: 16,
    storage_gb_seconds: 16,
    invocations: 4,
  });
  expect(record.cost_usd).toBeCloseTo(costOf(record), 8);
  expect(record.cost_usd).toBeCloseTo(
    16 * 0.0000166667 + 16 * 0.0000000309 + 4 * 2e-7 + 8 * 0.000025 + 17 * 5e-6 + 20 * 4e-7 + 8 * 1e-6,
    8,
  );
});

test('takes the rows of which it knows that they go to quarantine to cost what judging all of them did', () => {
  const [none, some] = [recordOf(0, full, full, full, full), recordOf(1, full, full, full, full)];
  expect(some).toMatchObject({ gb_seconds: 16, requests: 40, invocations: 5, transitions: 9 });
  const [one] = [consumed([full])];
  expect(some.cost_usd - none.cost_usd).toBeCloseTo(
    estimateCost({ ...one, s3Reads: 2, s3Writes: 3, catalogRequests: 0, transitions: 1 }),
    8,
  );
});

test.each([
  ['loaded', 8, outcome, [usage, usage, usage, usage]],
  ['loaded, with rows refused', 9, { ...outcome, rows_rejected: 1 }, [usage, usage, usage, usage]],
  ['refused by the gate', 6, { ...outcome, status: 'quarantined' }, [usage, usage, usage]],
  ['refused by Validate', 4, { ...outcome, status: 'quarantined' }, [undefined, undefined, usage]],
] as const)('a file that is %s makes %i transitions', (_, transitions, of, usages) => {
  const base = { ...of, rows_rejected: of === outcome ? 0 : of.rows_rejected };
  expect(runRecord(run, 'e1', base, usages).transitions).toBe(transitions);
});

test('starting a function is charged as well; what an earlier release did not say is the dearest it can be', () => {
  expect(consumed([{ ...full, init_ms: 1000 }]).gbSeconds).toBe(6);
  expect(consumed([usage])).toMatchObject({
    storageGbSeconds: (2 * (10_240 - 512)) / 1024,
    s3Writes: 10,
    s3Reads: 0,
  });
});

test('prices add up by what was used', () => {
  const of = (used: Partial<Consumption>): number => estimateCost({ ...NOTHING, ...used });
  expect(of({})).toBe(0);
  expect(of({ gbSeconds: 1_000_000 })).toBeCloseTo(13.3334, 4);
  expect(of({ gbSeconds: 1_000_000, architecture: 'x86_64' })).toBeCloseTo(16.6667, 4);
  expect(of({ storageGbSeconds: 1_000_000 })).toBeCloseTo(0.0309, 4);
  expect(of({ invocations: 1_000_000 })).toBeCloseTo(0.2, 6);
  expect(of({ transitions: 1000 })).toBeCloseTo(0.025, 6);
  expect(of({ s3Writes: 1000 })).toBeCloseTo(0.005, 6);
  expect(of({ s3Reads: 1000 })).toBeCloseTo(0.0004, 6);
  expect(of({ catalogRequests: 1_000_000 })).toBeCloseTo(1, 6);
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
