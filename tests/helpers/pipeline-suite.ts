import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { PipelineEvent } from '../../operate/events.ts';
import type { Pipeline } from '../../operate/pipeline.ts';
import type { Upload } from '../../operate/uploads.ts';
import type { Lake } from '../../shared/lake/paths.ts';
import type { Step } from '../../shared/runtime/step.ts';
import { cleanSteps, failing, OUTPUTS } from './engine.ts';
import { RefusingLake } from './refusing-lake.ts';
import { scratch } from './scratch.ts';

/** A pipeline to hold to the contract. */
export interface Subject {
  pipeline: Pipeline;
  /** The lake that the pipeline works on. */
  lake: Pick<Lake, 'gold' | 'quarantine'>;
  /** Resolves when no execution runs any more. */
  idle(): Promise<void>;
  /** Whether `redrive` waits until the executions have ended. */
  awaitsRedrives: boolean;
}

/** A local file for raw. */
export const fileFor = (key: string, text = 'id\n1\n'): Upload => {
  const file = path.join(scratch(), path.basename(key));
  writeFileSync(file, text);
  return { file, key };
};

/** Tests that hold every adapter of the port to the same contract. */
export const pipelineSuite = (open: (steps: Readonly<Record<string, Step>>) => Subject): void => {
  const failingOnce = (name: string): Readonly<Record<string, Step>> => ({
    ...cleanSteps(),
    Transform: failing(name, OUTPUTS.Transform, 1),
  });

  test('run returns the outcomes in the order of the files, and reports them as they come', async () => {
    const { pipeline } = open(cleanSteps());
    const files = [fileFor('signups/a.csv'), fileFor('signups/b.csv', 'id\n1\n2\n')];
    const seen: PipelineEvent[] = [];
    const outcomes = await pipeline.run(files, { observe: (event) => seen.push(event) });
    expect(outcomes).toMatchObject([
      { key: 'signups/a.csv', status: 'succeeded', dataset: 'signups' },
      { key: 'signups/b.csv', status: 'succeeded', dataset: 'signups' },
    ]);
    expect(outcomes[0]?.states.map(({ state }) => state)).toEqual([
      ...['Validate', 'QualityScore', 'Transform', 'LoadToGold'],
    ]);
    const keys = seen.flatMap((event) => (event.type === 'uploaded' ? event.file.key : []));
    expect(keys).toEqual(files.map(({ key }) => key));
    const reported = seen.flatMap((event) => (event.type === 'outcome' ? event.outcome : []));
    expect(reported.toSorted((a, b) => (a.key < b.key ? -1 : 1))).toEqual(outcomes);
    expect(seen.at(-1)).toMatchObject({ type: 'progress', done: 2, total: 2 });
  });

  test('forget counts nothing in a lake without rows, and refuses text that is no condition', async () => {
    const { pipeline } = open(cleanSteps());
    const counted = await pipeline.forget('signups', "email = 'a@b.example'", { dryRun: true });
    expect(counted).toMatchObject({ dataset: 'signups', silver: { rows: 0 }, quarantine: { records: 0 } });
    await expect(pipeline.forget('signups', 'email = ')).rejects.toThrow('is not one SQL expression');
  });

  test('nothing to run is no work', async () => {
    expect(await open(cleanSteps()).pipeline.run([])).toEqual([]);
  });

  test('executions are listed with their cost, the newest first and no more than asked for', async () => {
    const { pipeline } = open(cleanSteps());
    expect(await pipeline.executions()).toEqual({
      ...{ executions: [], more: false, cost: { usd: 0, at_least: false } },
    });
    const first = await pipeline.run([fileFor('signups/a.csv')]);
    const second = await pipeline.run([fileFor('signups/b.csv')]);
    const ids = [...second, ...first].map(({ execution }) => execution);
    const all = await pipeline.executions();
    expect(all).toMatchObject({ more: false, executions: ids.map((id) => ({ id, status: 'succeeded' })) });
    expect(all.cost.usd).toBeCloseTo(
      all.executions.reduce((sum, { cost }) => sum + cost.usd, 0),
      10,
    );
    expect(await pipeline.executions({ limit: 1 })).toMatchObject({
      more: true,
      executions: [{ id: ids[0] }],
    });
    expect((await pipeline.executions({ status: 'failed' })).executions).toEqual([]);
  });

  test('one execution is shown with every state, and an unknown one is undefined', async () => {
    const { pipeline } = open(cleanSteps());
    const [outcome] = await pipeline.run([fileFor('signups/a.csv')]);
    const id = outcome?.execution ?? '';
    const execution = await pipeline.execution(id);
    expect(execution).toMatchObject({ id, status: 'succeeded', attempts: 1, key: 'signups/a.csv' });
    expect(execution?.visits[0]).toMatchObject({
      ...{ state: 'Validate', type: 'Task', attempt: 1, tries: 1, errors: [] },
      output: { validate: { rows: { read: 3 } } },
    });
    expect(execution?.cost).toEqual(outcome?.cost);
    expect(await pipeline.execution('20000101T000000-aaaa')).toBeUndefined();
  });

  test('a failed execution says where it failed, and is resumed there', async () => {
    const { pipeline, idle, awaitsRedrives } = open(failingOnce('Fault'));
    const [outcome] = await pipeline.run([fileFor('signups/a.csv')]);
    expect(outcome).toMatchObject({ verdict: 'failed', error: { name: 'Fault', state: 'Transform' } });
    const id = outcome?.execution ?? '';
    expect((await pipeline.executions({ status: 'failed' })).executions).toMatchObject([
      { id, state: 'Transform', error: { Error: 'Fault' }, cost: { at_least: true } },
    ]);

    const redriven = await pipeline.redrive({ id });
    await idle();
    expect(redriven).toMatchObject([{ execution: id }]);
    expect(redriven[0]?.refused).toBeUndefined();
    expect(redriven[0]?.outcome?.status).toBe(awaitsRedrives ? 'succeeded' : undefined);
    expect(await pipeline.execution(id)).toMatchObject({ status: 'succeeded', attempts: 2 });
  });

  test('failed executions are selected by time and by error', async () => {
    const { pipeline, idle } = open(failingOnce('Fault'));
    const [failed] = await pipeline.run([fileFor('signups/a.csv')]);
    await pipeline.run([fileFor('signups/b.csv')]);
    for (const selection of [
      { error: 'Other' },
      { since: '2100-01-01T00:00:00.000Z' },
      { status: 'stale' as const },
    ])
      expect(await pipeline.redrive(selection)).toEqual([]);
    const seen: PipelineEvent[] = [];
    const redriven = await pipeline.redrive(
      { error: 'Fault', since: '2000-01-01T00:00:00.000Z', status: 'failed' },
      { observe: (event) => seen.push(event) },
    );
    await idle();
    expect(redriven.map(({ execution }) => execution)).toEqual([failed?.execution]);
    expect(seen.at(-1)).toMatchObject({ type: 'progress', done: 1, total: 1 });
    expect(await pipeline.redrive({})).toEqual([]);
  });

  test('a key that names nothing cannot be removed', async () => {
    const { pipeline } = open(cleanSteps());
    await expect(pipeline.remove(['signups/never.csv'])).rejects.toMatchObject({ name: 'UsageError' });
    await expect(pipeline.remove(['never/a.csv'], { dryRun: true })).rejects.toMatchObject({
      name: 'UsageError',
    });
  });

  test('the files that would be removed are shown, and stay', async () => {
    const { pipeline, idle } = open(cleanSteps());
    await pipeline.upload([fileFor('signups/a.csv')]);
    await idle();
    const shown = [
      { continued: false, files: [{ key: 'signups/a.csv', dataset: 'signups', rows: 0, raw: 'removed' }] },
    ];
    expect(await pipeline.remove(['signups/a.csv'], { dryRun: true })).toEqual(shown);
    expect(await pipeline.remove(['signups/a.csv'], { dryRun: true })).toEqual(shown);
  });

  test('upload says where each file went', async () => {
    const { pipeline, idle } = open(cleanSteps());
    const upload = fileFor('signups/a.csv');
    const [uploaded] = await pipeline.upload([upload]);
    await idle();
    expect(uploaded).toMatchObject({ ...upload, bytes: 5 });
    expect(uploaded?.location).toMatch(/signups\/a\.csv$/);
  });

  test('an aborted call rejects with the reason, and begins nothing', async () => {
    const { pipeline } = open(cleanSteps());
    const signal = AbortSignal.abort(new Error('enough'));
    for (const call of ['run', 'upload'] as const)
      await expect(pipeline[call]([fileFor('signups/a.csv')], { signal })).rejects.toThrow('enough');
    expect((await pipeline.executions()).executions).toEqual([]);
  });

  test('an empty lake has all tables, and answers queries', async () => {
    const { pipeline } = open(cleanSteps());
    const result = await pipeline.query({ sql: 'SELECT 41 + 1 AS n FROM range(3)' }, async (warehouse) => {
      const { columns, rows, read } = await warehouse.result('SELECT 41 + 1 AS n FROM range(3);');
      return { columns, rows, page: await read(1, 5) };
    });
    expect(result).toEqual({
      columns: [{ name: 'n', type: 'INTEGER' }],
      rows: 3,
      page: [{ n: 42 }, { n: 42 }],
    });
    const tables = await pipeline.query({}, (warehouse) => warehouse.tables());
    expect(tables).toContainEqual({ schema: 'silver', name: 'signups' });
    expect(tables).toContainEqual({ schema: 'main', name: 'runs' });
  });

  test('an empty lake has no runs, and what is no place in a list of runs is wrong usage', async () => {
    const { pipeline } = open(cleanSteps());
    expect(await pipeline.runs()).toEqual({ runs: [] });
    expect(await pipeline.runs({ limit: 5, dataset: 'signups', status: 'loaded' })).toEqual({ runs: [] });
    await expect(pipeline.runs({ after: 'nonsense' })).rejects.toMatchObject({ name: 'UsageError' });
  });

  test('a table without a commit has an empty history, and a wrong name is wrong usage', async () => {
    const { pipeline } = open(cleanSteps());
    expect(await pipeline.history('Signups')).toEqual({
      ...{ table: 'silver.signups', entries: [], kept: 0, committed: 0 },
    });
    await expect(pipeline.history('nonsense')).rejects.toMatchObject({ name: 'UsageError' });
  });

  test('an empty lake has nothing in quarantine', async () => {
    const { pipeline } = open(cleanSteps());
    const nothing = { refusals: [], more: false };
    expect(await pipeline.quarantine()).toEqual(nothing);
    expect(await pipeline.quarantine({ dataset: 'signups', key: 'k', run: 'r', history: true })).toEqual(
      nothing,
    );
  });

  test('what runs refused is listed with their reports', async () => {
    const { pipeline, lake } = open(cleanSteps());
    const made = new RefusingLake();
    await made.run({ uploaded: 1 });
    await made.run({ uploaded: 2, rows: 2, key: 't/b.csv' });
    for (const zone of ['gold', 'quarantine'] as const)
      for await (const { key } of made.lake[zone].list(''))
        await lake[zone].write(key, (await made.lake[zone].read(key)) ?? '');
    expect(await pipeline.quarantine({ limit: 1 })).toMatchObject({
      more: true,
      refusals: [{ key: 't/b.csv', standing: true, report: { refused: [{ column: 'c', rows: 2 }] } }],
    });
    const sql = 'SELECT count(*)::INTEGER AS rows FROM quarantine.t';
    const rows = await pipeline.query({ sql }, async (warehouse) => (await warehouse.result(sql)).read(0, 1));
    expect(rows).toEqual([{ rows: 3 }]);
  });

  test('maintenance leaves out tables without a commit, and refuses a grace period below its least', async () => {
    const { pipeline } = open(cleanSteps());
    expect(await pipeline.maintain({ dryRun: true })).toEqual([]);
    const graceMs = pipeline.minGraceMs - 1;
    await expect(pipeline.maintain({ graceMs })).rejects.toMatchObject({ name: 'UsageError' });
  });

  describe('replay', () => {
    const KEY = 'signups/a.csv';
    const AT = '2026-12-01T03:04:05.678Z';

    /** A file of two versions that have run. */
    const twice = async ({ pipeline }: Subject): Promise<void> => {
      await pipeline.run([fileFor(KEY)]);
      await pipeline.run([fileFor(KEY, 'id\n1\n2\n')]);
    };
    const idsOf = async (pipeline: Pipeline): Promise<string[]> =>
      (await pipeline.executions()).executions.map(({ id }) => id);

    test('runs the newest version of a key again, with the event of its upload', async () => {
      const subject = open(cleanSteps());
      const { pipeline, idle, awaitsRedrives } = subject;
      await twice(subject);
      const original = await pipeline.execution((await idsOf(pipeline))[0] ?? '');
      const { requested_at, files } = await pipeline.replay({ keys: [KEY] }, { requestedAt: AT });
      await idle();
      const [replayed] = files;
      const object = original?.event.detail.object;
      expect({ requested_at, files }).toMatchObject({
        ...{ requested_at: AT, files: [{ key: KEY, version_id: object?.['version-id'], before: false }] },
      });
      expect(replayed?.outcome?.status).toBe(awaitsRedrives ? 'succeeded' : undefined);
      const execution = await pipeline.execution(replayed?.execution ?? '');
      const { key, 'version-id': version, etag, size } = object ?? {};
      expect(execution).toMatchObject({
        status: 'succeeded',
        event: {
          time: original?.event.time,
          detail: { object: { key, 'version-id': version, etag, size } },
          replay: { requested_at: AT },
        },
      });
    });

    test('an earlier version is replayed where it is named', async () => {
      const subject = open(cleanSteps());
      const { pipeline, idle } = subject;
      await twice(subject);
      const first = await pipeline.execution((await idsOf(pipeline))[1] ?? '');
      const version = first?.event.detail.object['version-id'];
      const { files } = await pipeline.replay({ keys: [KEY], version });
      await idle();
      expect(files).toMatchObject([{ version_id: version }]);
      expect((await pipeline.execution(files[0]?.execution ?? ''))?.event.time).toBe(first?.event.time);
    });

    test('a plan says what would run and costs, and what would not, and changes nothing', async () => {
      const subject = open(cleanSteps());
      const { pipeline } = subject;
      await twice(subject);
      const before = await idsOf(pipeline);
      const plan = await pipeline.planReplay({ keys: [KEY, 'signups/none.csv'] });
      expect(plan).toMatchObject({
        ...{ bytes: 7, files: [{ key: KEY, bytes: 7, because: 'chosen', dataset: 'signups' }] },
        skipped: [{ key: 'signups/none.csv', reason: 'gone' }],
      });
      expect(plan.estimated_usd).toBeGreaterThan(0.0001);
      expect(plan.files[0]?.estimated_usd).toBe(plan.estimated_usd);
      expect(await pipeline.planReplay({ dataset: 'signups' })).toMatchObject({ files: [{ key: KEY }] });
      expect(await pipeline.planReplay({ missing: true })).toMatchObject({ files: [] });
      expect(await idsOf(pipeline)).toEqual(before);
    });

    test('with wait, the outcomes are there, and are reported as they come', async () => {
      const subject = open(cleanSteps());
      const { pipeline } = subject;
      await twice(subject);
      await pipeline.run([fileFor('signups/b.csv')]);
      const seen: PipelineEvent[] = [];
      const { files } = await pipeline.replay(
        { dataset: 'signups' },
        { wait: true, observe: (event) => seen.push(event) },
      );
      expect(files.map(({ key, outcome }) => [key, outcome?.status])).toEqual([
        [KEY, 'succeeded'],
        ['signups/b.csv', 'succeeded'],
      ]);
      expect(files.map(({ execution, outcome }) => outcome?.execution === execution)).toEqual([true, true]);
      expect(seen.filter(({ type }) => type === 'outcome')).toHaveLength(2);
      expect(seen.at(-1)).toMatchObject({ type: 'progress', done: 2, total: 2 });
    });

    test('one that is resumed begins nothing twice', async () => {
      const subject = open(cleanSteps());
      const { pipeline, idle } = subject;
      await twice(subject);
      const first = await pipeline.replay({ keys: [KEY] }, { requestedAt: AT });
      await idle();
      await pipeline.run([fileFor('signups/b.csv')]);
      const resumed = await pipeline.replay({ dataset: 'signups' }, { requestedAt: AT, resume: true });
      await idle();
      expect(resumed.files).toMatchObject([
        { key: KEY, execution: first.files[0]?.execution, before: true },
        { key: 'signups/b.csv', before: false },
      ]);
      expect(await idsOf(pipeline)).toHaveLength(5);
    });

    test('an aborted call rejects with the reason, and begins nothing', async () => {
      const subject = open(cleanSteps());
      await twice(subject);
      const signal = AbortSignal.abort(new Error('enough'));
      await expect(subject.pipeline.replay({ keys: [KEY] }, { signal })).rejects.toThrow('enough');
      expect(await idsOf(subject.pipeline)).toHaveLength(2);
    });

    test('no selection is wrong usage', async () => {
      const { pipeline } = open(cleanSteps());
      await expect(pipeline.replay({})).rejects.toMatchObject({ name: 'UsageError' });
      await expect(pipeline.planReplay({})).rejects.toMatchObject({ name: 'UsageError' });
    });
  });
};
