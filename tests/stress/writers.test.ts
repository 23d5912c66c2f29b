import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Counted, expectBounded, sum, work } from '../commit/bounds.ts';
import { expectAll, type SourceRows, type StagedLake, sourcesFor, stagedLake } from '../commit/lake.ts';
import { loadAll } from '../commit/load.ts';
import { runChild } from '../helpers/child.ts';
import { scratch } from '../helpers/scratch.ts';
import { keepLocksStill } from '../helpers/still-locks.ts';

keepLocksStill();

let lake: StagedLake;
beforeAll(async () => {
  lake = await stagedLake(sourcesFor(200));
});

describe('writers in one process, without common keys', () => {
  const loadFirst = async (n: number): Promise<Counted[]> => {
    const { context } = lake.copy();
    const done = await loadAll(lake.loads.slice(0, n), context);
    await expectAll(context, lake, n);
    return done;
  };

  test('one', async () => {
    const [only] = await loadFirst(1);
    expect(only?.requests).toEqual({
      metadata: 23,
      data: 2,
      looks: 0,
      waits: 0,
      versions: 2,
      intents: 1,
      begun: 1,
    });
  });

  test('20, 50 and 200 at once: requests grow in proportion to their number', async () => {
    const each: number[] = [];
    for (const n of [20, 50, 200]) {
      const done = await loadFirst(n);
      expectBounded(done);
      each.push(sum(done, work) / n);
    }
    const [few = 0, , many = 0] = each;
    expect(many).toBeLessThanOrEqual(2.5 * few);
  });
});

test.each([20, 200])('%i writers in four processes', async (n) => {
  const { folder, context } = lake.copy();
  const children = [0, 1, 2, 3].map(async (child) => {
    const own = scratch();
    const file = path.join(own, 'loads.json');
    writeFileSync(file, JSON.stringify(lake.loads.slice(0, n).filter((_, i) => i % 4 === child)));
    return JSON.parse(await runChild('../commit/writer-process.ts', folder, lake.sqlDir, file, own));
  });
  const done = (await Promise.all(children)).flat() as Counted[];
  expect(done).toHaveLength(n);
  // Processes that start one after the other share few versions; with many writers each version still has many runs.
  expectBounded(done, n < 100 ? 2 * n - 1 : undefined);
  await expectAll(context, lake, n);
});

test('40 writers of the same keys: each key shows once, with the row of the latest upload', async () => {
  const common = await stagedLake(sourcesFor(40, 'common'));
  const { context } = common.copy();
  expectBounded(await loadAll(common.loads, context));
  await expectAll(context, common, 40);
});

test('eight versions of each of four sources, each run twice: the newest version of each is kept', async () => {
  const sources = Array.from({ length: 32 }, (_, i): SourceRows => {
    const [source, version] = [i % 4, Math.floor(i / 4)];
    return { file: `f${source}`, turn: version + 1, ids: [source, 10 + i], v: i };
  });
  const racing = await stagedLake(sources);
  const { context } = racing.copy();
  const done = await loadAll([...racing.loads, ...racing.loads.toReversed()], context);
  for (const { status } of done) expect(['loaded', 'superseded']).toContain(status);
  // Both runs of the newest version report it as loaded.
  for (const i of [28, 29, 30, 31])
    expect([i, done[i]?.status, done[63 - i]?.status]).toEqual([i, 'loaded', 'loaded']);
  await expectAll(context, { ...racing, sources: sources.slice(28) }, 4, { history: 'some' });
});
