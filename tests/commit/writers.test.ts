import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { runChild } from '../helpers/child.ts';
import { scratch } from '../helpers/scratch.ts';
import { expectAll, type SourceRows, type StagedLake, sourcesFor, stagedLake } from './lake.ts';
import { type Loaded, loadAll, type Requests } from './load.ts';

type Counted = Pick<Loaded, 'status'> & { requests: Requests };

/**
 * Requests for metadata that one writer makes, however many there are at once. On the average it looks at the table
 * for each of the few versions that are made while it is there. (One alone makes 23. If each writer committed for
 * itself, it would be some 10 N.)
 */
const MOST = { onAverage: 75, besidesIntents: 150 };

/**
 * Requests for what waits, at most: one's own is written and removed; who begins a version lists them, reads a
 * hundred and removes those that are committed already. Who is passed by, as on a machine that stands still for a
 * lease, begins another.
 */
const mostForIntents = ({ begun }: Requests): number => 2 + 201 * begun;

let lake: StagedLake;
beforeAll(async () => {
  lake = await stagedLake(sourcesFor(200));
}, 120_000);

const sum = (done: readonly Counted[], of: (requests: Requests) => number): number =>
  done.reduce((total, { requests }) => total + of(requests), 0);

/** Without looks at a lock that another holds: their number depends on how long that takes. */
const work = ({ metadata, looks }: Requests): number => metadata - looks;

const expectBounded = (done: readonly Counted[]): void => {
  for (const { status, requests } of done) {
    expect(status).toBe('loaded');
    expect(requests.intents).toBeLessThanOrEqual(mostForIntents(requests));
    expect(work(requests) - requests.intents).toBeLessThanOrEqual(MOST.besidesIntents);
    // One look each time it has slept: 25, 50, 100 … ms, and then a second.
    expect(requests.looks).toBeLessThanOrEqual(requests.waits);
  }
  expect(sum(done, work)).toBeLessThanOrEqual(done.length * MOST.onAverage);
  // Silver's and gold's: a few for those who come first, in each of up to four processes, and then each for many.
  expect(sum(done, ({ versions }) => versions)).toBeLessThanOrEqual(2 * (8 + done.length / 10));
};

describe('writers in one process, each with rows of its own', () => {
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

  test('20, 50 and 200 at once: requests grow with their number, and not with its square', async () => {
    const each: number[] = [];
    for (const n of [20, 50, 200]) {
      const done = await loadFirst(n);
      expectBounded(done);
      each.push(sum(done, work) / n);
    }
    const [few = 0, , many = 0] = each;
    expect(many).toBeLessThanOrEqual(2.5 * few);
  }, 180_000);
});

test.each([20, 200])(
  '%i writers in four processes',
  async (n) => {
    const { folder, context } = lake.copy();
    const children = [0, 1, 2, 3].map(async (child) => {
      const own = scratch();
      const file = path.join(own, 'loads.json');
      writeFileSync(file, JSON.stringify(lake.loads.slice(0, n).filter((_, i) => i % 4 === child)));
      return JSON.parse(await runChild('../commit/writer-process.ts', folder, lake.sqlDir, file, own));
    });
    const done = (await Promise.all(children)).flat() as Counted[];
    expect(done).toHaveLength(n);
    expectBounded(done);
    await expectAll(context, lake, n);
  },
  180_000,
);

test('40 writers of the same keys: each key shows once, the latest upload’s', async () => {
  const common = await stagedLake(sourcesFor(40, 'common'));
  const { context } = common.copy();
  expectBounded(await loadAll(common.loads, context));
  await expectAll(context, common, 40);
}, 60_000);

test('eight versions each of four sources, and all of them twice: the newest of each is left', async () => {
  const sources = Array.from({ length: 32 }, (_, i): SourceRows => {
    const [source, version] = [i % 4, Math.floor(i / 4)];
    return { file: `f${source}`, turn: version + 1, ids: [source, 10 + i], v: i };
  });
  const racing = await stagedLake(sources);
  const { context } = racing.copy();
  const done = await loadAll([...racing.loads, ...racing.loads.toReversed()], context);
  for (const { status } of done) expect(['loaded', 'superseded']).toContain(status);
  // The newest was loaded, by both of its runs.
  for (const i of [28, 29, 30, 31])
    expect([i, done[i]?.status, done[63 - i]?.status]).toEqual([i, 'loaded', 'loaded']);
  await expectAll(context, { ...racing, sources: sources.slice(28) }, 4, { history: 'some' });
}, 60_000);
