import fs, { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Execution } from '../../../../operate/execution.ts';
import type { Engine } from '../../../../operate/local/engine.ts';
import { objectCreatedEvent, openLake } from '../../../../operate/local/lake.ts';
import { sharesOf } from '../../../../operate/local/shares.ts';
import { type WatchOptions, watchRaw } from '../../../../operate/local/watch.ts';
import type { Step } from '../../../../shared/runtime/step.ts';
import { cleanSteps, engineOn, failing } from '../../../helpers/engine.ts';
import { kill, printed, startNode } from '../../../helpers/killed.ts';
import { scratch } from '../../../helpers/scratch.ts';

const SETTLED_MS = 300;

/** Watches a lake, collecting what ends; `ended(n)` waits until n have ended. */
const watching = (lakeFolder: string, engine: Engine, options: Partial<WatchOptions> = {}) => {
  const executions: Execution[] = [];
  const failedEarlier: string[] = [];
  const ignored: string[] = [];
  const watch = watchRaw({
    lakeFolder,
    lake: openLake(lakeFolder),
    engine,
    shares: sharesOf({ memoryMb: 512 }, 2),
    settledMs: SETTLED_MS,
    onEnd: (execution) => executions.push(execution),
    onFailedEarlier: ({ id }) => failedEarlier.push(id),
    onIgnored: (key) => ignored.push(key),
    onError: (key, error) => {
      throw new Error(`${key}: ${error}`);
    },
    ...options,
  });
  const until = async (done: () => boolean): Promise<void> => {
    while (!done()) await setTimeout(20);
  };
  return {
    ...watch,
    executions,
    failedEarlier,
    ignored,
    ended: (n: number) => until(() => executions.length >= n),
    until,
  };
};

/** A watched lake whose first file is held while it is taken, so that another waits; `refused` counts what was not taken. */
const withOneWaiting = async (options: Partial<WatchOptions> = {}) => {
  const lakeFolder = scratch();
  const raw = rawFolder(lakeFolder);
  const [first, waiting] = [path.join(raw, 'first.csv'), path.join(raw, 'waiting.csv')];
  const lake = openLake(lakeFolder);
  const entered = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const refused: string[] = [];
  const adoptIf = lake.raw.adoptIf.bind(lake.raw);
  jest.spyOn(lake.raw, 'adoptIf').mockImplementation(async (key, judged) => {
    if (key === 'signups/first.csv') {
      entered.resolve();
      await held.promise;
    }
    const version = await adoptIf(key, judged);
    if (version === undefined) refused.push(key);
    return version;
  });
  writeFileSync(first, 'a\n1\n');
  const engine = engineOn(lakeFolder);
  const watch = watching(lakeFolder, engine, { lake, settledMs: 4 * SETTLED_MS, ...options });
  await entered.promise;
  // Only now: of two files that lie there, either may be reported first.
  writeFileSync(waiting, 'a\n1\n2\n');
  await watch.until(() => watch.load().waiting.small === 2);
  return { ...watch, lakeFolder, engine, waiting, refused, release: held.resolve };
};

const sizesOf = (executions: readonly Execution[], name: string): (number | undefined)[] =>
  executions.filter(({ key }) => key === `signups/${name}`).map(({ event }) => event.detail.object.size);

const rawFolder = (lakeFolder: string): string => {
  const folder = path.join(lakeFolder, 'raw', 'signups');
  mkdirSync(folder, { recursive: true });
  return folder;
};

test('processes what lies there, what is dropped, and what changes, each version once', async () => {
  const lake = scratch();
  const raw = rawFolder(lake);
  writeFileSync(path.join(raw, 'before.csv'), 'a\n1\n');
  const engine = engineOn(lake);
  const watch = watching(lake, engine);
  await watch.ready;
  await watch.ended(1);
  writeFileSync(path.join(raw, 'after.csv'), 'a\n2\n');
  await watch.ended(2);
  writeFileSync(path.join(raw, 'before.csv'), 'a\n1\n2\n');
  await watch.ended(3);
  await watch.close();
  expect(watch.executions.map(({ key }) => key)).toEqual([
    'signups/before.csv',
    'signups/after.csv',
    'signups/before.csv',
  ]);
  const versions = watch.executions.map(({ event }) => event.detail.object['version-id']);
  expect(new Set(versions).size).toBe(3);

  const again = watching(lake, engine);
  writeFileSync(path.join(raw, 'new.csv'), 'a\n3\n');
  await again.ended(1);
  await again.close();
  expect(again.executions.map(({ key }) => key)).toEqual(['signups/new.csv']);
  expect(engine.list()).toHaveLength(4);
});

