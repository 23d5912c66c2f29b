import { createHash } from 'node:crypto';
import { utimesSync } from 'node:fs';
import fc from 'fast-check';
import { z } from 'zod';
import { ObjectMissing, TableDamaged } from '../../../../shared/errors.ts';
import { IndexTree, MAX_LEAF_ENTRIES } from '../../../../shared/lake/index-tree/index-tree.ts';
import { FolderStore } from '../../../../shared/lake/storage/folder-store.ts';
import { metered } from '../../../../shared/lake/storage/metered-store.ts';
import type { ObjectStore } from '../../../../shared/lake/storage/object-store.ts';
import { scratch } from '../../../helpers/scratch.ts';

const state = z.object({ run: z.string(), version: z.int() });
type State = z.infer<typeof state>;

const keyOf = (name: string): string => `_sources/t/${name}.json`;
const open = (): ObjectStore => new FolderStore(scratch(), { name: 'silver' });
const treeIn = (store: ObjectStore, leafEntries?: number): IndexTree<State> =>
  new IndexTree(
    store,
    keyOf,
    (value) => state.parse(value),
    leafEntries === undefined ? {} : { leafEntries },
  );

const idOf = (number: number): string => createHash('sha256').update(String(number)).digest('hex');
const stateOf = (version: number): State => ({ run: `run-${version}`, version });
const some = (from: number, to: number): Map<string, State> =>
  new Map(Array.from({ length: to - from }, (_, index) => [idOf(from + index), stateOf(from + index)]));

const allOf = async <V>(entries: AsyncIterable<[string, V]>): Promise<[string, V][]> => {
  const all: [string, V][] = [];
  for await (const entry of entries) all.push(entry);
  return all;
};

const namesIn = async (store: ObjectStore): Promise<string[]> => {
  const names: string[] = [];
  for await (const { key } of store.list('')) names.push(key.slice('_sources/t/'.length, -'.json'.length));
  return names;
};

/** The cost of a call with an empty cache. */
const costOf = async (store: ObjectStore, call: (tree: IndexTree<State>) => Promise<unknown>) => {
  const counted = metered(store);
  await call(treeIn(counted));
  const { get, put, ...others } = counted.usage.requests;
  expect(others).toEqual({ head: 0, list: 0, delete: 0 });
  return { get, put, bytes: counted.usage.bytesRead + counted.usage.bytesWritten };
};

test('a map without a root is empty, and can be written', async () => {
  const store = open();
  const tree = treeIn(store);
  expect(await tree.get(undefined, 'a')).toBeUndefined();
  expect(await tree.getMany(undefined, ['a', 'b'])).toEqual(new Map());
  expect(await allOf(tree.entries(undefined))).toEqual([]);
  expect(await tree.reachable([])).toEqual(new Set());
  const root = await tree.put(undefined, new Map());
  expect(await allOf(treeIn(store).entries(root))).toEqual([]);
  expect(await tree.put(root, new Map([['a', stateOf(1)]]))).toBe(
    await tree.put(undefined, new Map([['a', stateOf(1)]])),
  );
});

test('a change leaves the version before it unchanged', async () => {
  const store = open();
  const tree = treeIn(store);
  const first = await tree.put(undefined, new Map([['a', stateOf(1)]]));
  const second = await tree.put(
    first,
    new Map([
      ['a', stateOf(2)],
      ['b', stateOf(3)],
    ]),
  );
  expect(second).toMatch(/^[0-9a-f]{32}$/);
  for (const reader of [tree, treeIn(store)]) {
    expect(await reader.getMany(first, ['a', 'b'])).toEqual(new Map([['a', stateOf(1)]]));
    expect(await reader.get(second, 'a')).toEqual(stateOf(2));
    expect(await reader.get(second, 'b')).toEqual(stateOf(3));
    expect(await reader.get(second, 'c')).toBeUndefined();
  }
});

