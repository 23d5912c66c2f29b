import fc from 'fast-check';
import { Scheduler } from '../../../../operate/local/scheduler.ts';
import type { Shares } from '../../../../operate/local/shares.ts';

const LARGE = 100e6;

const shares = (concurrency: number, large = Math.max(1, Math.min(2, concurrency - 1))): Shares => ({
  concurrency,
  large,
  memoryMb: { small: 700, large: 4000 },
});

/** A scheduler of jobs that run until they are told to end. */
const held = (from: Shares) => {
  const scheduler = new Scheduler(from);
  const started: string[] = [];
  const memory: number[] = [];
  const running = new Map<string, () => void>();
  const add = (name: string, bytes = 1000, key = name): Promise<string> =>
    scheduler.add({
      key,
      bytes,
      run: (memoryMb) => {
        started.push(name);
        memory.push(memoryMb);
        return new Promise((resolve) => running.set(name, () => resolve(name)));
      },
    });
  const end = async (name: string): Promise<void> => {
    running.get(name)?.();
    running.delete(name);
    await new Promise(setImmediate);
  };
  return { scheduler, started, memory, running, add, end };
};

test('no more than the shares allow run at a time, in their order', async () => {
  const { started, add, end } = held(shares(3));
  for (const name of ['a', 'b', 'c', 'd', 'e']) void add(name);
  expect(started).toEqual(['a', 'b', 'c']);
  await end('b');
  await end('a');
  expect(started).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('one large file at a time while small ones wait, two when none does, and a slot left for the next', async () => {
  const { started, add, end } = held(shares(3));
  for (const name of ['x', 'y', 'z']) void add(name);
  for (const name of ['L1', 'L2', 'L3']) void add(name, LARGE);
  for (const name of ['a', 'b', 'c']) void add(name);
  await end('x');
  expect(started.slice(3)).toEqual(['L1']);
  await end('y');
  await end('z');
  await end('a');
  expect(started.slice(3)).toEqual(['L1', 'a', 'b', 'c']);
  await end('b');
  expect(started.slice(7)).toEqual(['L2']);
  await end('c');
  expect(started.slice(8)).toEqual([]);
  void add('d');
  expect(started.slice(8)).toEqual(['d']);
  await end('d');
  await end('L1');
  expect(started.slice(9)).toEqual(['L3']);
});

test('of large files the least goes first, and the oldest after ten others', async () => {
  const { started, add, end } = held(shares(2));
  void add('running', LARGE);
  void add('giant', 50 * LARGE);
  for (let n = 0; n < 15; n += 1) void add(`${n}`, LARGE);
  for (let n = 0; n < 16; n += 1) await end(started.at(-1) ?? '');
  expect(started.indexOf('giant')).toBe(11);
  expect(started.filter((name) => /^\d+$/.test(name))).toEqual(Array.from({ length: 15 }, (_, n) => `${n}`));
});

test('one at a time: a large file waits for ten small ones, and no more', async () => {
  const { started, add, end } = held(shares(1));
  void add('first');
  for (const name of ['L1', 'L2']) void add(name, LARGE);
  for (let n = 0; n < 25; n += 1) void add(`${n}`);
  for (let n = 0; n < 28; n += 1) await end(started.at(-1) ?? '');
  expect(started).toHaveLength(28);
  expect([started.indexOf('L1'), started.indexOf('L2')]).toEqual([11, 22]);
});

test('versions of one key run one after the other, in their order, whatever their size', async () => {
  const { scheduler, started, add, end } = held(shares(3));
  void add('v1', LARGE, 'k');
  void add('v2', 1000, 'k');
  void add('v3', LARGE, 'k');
  void add('other');
  expect(started).toEqual(['v1', 'other']);
  expect(scheduler.load.waiting).toEqual({ small: 1, large: 1 });
  await end('v1');
  await end('v2');
  expect(started).toEqual(['v1', 'other', 'v2', 'v3']);
});

test('tells what runs and waits, and gives each class its memory', async () => {
  const { scheduler, memory, add, end } = held(shares(2));
  for (const name of ['L1', 'L2']) void add(name, LARGE);
  for (const name of ['a', 'b', 'c']) void add(name);
  expect(memory).toEqual([4000, 700]);
  await end('a');
  expect(scheduler.load).toEqual({
    running: { small: 1, large: 1 },
    waiting: { small: 1, large: 1 },
    done: 1,
  });
});

test('a job that fails leaves its slot, and its error to who added it', async () => {
  const scheduler = new Scheduler(shares(1));
  const failing = scheduler.add({ key: 'a', bytes: 1, run: () => Promise.reject(new Error('no')) });
  const next = scheduler.add({ key: 'a', bytes: 1, run: () => Promise.resolve('yes') });
  await expect(failing).rejects.toThrow('no');
  await expect(next).resolves.toBe('yes');
});

test('closing waits for what runs, and starts nothing more', async () => {
  const { scheduler, started, add, end } = held(shares(1));
  const running = add('a', 1, 'k');
  for (const name of ['b', 'c']) void add(name, 1, 'k');
  void add('d');
  let closed = false;
  const closing = scheduler.close().then(() => {
    closed = true;
  });
  void add('e');
  await new Promise(setImmediate);
  expect(closed).toBe(false);
  await end('a');
  await closing;
  await expect(running).resolves.toBe('a');
  expect(started).toEqual(['a']);
});

test('however files come and end, all run once, within their bounds, each key in its order', async () => {
  const file = fc.record({ large: fc.boolean(), key: fc.integer({ min: 0, max: 9 }) });
  const cases = fc.tuple(
    fc.array(file, { maxLength: 40 }),
    fc.integer({ min: 1, max: 5 }),
    fc.infiniteStream(fc.nat()),
  );
  await fc.assert(
    fc.asyncProperty(cases, async ([files, concurrency, choices]) => {
      const bounds = shares(concurrency);
      const { scheduler, started, running, add, end } = held(bounds);
      const names = files.map(({ key, large }, i) => `${key}-${large ? 'L' : 'S'}-${i}`);
      const done = names.map((name, i) => add(name, files[i]?.large ? LARGE : 1, name.split('-')[0]));
      while (running.size > 0) {
        const now = [...running.keys()];
        expect(now.length).toBeLessThanOrEqual(concurrency);
        const { load } = scheduler;
        expect(load.running.large).toBeLessThanOrEqual(bounds.large);
        expect(new Set(now.map((name) => name.split('-')[0])).size).toBe(now.length);
        await end(now[(choices.next().value ?? 0) % now.length] ?? '');
      }
      await Promise.all(done);
      expect(started.toSorted()).toEqual(names.toSorted());
      for (const key of new Set(files.map((each) => `${each.key}-`)))
        expect(started.filter((name) => name.startsWith(key))).toEqual(
          names.filter((name) => name.startsWith(key)),
        );
    }),
  );
});
