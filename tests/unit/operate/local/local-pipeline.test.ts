import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { WatchEvent } from '../../../../operate/events.ts';
import { openLake } from '../../../../operate/local/lake.ts';
import { LocalPipeline } from '../../../../operate/local/local-pipeline.ts';
import { openPipeline } from '../../../../operate/open/open-pipeline.ts';
import type { Step } from '../../../../shared/runtime/step.ts';
import { cleanSteps, failing, ROOT } from '../../../helpers/engine.ts';
import { fileFor, pipelineSuite } from '../../../helpers/pipeline-suite.ts';
import { scratch } from '../../../helpers/scratch.ts';

const opened = (steps: Readonly<Record<string, Step>>, lake = scratch()): LocalPipeline =>
  new LocalPipeline({ root: ROOT, env: {}, lake, steps });

describe('as every pipeline', () => {
  pipelineSuite((steps) => {
    const folder = scratch();
    return {
      pipeline: opened(steps, folder),
      lake: openLake(folder),
      idle: async () => undefined,
      awaitsRedrives: true,
    };
  });
});

test('without a stage the door opens the pipeline of this machine', async () => {
  expect(await openPipeline({ root: ROOT, env: {}, lake: scratch() })).toBeInstanceOf(LocalPipeline);
});

test('opening a lake makes no folder', async () => {
  const lake = path.join(scratch(), 'lake');
  await opened(cleanSteps(), lake).executions();
  expect(existsSync(lake)).toBe(false);
});

test.each(['signups/a\\b.csv', 'signups//a.csv'])(
  'the key %p is refused before anything is copied',
  async (key) => {
    const lake = path.join(scratch(), 'lake');
    const upload = { ...fileFor('signups/a.csv'), key };
    const message = `cannot become raw/${key}`;
    await expect(opened(cleanSteps(), lake).run([upload])).rejects.toThrow(message);
    await expect(opened(cleanSteps(), lake).upload([upload])).rejects.toMatchObject({ name: 'UsageError' });
    expect(existsSync(lake)).toBe(false);
  },
);

test.each(['signups/.hidden.csv', 'signups/_SUCCESS', 'signups/_temporary/a.csv', 'signups/a_$folder$'])(
  'the key %p is ignored with a remark, and nothing is copied',
  async (key) => {
    const lake = path.join(scratch(), 'lake');
    const upload = { ...fileFor('signups/a.csv'), key };
    const remarks: unknown[] = [];
    const observe = (event: { type: string }): unknown => remarks.push(event);
    expect(await opened(cleanSteps(), lake).run([upload], { observe })).toEqual([]);
    expect(await opened(cleanSteps(), lake).upload([upload], { observe })).toEqual([]);
    const remark = { type: 'remark', text: expect.stringContaining(' was ignored: ') };
    expect(remarks.filter((event) => (event as { type: string }).type === 'remark')).toEqual([
      remark,
      remark,
    ]);
    expect(existsSync(path.join(lake, 'raw', key))).toBe(false);
  },
);

test('an uploaded file has its version, and the next watch processes it once', async () => {
  const lake = scratch();
  const [uploaded] = await opened(cleanSteps(), lake).upload([fileFor('signups/a.csv')]);
  expect(uploaded).toMatchObject({
    location: path.join(lake, 'raw/signups/a.csv'),
    versionId: expect.any(String),
  });
  const { promise: ended, resolve } = Promise.withResolvers<WatchEvent>();
  const pipeline = opened(cleanSteps(), lake);
  const watching = await pipeline.watch({
    observe: (event) => event.type === 'outcome' && resolve(event),
  });
  expect(await ended).toMatchObject({ outcome: { key: 'signups/a.csv', status: 'succeeded' } });
  await watching.close();
  const { executions } = await pipeline.executions();
  expect(executions).toHaveLength(1);
  expect((await pipeline.execution(executions[0]?.id ?? ''))?.event.detail.object['version-id']).toBe(
    uploaded?.versionId,
  );
});

test('a watch reports states, failures and files that failed earlier', async () => {
  const lake = scratch();
  mkdirSync(path.join(lake, 'raw/signups'), { recursive: true });
  writeFileSync(path.join(lake, 'raw/signups/a.csv'), 'id\n1\n');
  const watchUntil = async (type: WatchEvent['type']): Promise<WatchEvent[]> => {
    const seen: WatchEvent[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const pipeline = opened({ ...cleanSteps(), Transform: failing('Fault', {}) }, lake);
    const watching = await pipeline.watch({
      concurrency: 1,
      observe: (event) => {
        seen.push(event);
        if (event.type === type) resolve();
      },
    });
    await promise;
    await watching.close();
    expect(watching).toMatchObject({ folder: path.join(lake, 'raw'), concurrency: 1 });
    return seen;
  };
  const first = await watchUntil('outcome');
  expect(first.flatMap((event) => (event.type === 'state-entered' ? event.state : []))).toEqual([
    ...['Validate', 'QualityScore', 'QualityGate', 'Transform'],
  ]);
  const error = { name: 'Fault', message: 'Fault happened' };
  expect(first).toContainEqual(expect.objectContaining({ type: 'state-failed', state: 'Transform', error }));
  const [again] = await watchUntil('failed-earlier');
  expect(again).toMatchObject({ type: 'failed-earlier', key: 'signups/a.csv' });
});

test('to name an execution that cannot be resumed is wrong usage', async () => {
  const pipeline = opened(cleanSteps());
  const [outcome] = await pipeline.run([fileFor('signups/a.csv')]);
  for (const id of ['20000101T000000-aaaa', outcome?.execution ?? ''])
    await expect(pipeline.redrive({ id })).rejects.toMatchObject({ name: 'UsageError' });
});

test('files that wait when a run is aborted stay in raw without an execution', async () => {
  const lake = scratch();
  const stop = new AbortController();
  const pipeline = new LocalPipeline({
    ...{ root: ROOT, env: {}, lake, steps: cleanSteps() },
  });
  const files = Array.from({ length: 8 }, (_, i) => fileFor(`signups/${i}.csv`));
  const run = pipeline.run(files, {
    signal: stop.signal,
    observe: (event) => event.type === 'outcome' && stop.abort(new Error('enough')),
  });
  await expect(run).rejects.toThrow('enough');
  const { executions } = await pipeline.executions();
  expect(executions.length).toBeLessThan(files.length);
  expect(executions.every(({ status }) => status === 'succeeded')).toBe(true);
  expect(files.every(({ key }) => existsSync(path.join(lake, 'raw', key)))).toBe(true);
});