test('objects are named by their content', async () => {
  const store = open();
  await treeIn(store, 2).put(undefined, some(0, 50));
  for (const name of await namesIn(store)) {
    const text = (await store.read(keyOf(name)))?.toString() ?? '';
    expect(createHash('sha256').update(text).digest('hex').slice(0, 32)).toBe(name);
  }
});

test('equal values are the same root, however their keys are ordered', async () => {
  const store = open();
  const tree = treeIn(store);
  const root = await tree.put(undefined, new Map([['a', { run: 'r', version: 1 }]]));
  const counted = metered(store);
  expect(await treeIn(counted).put(root, new Map([['a', { version: 1, run: 'r' }]]))).toBe(root);
  expect(await treeIn(counted).put(root, new Map())).toBe(root);
  expect(counted.usage.requests).toMatchObject({ get: 1, put: 0 });
});

/**
 * Reads and writes are one a level: root alone up to 128 entries, a branch and leaves up to some 25,000, one branch
 * more up to some 6 million. A change may divide a leaf, which is a node or two more.
 */
test.each([
  { entries: 10, levels: 1, bytes: 5_000 },
  { entries: 1_000, levels: 2, bytes: 50_000 },
  { entries: 20_000, levels: 2, bytes: 75_000 },
  { entries: 45_000, levels: 3, bytes: 75_000 },
])(
  'with $entries entries a commit costs a request each for $levels levels',
  async ({ entries, levels, bytes }) => {
    const store = open();
    const root = await treeIn(store).put(undefined, some(0, entries));
    for (let number = 0; number < 20; number += 1) {
      const known = await costOf(store, (tree) => tree.get(root, idOf(number % entries)));
      expect(known).toMatchObject({ get: levels, put: 0 });
      const replaced = await costOf(store, (tree) =>
        tree.put(root, new Map([[idOf(number % entries), stateOf(-1)]])),
      );
      expect(replaced).toMatchObject({ get: levels, put: levels });
      expect(replaced.bytes).toBeLessThan(bytes);
      const added = await costOf(store, (tree) =>
        tree.put(root, some(entries + number, entries + number + 1)),
      );
      expect(added.get).toBe(levels);
      expect(added.put).toBeLessThanOrEqual(levels + 2);
      expect(added.bytes).toBeLessThan(bytes);
    }
  },
);

test('growing one by one, no change writes more than two nodes beyond the levels', async () => {
  const store = open();
  let root: string | undefined;
  let most = 0;
  for (let number = 0; number < 600; number += 1) {
    const from = root;
    const cost = await costOf(store, async (tree) => {
      root = await tree.put(from, some(number, number + 1));
    });
    expect(cost.get).toBeLessThanOrEqual(2);
    most = Math.max(most, cost.put);
  }
  expect(most).toBeLessThanOrEqual(4);
  expect(await treeIn(store).getMany(root, some(0, 600).keys())).toEqual(some(0, 600));
});

test('many changes share the nodes above them', async () => {
  const store = open();
  const tree = treeIn(store);
  const root = await tree.put(undefined, some(0, 1_000));
  const nodes = (await tree.reachable([root])).size;
  expect(nodes).toBeLessThanOrEqual(1 + (2.5 * 1_000) / MAX_LEAF_ENTRIES);
  const replaced = new Map([...some(0, 1_000).keys()].map((id) => [id, stateOf(7)]));
  expect(await costOf(store, (fresh) => fresh.put(root, replaced))).toMatchObject({ get: nodes, put: nodes });
  expect(await costOf(store, (fresh) => fresh.getMany(root, replaced.keys()))).toMatchObject({ get: nodes });
});