test.each(['while somebody watches', 'when the watch begins'])(
  'a file that is being copied %s is not read half',
  async (when) => {
    const lake = scratch();
    const file = path.join(rawFolder(lake), 'slow.csv');
    if (when === 'when the watch begins') writeFileSync(file, 'a\n');
    // A machine that stands still for as long has written nothing meanwhile, and the file counts as whole.
    const watch = watching(lake, engineOn(lake), { settledMs: 10 * SETTLED_MS });
    if (when === 'while somebody watches') {
      await watch.ready;
      writeFileSync(file, 'a\n');
    }
    for (let i = 0; i < 8; i += 1) {
      await setTimeout(SETTLED_MS / 3);
      appendFileSync(file, `${i}\n`);
    }
    await watch.ended(1);
    await watch.close();
    expect(watch.executions.map(({ event }) => event.detail.object.size)).toEqual([2 + 8 * 2]);
  },
);

describe('a file that waits to be taken', () => {
  test('and is overwritten in place meanwhile is not taken half', async () => {
    const watch = await withOneWaiting();
    writeFileSync(watch.waiting, 'a\n1\n2\n3\n');
    watch.release();
    await watch.until(() => watch.refused.length > 0);
    appendFileSync(watch.waiting, '4\n');
    await watch.ended(2);
    await watch.close();
    expect(watch.refused).toEqual(['signups/waiting.csv']);
    expect(sizesOf(watch.executions, 'waiting.csv')).toEqual([10]);
  });

  test('and is replaced by another file is taken as that', async () => {
    const watch = await withOneWaiting();
    const next = path.join(watch.lakeFolder, 'next.csv');
    writeFileSync(next, 'a\n');
    renameSync(next, watch.waiting);
    watch.release();
    await watch.ended(2);
    await watch.close();
    expect(sizesOf(watch.executions, 'waiting.csv')).toEqual([2]);
  });

  test('and is removed meanwhile is reported, and keeps no other', async () => {
    const reported: string[] = [];
    const watch = await withOneWaiting({ onError: (key, error) => reported.push(`${key}: ${error}`) });
    rmSync(watch.waiting);
    watch.release();
    await watch.ended(1);
    await watch.until(() => reported.length > 0);
    await watch.close();
    expect(reported).toEqual(['signups/waiting.csv: ObjectMissing: raw/signups/waiting.csv is not there']);
    expect(watch.engine.list().map(({ key }) => key)).toEqual(['signups/first.csv']);
  });

  test('and was written again is processed at the next start where the watch closes before it has settled', async () => {
    const watch = await withOneWaiting();
    writeFileSync(watch.waiting, 'a\n1\n2\n3\n');
    watch.release();
    await watch.until(() => watch.refused.length > 0);
    await watch.close();
    expect(sizesOf(watch.engine.list(), 'waiting.csv')).toEqual([]);
    appendFileSync(watch.waiting, '4\n');
    const again = watching(watch.lakeFolder, watch.engine);
    await again.until(() => sizesOf(again.executions, 'waiting.csv').length > 0);
    await again.close();
    expect(sizesOf(again.executions, 'waiting.csv')).toEqual([10]);
  });
});

test('an editor’s names are names like others', async () => {
  const lake = scratch();
  writeFileSync(path.join(rawFolder(lake), 'export.csv~'), 'a\n1\n');
  const watch = watching(lake, engineOn(lake));
  await watch.ended(1);
  await watch.close();
  expect(watch.executions.map(({ key }) => key)).toEqual(['signups/export.csv~']);
});

test('what arrives in a new folder between reading and watching it is not overlooked', async () => {
  const lake = scratch();
  const folder = path.join(rawFolder(lake), 'new');
  const late = path.join(folder, 'late.csv');
  const realWatch = fs.watch;
  const spy = jest.spyOn(fs, 'watch').mockImplementation(((target: string, ...rest: []) => {
    if (target === folder && !fs.existsSync(late)) writeFileSync(late, 'a\n2\n');
    return realWatch(target, ...rest);
  }) as typeof fs.watch);
  const watch = watching(lake, engineOn(lake));
  await watch.ready;
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'early.csv'), 'a\n1\n');
  await watch.ended(2);
  await watch.close();
  spy.mockRestore();
  expect(watch.executions.map(({ key }) => key).toSorted()).toEqual([
    'signups/new/early.csv',
    'signups/new/late.csv',
  ]);
});

test('several at a time, and no more than asked for', async () => {
  const lake = scratch();
  const raw = rawFolder(lake);
  for (let i = 0; i < 5; i += 1) writeFileSync(path.join(raw, `${i}.csv`), `a\n${i}\n`);
  let [now, most] = [0, 0];
  const Validate: Step = async (input, context) => {
    now += 1;
    most = Math.max(most, now);
    await setTimeout(50);
    now -= 1;
    return cleanSteps().Validate(input, context);
  };
  const watch = watching(lake, engineOn(lake, { steps: { ...cleanSteps(), Validate } }));
  await watch.ended(5);
  await watch.close();
  expect(most).toBe(2);
});

