import { TableDamaged } from '../../../shared/errors.ts';
import { FolderStore } from '../../../shared/lake/storage/folder-store.ts';
import { runRecord } from '../../../shared/run/build-run-record.ts';
import { consumed } from '../../../shared/run/consumption.ts';
import type { Usage } from '../../../shared/run/payload.ts';
import { type Consumption, estimateCost, NOTHING } from '../../../shared/run/prices.ts';
import { identify } from '../../../shared/run/run-identity.ts';
import {
  parseRunRecord,
  RUN_COLUMNS,
  type RunRecord,
  StoredRunRecord,
  writeRunRecord,
} from '../../../shared/run/run-record.ts';
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

test('sums the usage of the states that ran', () => {
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

test('has the columns that `runs` is read by', () => {
  const record = runRecord(run, 'e1', outcome, [usage]);
  expect(Object.keys(record).toSorted()).toEqual(Object.keys(RUN_COLUMNS).toSorted());
});

const lambda = { memory_mb: 2048, storage_mb: 2560, architecture: 'x86_64' } as const;
const asked = { requests_write: 4, requests_read: 5, requests_catalog: 2 };
const full: Usage = { ...usage, ...lambda, ...asked };

const recordOf = (rows_rejected: number, ...usages: (Usage | undefined)[]): RunRecord =>
  runRecord(run, 'e1', { ...outcome, rows_rejected }, usages);

/** Cost of a run, from its columns alone; `transitions` and `invocations` may cover more states than the others. */
const costOf = (record: RunRecord): number =>
  estimateCost({
    gbSeconds: record.gb_seconds,
    storageGbSeconds: record.storage_gb_seconds,
    architecture: 'x86_64',
    invocations: record.invocations,
    transitions: record.transitions,
    // The record itself, and its copy among the newest.
    s3Writes: record.requests_write + 2,
    s3Reads: record.requests_read,
    catalogRequests: record.requests_catalog,
  });

test('has the amount of every item that AWS charges for, and their cost', () => {
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
    16 * 0.0000166667 + 16 * 0.0000000309 + 4 * 2e-7 + 8 * 0.000025 + 18 * 5e-6 + 20 * 4e-7 + 8 * 1e-6,
    8,
  );
});

test('assumes that the quarantine of rows, which is still to come, costs as much as judging all rows did', () => {
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
  ['loaded, with rows rejected', 9, { ...outcome, rows_rejected: 1 }, [usage, usage, usage, usage]],
  ['rejected by the gate', 6, { ...outcome, status: 'quarantined' }, [usage, usage, usage]],
  ['rejected by Validate', 4, { ...outcome, status: 'quarantined' }, [undefined, undefined, usage]],
] as const)('a file that is %s makes %i transitions', (_, transitions, of, usages) => {
  const base = { ...of, rows_rejected: of === outcome ? 0 : of.rows_rejected };
  expect(runRecord(run, 'e1', base, usages).transitions).toBe(transitions);
});

test('the start of a function is charged as well; the most expensive value is assumed for what an earlier release did not report', () => {
  expect(consumed([{ ...full, init_ms: 1000 }]).gbSeconds).toBe(6);
  expect(consumed([usage])).toMatchObject({
    storageGbSeconds: (2 * (10_240 - 512)) / 1024,
    s3Writes: 10,
    s3Reads: 0,
  });
});

test('prices add up by the amounts used', () => {
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

describe('of a run that is started again', () => {
  const recordsOf = async (...outcomes: Partial<RunRecord>[]): Promise<unknown> => {
    const lake = { gold: new FolderStore(scratch()) };
    const plain = { ...runRecord(run, 'e1', outcome, [usage]), finished_at: '2024-02-01T00:00:00.000Z' };
    for (const each of outcomes) await writeRunRecord(lake, { ...plain, ...each });
    return JSON.parse(String(await lake.gold.read(`_runs/${run.run_id}.json`))).execution;
  };
  const quarantined = { status: 'quarantined', rows_silver: 0 } as const;

  test('and now loads what was rejected, is the one of the load', async () => {
    expect(await recordsOf({ ...quarantined, execution: 'old' }, { execution: 'new' })).toBe('new');
  });

  test('and now loads other rows, is the one of the rows in silver', async () => {
    expect(await recordsOf({ execution: 'old' }, { execution: 'new', rows_silver: 1 })).toBe('new');
  });

  test('and now rejects what is loaded, stays', async () => {
    expect(await recordsOf({ execution: 'old' }, { ...quarantined, execution: 'new' })).toBe('old');
  });

  test.each(['loaded', 'superseded', 'quarantined'] as const)(
    'by a replay that was asked for after the record was written, is the one of the replay: %s',
    async (status) => {
      const replay = { execution: 'new', status, replayed_at: '2024-02-01T01:00:00.001+01:00' };
      for (const before of ['loaded', 'quarantined', 'superseded', 'removed'] as const)
        expect(await recordsOf({ execution: 'old', status: before }, replay)).toBe('new');
    },
  );

  test.each(['superseded', 'quarantined'] as const)(
    'by the second delivery of a replay, or a replay of before, stays: %s',
    async (status) => {
      for (const replayed_at of ['2024-02-01T00:00:00.000Z', '2024-01-31T23:59:59.999Z'])
        expect(await recordsOf({ execution: 'old' }, { execution: 'new', status, replayed_at })).toBe('old');
    },
  );
});

describe('is listed among the newest', () => {
  const listed = async ({ gold }: { gold: FolderStore }): Promise<string[]> => {
    const keys: string[] = [];
    for await (const { key } of gold.list('runs-newest/')) keys.push(key);
    return keys;
  };
  const at = Date.parse('2026-01-02T03:04:05.678Z');
  const first = {
    ...runRecord(run, 'e1', { ...outcome, status: 'quarantined' }, [usage]),
    finished_at: new Date(at).toISOString(),
  };
  const key = (kind: 'first' | 'again', time: number): string =>
    `runs-newest/${kind}/${9_999_999_999_999 - time}-${run.run_id}.json`;

  test('as a copy, once: by its writer, or by the retry of a writer that died', async () => {
    const lake = { gold: new FolderStore(scratch()) };
    await writeRunRecord(lake, first);
    await writeRunRecord(lake, { ...first, finished_at: new Date(at + 5).toISOString() });
    await writeRunRecord(lake, { ...first, execution: 'e2' });
    expect(await listed(lake)).toEqual([key('first', at)]);
    expect(JSON.parse(String(await lake.gold.read(key('first', at))))).toEqual(first);

    await lake.gold.remove(key('first', at));
    await writeRunRecord(lake, { ...first, execution: 'e2' });
    expect(await listed(lake)).toEqual([]);
    for (let tries = 0; tries < 2; tries += 1)
      await writeRunRecord(lake, { ...first, finished_at: new Date(at + 5).toISOString() });
    expect(await listed(lake)).toEqual([key('again', at)]);
  });

  test('apart, and later, where it replaces an earlier one, whatever the clock', async () => {
    const lake = { gold: new FolderStore(scratch()) };
    await writeRunRecord(lake, first);
    const loaded = { ...first, status: 'loaded', finished_at: new Date(at - 60_000).toISOString() } as const;
    await writeRunRecord(lake, loaded);
    expect(await listed(lake)).toEqual([key('again', at + 1), key('first', at)]);
    const stored = { ...loaded, finished_at: new Date(at + 1).toISOString() };
    expect(JSON.parse(String(await lake.gold.read(key('again', at + 1))))).toEqual(stored);
    expect(JSON.parse(String(await lake.gold.read(`_runs/${run.run_id}.json`)))).toEqual(stored);
  });
});

test('is written once: a later delivery of the event does not change it', async () => {
  const lake = { gold: new FolderStore(scratch()) };
  const first = runRecord(run, 'e1', outcome, [usage]);
  const key = await writeRunRecord(lake, first);
  expect(key).toBe(`_runs/${run.run_id}.json`);
  expect(await writeRunRecord(lake, { ...first, execution: 'e2' })).toBe(key);
  expect(JSON.parse(String(await lake.gold.read(key)))).toEqual(first);
});

describe('read back', () => {
  const written = JSON.stringify(runRecord(run, 'e1', outcome, [full]));
  const later = [
    ...['strategies', 'requests_write', 'requests_read', 'requests_catalog'],
    ...['storage_gb_seconds', 'invocations', 'transitions', 'source_sequencer', 'contract_fingerprint'],
    ...['replayed_at', 'rows_superseding', 'rows_superseded'],
  ];

  test('is the same', () => {
    expect(JSON.stringify(parseRunRecord(written, 'here'))).toHaveLength(written.length);
    expect(parseRunRecord(written, 'here')).toEqual(JSON.parse(written));
  });

  test('may be of an earlier build, which knew fewer columns, or of a later one, which knows more', () => {
    const record: Record<string, unknown> = JSON.parse(written);
    const early = Object.fromEntries(Object.entries(record).filter(([name]) => !later.includes(name)));
    expect(Object.keys(early)).toHaveLength(29);
    expect(parseRunRecord(JSON.stringify(early), 'here')).toEqual(early);
    expect(parseRunRecord(JSON.stringify({ ...record, news: 1 }), 'here')).toEqual(record);
  });

  test('names the place and the column that is wrong, and no value', () => {
    const damaged = JSON.stringify({ ...JSON.parse(written), rows_read: 'secret' });
    for (const body of [damaged, 'secret', '{}']) {
      const parsing = () => parseRunRecord(body, 'gold/_runs/x.json');
      expect(parsing).toThrow(TableDamaged);
      expect(parsing).toThrow(/^gold\/_runs\/x\.json is not the record of a run: /);
      expect(parsing).not.toThrow(/secret/);
    }
    expect(() => parseRunRecord(damaged, 'here')).toThrow(/rows_read/);
  });

  test('of an earlier build, it is replaced when other rows are loaded, and kept when the same are', async () => {
    const lake = { gold: new FolderStore(scratch()) };
    const record = runRecord(run, 'new', outcome, [full]);
    const key = `_runs/${run.run_id}.json`;
    const early = Object.fromEntries(
      Object.entries({ ...record, execution: 'old' }).filter(([name]) => !later.includes(name)),
    );
    await lake.gold.write(key, JSON.stringify(early));
    await writeRunRecord(lake, record);
    expect(JSON.parse(String(await lake.gold.read(key)))).toEqual(early);
    const other = { ...record, rows_silver: 1, finished_at: new Date(Date.now() + 1_000).toISOString() };
    await writeRunRecord(lake, other);
    expect(JSON.parse(String(await lake.gold.read(key)))).toEqual(other);
  });
});

test('every column has a DuckDB type', () => {
  expect(Object.keys(RUN_COLUMNS)).toEqual(Object.keys(StoredRunRecord.shape));
  expect(RUN_COLUMNS).toMatchObject({
    run_id: 'VARCHAR',
    uploaded_at: 'TIMESTAMP',
    rows_read: 'BIGINT',
    score: 'DOUBLE',
    scores:
      'STRUCT(accuracy DOUBLE, completeness DOUBLE, conformity DOUBLE, consistency DOUBLE, coverage DOUBLE, timeliness DOUBLE, uniqueness DOUBLE)',
    strategies: 'MAP(VARCHAR, VARCHAR)',
    transitions: 'BIGINT',
  });
});