test('an instance does not read again what it has read or written', async () => {
  const store = open();
  const root = await treeIn(store).put(undefined, some(0, 1_000));
  const counted = metered(store);
  const tree = treeIn(counted);
  await Promise.all([tree.get(root, idOf(1)), tree.get(root, idOf(1))]);
  await tree.get(root, idOf(1));
  expect(counted.usage.requests.get).toBe(2);
  const next = await tree.put(root, new Map([[idOf(1), stateOf(5)]]));
  expect(await tree.get(next, idOf(1))).toEqual(stateOf(5));
  expect(counted.usage.requests).toMatchObject({ get: 2, put: 2 });
});

test('drops nodes from memory, which does not grow with the map', async () => {
  const store = open();
  const root = await treeIn(store, 1).put(undefined, some(0, 1_500));
  const counted = metered(store);
  const tree = treeIn(counted, 1);
  await tree.getMany(root, some(0, 1_500).keys());
  const once = counted.usage.requests.get;
  await tree.getMany(root, some(0, 1_500).keys());
  expect(counted.usage.requests.get).toBeGreaterThan(once + 500);
});

test('a leftover of an attempt that never committed becomes young again when it is needed', async () => {
  const store = open();
  const abandoned = await treeIn(store).put(undefined, some(0, 3));
  const yesterday = Date.now() / 1000 - 86_400;
  utimesSync(await store.localPath(keyOf(abandoned), ''), yesterday, yesterday);
  const before = await store.head(keyOf(abandoned));
  const counted = metered(store);
  expect(await treeIn(counted).put(undefined, some(0, 3))).toBe(abandoned);
  const after = await store.head(keyOf(abandoned));
  expect(after?.lastModified.getTime()).toBeGreaterThan(before?.lastModified.getTime() ?? 0);
});

const ids = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.constantFrom('', '__proto__', 'constructor', '0', '10', '\ud800', '\ud801', 'a/b', '../x'),
  fc.nat({ max: 60 }).map(idOf),
);
const batches = fc.array(fc.array(fc.tuple(ids, fc.nat().map(stateOf)), { maxLength: 40 }), { maxLength: 6 });

test('is a map at every step of its history, and equal maps have equal roots', async () => {
  const store = open();
  await fc.assert(
    fc.asyncProperty(batches, fc.integer({ min: 1, max: 5 }), async (history, leafEntries) => {
      const tree = treeIn(store, leafEntries);
      let root = await tree.put(undefined, new Map());
      const model = new Map<string, State>();
      const past: { root: string; state: Map<string, State> }[] = [];
      for (const batch of history) {
        root = await tree.put(root, new Map(batch));
        for (const [id, value] of batch) model.set(id, value);
        past.push({ root, state: new Map(model) });
      }
      const fresh = treeIn(store, leafEntries);
      for (const { root, state } of past) {
        expect(new Map(await allOf(fresh.entries(root)))).toEqual(state);
        expect(await allOf(fresh.entries(root))).toHaveLength(state.size);
        expect(await fresh.getMany(root, [...model.keys(), 'never'])).toEqual(state);
      }
      const atOnce = new Map([...model].reverse());
      expect(await treeIn(store, leafEntries).put(undefined, atOnce)).toBe(root);
    }),
    { numRuns: 60 },
  );
});

test('a tree with another size of leaves can be read and changed', async () => {
  const store = open();
  let root = await treeIn(store, 2).put(undefined, some(0, 100));
  root = await treeIn(store, 50).put(root, some(100, 200));
  root = await treeIn(store, 1).put(root, some(200, 300));
  expect(new Map(await allOf(treeIn(store).entries(root)))).toEqual(some(0, 300));
});