test('closing waits for what is running, and leaves the rest for the next time', async () => {
  const lake = scratch();
  const raw = rawFolder(lake);
  for (const name of ['a', 'b', 'c']) writeFileSync(path.join(raw, `${name}.csv`), name);
  const { promise: entered, resolve: enter } = Promise.withResolvers<void>();
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const Validate: Step = async (input, context) => {
    enter();
    await held;
    return cleanSteps().Validate(input, context);
  };
  const engine = engineOn(lake, { steps: { ...cleanSteps(), Validate } });
  const watch = watching(lake, engine, { shares: sharesOf({ memoryMb: 512 }, 1) });
  await entered;
  const closed = watch.close();
  release();
  await closed;
  expect(engine.list().map(({ status }) => status)).toEqual(['succeeded']);

  const again = watching(lake, engineOn(lake));
  await again.ended(2);
  await again.close();
  expect(engine.list()).toHaveLength(3);
});

test('what failed earlier waits for a person', async () => {
  const lake = scratch();
  writeFileSync(path.join(rawFolder(lake), 'a.csv'), 'a');
  const engine = engineOn(lake, { steps: { ...cleanSteps(), Transform: failing('Fault', {}) } });
  const watch = watching(lake, engine);
  await watch.ended(1);
  await watch.close();
  const again = watching(lake, engine);
  await again.until(() => again.failedEarlier.length > 0);
  await again.close();
  expect(again.failedEarlier).toEqual([watch.executions[0]?.id]);
  expect(engine.list()).toMatchObject([{ status: 'failed', attempts: 1 }]);
});

/** Another process that is at `signups/a.csv`, and comes to no end. */
const otherAt = async (lake: string) => {
  writeFileSync(path.join(rawFolder(lake), 'a.csv'), 'a');
  const event = objectCreatedEvent('raw', await openLake(lake).raw.adopt('signups/a.csv'));
  const child = startNode('tests/helpers/hang-with-claim.ts', lake, JSON.stringify(event));
  await printed(child, 'hanging');
  return child;
};

test.each(['left', 'left of a file that has been removed since'])(
  'what a dead process %s is resumed',
  async (what) => {
    const lake = scratch();
    await kill(await otherAt(lake));
    if (what !== 'left') rmSync(path.join(lake, 'raw/signups/a.csv'));
    const watch = watching(lake, engineOn(lake));
    await watch.ended(1);
    await watch.close();
    expect(watch.executions).toMatchObject([{ status: 'succeeded', attempts: 2, key: 'signups/a.csv' }]);
  },
);

test('what another process is at is taken up when that one dies', async () => {
  const lake = scratch();
  const child = await otherAt(lake);
  const watch = watching(lake, engineOn(lake), { otherMs: SETTLED_MS });
  await watch.ready;
  writeFileSync(path.join(lake, 'raw/signups/b.csv'), 'b');
  await watch.ended(1);
  await kill(child);
  await watch.ended(2);
  await watch.close();
  expect(watch.executions).toMatchObject([
    { status: 'succeeded', attempts: 1, key: 'signups/b.csv' },
    { status: 'succeeded', attempts: 2, key: 'signups/a.csv' },
  ]);
});

test('a temporary file and a mark are ignored, which is said once; a file that is renamed from one is processed', async () => {
  const lake = scratch();
  const raw = rawFolder(lake);
  mkdirSync(path.join(raw, '_temporary/0'), { recursive: true });
  writeFileSync(path.join(raw, '_temporary/0/part.csv'), 'a\n1\n');
  writeFileSync(path.join(raw, '.part.csv.swp'), 'a\n');
  const engine = engineOn(lake);
  const watch = watching(lake, engine);
  await watch.ready;
  writeFileSync(path.join(raw, '_SUCCESS'), '');
  writeFileSync(path.join(raw, '2024_$folder$'), '');
  await watch.until(() => watch.ignored.length >= 4);
  renameSync(path.join(raw, '_temporary/0/part.csv'), path.join(raw, 'part.csv'));
  await watch.ended(1);
  await watch.close();
  expect(watch.ignored.toSorted()).toEqual([
    'signups/.part.csv.swp',
    'signups/2024_$folder$',
    'signups/_SUCCESS',
    'signups/_temporary/0/part.csv',
  ]);
  expect(engine.list().map(({ key }) => key)).toEqual(['signups/part.csv']);
});

test.each(['while somebody watches', 'when the watch begins'])(
  'a file whose name is not UTF-8 is reported once: %s',
  async (when) => {
    const lake = scratch();
    const raw = rawFolder(lake);
    const name = Buffer.concat([Buffer.from(`${raw}/lat`), Buffer.from([0xe9]), Buffer.from('n.csv')]);
    if (when === 'when the watch begins') writeFileSync(name, 'a\n1\n');
    const reported: string[] = [];
    const watch = watching(lake, engineOn(lake), {
      onError: (key, error) => reported.push(`${key}: ${error}`),
    });
    await watch.ready;
    if (when !== 'when the watch begins') {
      await setTimeout(2 * SETTLED_MS);
      writeFileSync(name, 'a\n1\n');
    }
    await watch.until(() => reported.length > 0);
    await setTimeout(2 * SETTLED_MS);
    await watch.close();
    expect(reported).toEqual([expect.stringMatching(/^signups\/lat\ufffdn\.csv: InvalidInput: .*not UTF-8/)]);
  },
);