test('reachable are exactly the nodes of the roots, each read once and leaves not at all', async () => {
  const store = open();
  const tree = treeIn(store, 2);
  const first = await tree.put(undefined, some(0, 1_000));
  const all = new Set(await namesIn(store));
  expect(await treeIn(store, 2).reachable([first])).toEqual(all);
  const second = await tree.put(first, some(1_000, 1_001));
  await tree.put(second, some(2_000, 2_100));

  const counted = metered(store);
  const fresh = treeIn(counted, 2);
  const seen = await fresh.reachable([first]);
  const branches = counted.usage.requests.get;
  expect(branches).toBeLessThan(all.size / 2);
  const both = await fresh.reachable([first, second, second], seen);
  expect(both).toBe(seen);
  // Those on the way to the one new leaf.
  expect(counted.usage.requests.get).toBeLessThanOrEqual(branches + 3);
  expect(both.size).toBeGreaterThan(all.size);

  for (const name of await namesIn(store)) if (!both.has(name)) await store.remove(keyOf(name));
  const pruned = treeIn(store, 2);
  expect(new Map(await allOf(pruned.entries(first)))).toEqual(some(0, 1_000));
  expect(new Map(await allOf(pruned.entries(second)))).toEqual(some(0, 1_001));
});

test('walking a large map reads each node once', async () => {
  const store = open();
  const root = await treeIn(store, 1).put(undefined, some(0, 2_000));
  const counted = metered(store);
  expect(await allOf(treeIn(counted, 1).entries(root))).toHaveLength(2_000);
  expect(counted.usage.requests.get).toBe((await namesIn(store)).length);
});

test('a node that is gone is named', async () => {
  const store = open();
  const root = await treeIn(store).put(undefined, some(0, 3));
  await store.remove(keyOf(root));
  const tree = treeIn(store);
  for (const call of [
    tree.get(root, 'a'),
    tree.put(root, some(4, 5)),
    tree.reachable([root]),
    allOf(tree.entries(root)),
  ]) {
    const failure = await call.then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(ObjectMissing);
    expect(failure).toMatchObject({ message: expect.stringContaining(`silver/${keyOf(root)} is not there`) });
  }
  // Its absence is not cached, since a person may restore it.
  await treeIn(store).put(undefined, some(0, 3));
  expect(await tree.get(root, idOf(0))).toEqual(stateOf(0));
});

const child = '0'.repeat(32);
test.each([
  ['', 'not JSON'],
  ['{"format":1,"entries":[', 'not JSON'],
  ['null', 'not a node of format 1'],
  ['{"format":2,"entries":[]}', 'not a node of format 1'],
  ['{"format":1,"entries":[[1,{}]]}', 'not a node of format 1'],
  ['{"format":1,"leaves":[["0","x"]],"branches":[]}', 'not a node of format 1'],
  [`{"format":1,"leaves":[["2","${child}"]],"branches":[]}`, 'not a node of format 1'],
  [`{"format":1,"leaves":[],"branches":[["0","${child}"]]}`, 'not a node of format 1'],
  ['{"format":1,"entries":[["a",{"run":1}]]}', 'a value is not what it must be'],
])('a broken node is rejected with its location and what is wrong: %#', async (text, reason) => {
  const store = open();
  const name = 'f'.repeat(32);
  await store.write(keyOf(name), text);
  const reading = treeIn(store).get(name, 'a');
  await expect(reading).rejects.toThrow(TableDamaged);
  await expect(reading).rejects.toThrow(
    `silver/${keyOf(name)} is not a state of sources that can be read: ${reason}`,
  );
});

test('a value that could not be read again is not written', async () => {
  const store = open();
  const broken = { run: 'r', version: Number.NaN };
  await expect(treeIn(store).put(undefined, new Map([['a', broken]]))).rejects.toThrow(TableDamaged);
  expect(await namesIn(store)).toEqual([]);
});

test('values of a newer release survive a change of another entry', async () => {
  const store = open();
  const newer = new IndexTree<Record<string, unknown>>(store, keyOf, (value) =>
    z.looseObject({}).parse(value),
  );
  const root = await newer.put(undefined, new Map([['a', { run: 'r', version: 1, more: [1, { x: null }] }]]));
  const next = await treeIn(store).put(root, new Map([['b', stateOf(2)]]));
  expect(await newer.get(next, 'a')).toEqual({ run: 'r', version: 1, more: [1, { x: null }] });
});
