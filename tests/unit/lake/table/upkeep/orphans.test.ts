import fc from 'fast-check';
import { DAY_MS, HOUR_MS } from '../../../../../shared/base/time.ts';
import { ObjectMissing, TableDamaged } from '../../../../../shared/errors.ts';
import { IndexTree } from '../../../../../shared/lake/index-tree/index-tree.ts';
import { lakePaths } from '../../../../../shared/lake/paths.ts';
import { Table } from '../../../../../shared/lake/table/commit/table.ts';
import type { DataFile } from '../../../../../shared/lake/table/data-file.ts';
import type { Draft } from '../../../../../shared/lake/table/draft.ts';
import { SUMMARY } from '../../../../../shared/lake/table/properties.ts';
import type { Snapshot } from '../../../../../shared/lake/table/read/snapshot.ts';
import {
  GRACE_MS,
  type OrphanOptions,
  removeOrphans,
} from '../../../../../shared/lake/table/upkeep/orphans.ts';
import { filesOfIntent } from '../../../../../shared/stages/load-to-gold/silver/intent.ts';
import { COLUMNS, changeBy, fileOf } from '../../../../helpers/increment.ts';
import { MemoryStore, requestsOf } from '../../../../helpers/memory-store.ts';
import { casesOf } from '../../../../helpers/stress.ts';

const START = Date.UTC(2026, 0, 1);
const RETENTION = { newest: 3, hours: 2, days: 2 };

const treeOf = (store: MemoryStore): IndexTree<unknown> =>
  new IndexTree(
    store,
    (node) => lakePaths.sources('t', node),
    (value) => value,
    { leafEntries: 2 },
  );

/** A table of files that hold nothing, on a store in memory. */
class World {
  readonly store = new MemoryStore();
  #names = 0;

  constructor() {
    this.store.clock.now = START;
  }

  get now(): number {
    return this.store.clock.now;
  }

  table(store = this.store): Table {
    const now = (): number => this.now;
    // Waiting for a dead writer's lock takes time.
    const sleep = async (ms: number): Promise<void> => {
      this.store.clock.now += Math.ceil(ms);
    };
    return new Table(store, 't', { now, retention: RETENTION, sleep });
  }

  /** Stages files as Transform does: they are in the store and in no snapshot. */
  async stage(count: number): Promise<DataFile[]> {
    const files: DataFile[] = [];
    for (let n = 0; n < count; n += 1) {
      this.#names += 1;
      const file = fileOf(`f${this.#names}`);
      await this.store.write(file.key, 'rows');
      files.push(file);
    }
    return files;
  }

  /** Adds files that replace others. */
  async commit(added: DataFile[], replaced: (live: DataFile[]) => DataFile[] = () => [], store = this.store) {
    const tree = treeOf(store);
    return await this.table(store).commit(
      changeBy(async (base) => {
        const removed = replaced((await base?.files()) ?? []);
        const withDeletes = removed.length > 0 ? added.slice(0, 1) : [];
        for (const { key } of withDeletes) await store.write(deletesOf(key), 'positions');
        const change = new Map(added.map(({ key }) => [key, { run: key }]));
        return {
          runId: 'run',
          operation: removed.length > 0 ? 'overwrite' : 'append',
          title: 'commit',
          columns: COLUMNS,
          partitionedBy: [],
          added,
          removed,
          changedDeletes: withDeletes.map((file) => ({
            file,
            deletes: { key: deletesOf(file.key), rows: 1, bytes: 9 },
          })),
          touched: 'all',
          properties: { [SUMMARY.sources]: await tree.put(base?.properties[SUMMARY.sources], change) },
        } satisfies Draft;
      }),
    );
  }

  /** A commit that fails before a reader can see it. */
  async die(): Promise<void> {
    const dying = this.store.watched(async (kind, key) => {
      if (kind === 'put' && key.endsWith('.metadata.json')) throw new RangeError('killed');
      if (kind === 'delete') throw new RangeError('killed');
    });
    await expect(this.commit(await this.stage(1), () => [], dying)).rejects.toThrow('killed');
  }

  async clean(options: Partial<OrphanOptions> = {}, store = this.store) {
    return await removeOrphans(store, this.table(store), { filesOfIntent, now: this.now, ...options });
  }

  keys(part = ''): string[] {
    return [...this.store.objects.keys()].filter((key) => key.includes(part)).toSorted();
  }

  /** Checks that all objects of all snapshots exist, and that the newest version is found with any hint. */
  async expectWhole(): Promise<void> {
    const newest = await this.table().newest();
    for (const snapshot of newest?.snapshot?.history ?? []) await this.expectReadable(snapshot);
    const hint = lakePaths.metadata('t', 'version-hint.text');
    for (const stale of [
      '',
      '1',
      ...this.keys('.metadata.json').map((key) => /v(\d+)/.exec(key)?.[1] ?? ''),
    ]) {
      await this.store.write(hint, stale);
      expect((await this.table().newest())?.version).toBe(newest?.version);
    }
  }

  async expectReadable(snapshot: Snapshot): Promise<void> {
    for (const { key, deletes } of await snapshot.files())
      expect(this.keys()).toEqual(expect.arrayContaining(deletes === undefined ? [key] : [key, deletes.key]));
    const root = snapshot.properties[SUMMARY.sources];
    for await (const [id] of treeOf(this.store).entries(root)) expect(id).toMatch(/^t\/data\//);
  }
}

const deletesOf = (key: string): string => key.replace('t/data/', 't/deletes/');

/** A table with an unreferenced file of each kind. */
const withOrphans = async (): Promise<World> => {
  const world = new World();
  for (let n = 0; n < 6; n += 1) await world.commit(await world.stage(1), (live) => live);
  await world.die();
  world.store.clock.now += GRACE_MS + 1;
  // Only the last of the earlier days keeps a snapshot.
  await world.commit(await world.stage(1), (live) => live);
  return world;
};

describe('what is removed', () => {
  test('what no snapshot refers to, of every kind', async () => {
    const world = await withOrphans();
    world.store.clock.now += DAY_MS;
    await world.table().expire();
    const before = world.keys();
    const { keys, bytes } = await world.clean();
    expect(bytes).toBeGreaterThan(0);
    expect(world.keys()).toEqual(before.filter((key) => !keys.includes(key)));
    const kinds = keys.map((key) =>
      key.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}|\d+/g, '*'),
    );
    expect([...new Set(kinds)].toSorted()).toEqual([
      '_commits/t/locks/v*-*',
      '_sources/t/*.json',
      't/data/f*.parquet',
      't/deletes/f*.parquet',
      't/metadata/*-data.avro',
      't/metadata/*-deletes.avro',
      't/metadata/snap-*-*.avro',
    ]);
    await world.expectWhole();
    expect((await world.clean()).keys).toEqual([]);
  });

  test('nothing that is younger than the grace period', async () => {
    const world = await withOrphans();
    world.store.clock.now = START + GRACE_MS;
    expect((await world.clean()).keys).toEqual([]);
    expect((await world.clean({ graceMs: DAY_MS })).keys).not.toEqual([]);
  });

  test('nothing in a dry run', async () => {
    const world = await withOrphans();
    const before = world.keys();
    const would = await world.clean({ dryRun: true });
    expect(would.keys.length).toBeGreaterThan(5);
    expect(world.keys()).toEqual(before);
    expect(await world.clean()).toEqual(would);
  });

  test('nothing that duckstep has not named', async () => {
    const world = await withOrphans();
    const strangers = [
      't/README',
      't/data/notes.txt',
      't/metadata/x.stats',
      '_sources/t/x',
      '_commits/t/locks/x',
    ];
    world.store.clock.now -= 10 * GRACE_MS;
    for (const key of [...strangers, 't2/data/a.parquet', '_sources/t2/x.json'])
      await world.store.write(key, 'x');
    world.store.clock.now += 10 * GRACE_MS;
    await world.clean();
    expect(world.keys()).toEqual(
      expect.arrayContaining([...strangers, 't2/data/a.parquet', '_sources/t2/x.json']),
    );
  });

  test('nothing of a table without a commit: its first run may be on its way', async () => {
    const world = new World();
    await world.stage(3);
    world.store.clock.now += 10 * GRACE_MS;
    expect((await world.clean()).keys).toEqual([]);
  });

  test('the oldest metadata files first; a hundred are kept', async () => {
    const world = new World();
    for (let n = 0; n < 130; n += 1) await world.commit(await world.stage(1));
    world.store.clock.now += GRACE_MS + 1;
    await world.clean();
    const versions = world.keys('.metadata.json').map((key) => Number(/v(\d+)/.exec(key)?.[1]));
    expect(versions.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 101 }, (_, n) => 30 + n));
    await world.expectWhole();
  });
});

describe('what stays', () => {
  test('what a reader may still be reading, whose snapshot has just expired', async () => {
    const world = new World();
    await world.commit(await world.stage(2));
    world.store.clock.now += 40 * DAY_MS;
    const opened = (await world.table().current()) as Snapshot;
    for (let n = 0; n < 6; n += 1) await world.commit(await world.stage(1), (live) => live);
    const { snapshot } = (await world.table().newest()) ?? {};
    expect(snapshot?.history.map(({ id }) => id)).not.toContain(opened.id);
    await world.clean();
    await world.expectReadable(opened);
    world.store.clock.now += DAY_MS + 1;
    expect((await world.clean()).keys).toContain((await opened.files())[0]?.key);
  });

  test('files of an intent that has waited for longer than the grace period', async () => {
    const world = new World();
    await world.commit(await world.stage(1));
    const files = await world.stage(2);
    const intent = lakePaths.intents('t', 'run.json');
    await world.store.write(intent, JSON.stringify({ staged: { files } }));
    await world.store.write(lakePaths.intents('t', 'other.json'), 'of another release');
    world.store.clock.now += 2 * GRACE_MS;
    const { keys } = await world.clean();
    expect(keys).toEqual([lakePaths.intents('t', 'other.json'), intent]);
    await world.commit(files);
    await world.expectWhole();
  });

  test('files of an intent that was committed just after the table was read', async () => {
    const world = new World();
    await world.commit(await world.stage(1));
    const body = JSON.stringify({ staged: { files: await world.stage(1) } });
    await world.store.write(lakePaths.intents('t', 'run.json'), body);
    world.store.clock.now += 2 * GRACE_MS;
    let taken = false;
    const racing = world.store.watched(async (kind, key) => {
      if (taken || kind !== 'get' || !key.includes('/snap-')) return;
      taken = true;
      await take(world, await waiting(world));
    });
    await world.clean({}, racing);
    expect(taken).toBe(true);
    await world.expectWhole();
  });

  test('what was written again since it was listed', async () => {
    const world = new World();
    await world.commit(await world.stage(1));
    const [again, gone] = await world.stage(2);
    world.store.clock.now += 2 * GRACE_MS;
    const racing = world.store.watched(async (kind, key) => {
      if (kind === 'get' && key.endsWith('.metadata.json')) await world.store.write(again?.key ?? '', 'rows');
    });
    expect((await world.clean({}, racing)).keys).toEqual([gone?.key]);
  });
});

describe('nothing is removed in case of doubt', () => {
  const damaged: [string, string, typeof ObjectMissing | typeof TableDamaged][] = [
    ['snap-', 'a list of manifests', ObjectMissing],
    ['-data.avro', 'a manifest', ObjectMissing],
    ['_sources/', 'a node of the index', ObjectMissing],
  ];
  test.each(damaged)('%s: %s is gone', async (part, _, error) => {
    const world = await withOrphans();
    const newest = (await world.table().newest())?.metadata.snapshots.at(-1);
    const wanted = world.keys(part).filter((key) => {
      const list = newest?.['manifest-list'] ?? '';
      return part === 'snap-' ? list.endsWith(key) : true;
    });
    for (const key of wanted) world.store.objects.delete(key);
    const before = world.keys();
    await expect(world.clean()).rejects.toThrow(error);
    expect(world.keys()).toEqual(before);
  });

  test.each(['snap-', '-data.avro', '_sources/', '.metadata.json'])('%s cannot be read', async (part) => {
    const world = await withOrphans();
    for (const key of world.keys(part)) await world.store.write(key, 'nonsense');
    const before = world.keys();
    await expect(world.clean()).rejects.toThrow(TableDamaged);
    expect(world.keys()).toEqual(before);
  });
});

test('a clean table costs reading its history, and no request for any file', async () => {
  const world = new World();
  for (let n = 0; n < 20; n += 1) await world.commit(await world.stage(1));
  const requests = await requestsOf(world.store, (store) =>
    removeOrphans(store, world.table(store as MemoryStore), { filesOfIntent, now: world.now }),
  );
  expect(requests).toMatchObject({ put: 0, delete: 0 });
  expect(requests.head).toBeLessThan(5);
});

/** A table that has had many commits, of which each left its metadata file and seven files that nothing refers to. */
const worn = async (commits: number): Promise<World> => {
  const world = new World();
  for (let n = 0; n < 3; n += 1) await world.commit(await world.stage(1));
  const { objects } = world.store;
  const keyOf = (version: number): string => lakePaths.metadata('t', `v${version}.metadata.json`);
  const newest = objects.get(keyOf(3));
  if (newest === undefined) throw new Error('There is no third version.');
  const old = { body: Buffer.from('{}'), lastModified: new Date(START) };
  for (let n = 4; n < commits; n += 1) objects.set(keyOf(n), old);
  for (let n = 0; n < commits; n += 1) {
    const id = String(n).padStart(12, '0');
    const uuid = `00000000-0000-4000-8000-${id}`;
    for (const key of [
      ...[`snap-${n}-${uuid}.avro`, `${uuid}-data.avro`, `${uuid}-deletes.avro`].map((name) =>
        lakePaths.metadata('t', name),
      ),
      lakePaths.data('t', `old-${id}.parquet`),
      lakePaths.deletes('t', `old-${id}.parquet`),
      lakePaths.sources('t', id.padStart(32, '0')),
      lakePaths.sources('t', id.padStart(32, 'f')),
    ])
      objects.set(key, old);
  }
  // Its history names the latest hundred metadata files only, of which there is none left here.
  const metadata = { ...JSON.parse(String(newest.body)), 'metadata-log': [] };
  objects.set(keyOf(commits), { ...newest, body: Buffer.from(JSON.stringify(metadata)) });
  await world.store.write(lakePaths.metadata('t', 'version-hint.text'), String(commits));
  world.store.clock.now = START + 2 * GRACE_MS;
  return world;
};

test('a day of 20,000 commits is cleared within the time of the function, at 20 ms a request', async () => {
  const commits = 20_000;
  const world = await worn(commits);
  // As S3.
  world.store.pageSize = 1_000;
  let removed = 0;
  const requests = await requestsOf(world.store, async (store) => {
    const { keys } = await removeOrphans(store, world.table(store as MemoryStore), {
      filesOfIntent,
      now: world.now,
    });
    removed = keys.length;
  });
  expect(removed).toBeGreaterThan(8 * commits - 200);
  const total = Object.values(requests).reduce((sum, count) => sum + count, 0);
  // Twice the listing of 160,000 objects, and their removal, by the thousand.
  expect(total).toBeLessThan(700);
  expect(requests).toMatchObject({ put: 0 });
  expect(total * 20).toBeLessThan(890_000 / 10);
});

test('where the hint is below old metadata files, they go one by one from below', async () => {
  const world = await worn(150);
  await world.store.write(lakePaths.metadata('t', 'version-hint.text'), '1');
  const gone: string[] = [];
  const watched = world.store.watched(async (kind, key) => {
    if (kind === 'delete' && key.endsWith('.metadata.json')) gone.push(key);
  });
  await world.clean({}, watched);
  expect(gone.length).toBeGreaterThan(100);
  expect(gone).toEqual(gone.map((_, n) => lakePaths.metadata('t', `v${n + 1}.metadata.json`)));
});

type Step =
  | { do: 'append' | 'replace' | 'compact' | 'expire' | 'die' | 'intend' | 'take' }
  | { do: 'wait'; hours: number }
  | {
      do: 'clean';
      graceHours: number;
      at: number[];
      meanwhile: ('append' | 'replace' | 'compact' | 'expire' | 'take')[];
    };

const stepOf = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('append', 'replace', 'compact').map((name) => ({ do: name })) },
  { weight: 2, arbitrary: fc.constantFrom('expire', 'die', 'intend', 'take').map((name) => ({ do: name })) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 1_000 }).map((hours) => ({ do: 'wait', hours })) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('clean'),
      graceHours: fc.integer({ min: 1, max: 400 }),
      at: fc.array(fc.nat({ max: 60 }), { maxLength: 4 }),
      meanwhile: fc.array(fc.constantFrom('append', 'replace', 'compact', 'expire', 'take'), {
        maxLength: 4,
      }),
    }),
  },
) as fc.Arbitrary<Step>;

test('every snapshot stays complete, whatever happened before and happens meanwhile', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(stepOf, { minLength: 3, maxLength: 25 }), async (steps) => {
      const world = new World();
      await world.commit(await world.stage(2));
      let intents = 0;
      const act = async (name: string, taken?: DataFile[]): Promise<void> => {
        if (name === 'append') await world.commit(await world.stage(2));
        if (name === 'replace') await world.commit(await world.stage(1), (live) => live.slice(0, 1));
        if (name === 'compact') await world.commit(await world.stage(1), (live) => live);
        if (name === 'expire') await world.table().expire();
        if (name === 'die') await world.die();
        if (name === 'intend') {
          intents += 1;
          const body = JSON.stringify({ staged: { files: await world.stage(1) } });
          await world.store.write(lakePaths.intents('t', `${intents}.json`), body);
        }
        if (name === 'take') await take(world, taken ?? (await waiting(world)));
      };
      for (const step of steps) {
        if (step.do === 'wait') world.store.clock.now += step.hours * HOUR_MS;
        else if (step.do !== 'clean') await act(step.do);
        else {
          let requests = 0;
          const queue = step.meanwhile.map((name, i) => ({ name, at: step.at[i] ?? 0 }));
          // A writer reads intents before it commits them.
          const read = await waiting(world);
          let busy = false;
          const racing = world.store.watched(async () => {
            requests += 1;
            if (busy) return;
            busy = true;
            for (const next of queue.filter(({ at }) => at === requests)) {
              queue.splice(queue.indexOf(next), 1);
              await act(next.name, next.name === 'take' ? read.splice(0) : undefined);
            }
            busy = false;
          });
          await world.clean({ graceMs: step.graceHours * HOUR_MS }, racing);
          await world.expectWhole();
        }
      }
      // The lock of a version that does not exist yet may be in use.
      await world.commit(await world.stage(1));
      // Without writers only referenced objects stay, and those that the table may need again.
      world.store.clock.now += 100 * DAY_MS;
      await world.table().expire();
      await world.clean();
      world.store.clock.now += 100 * DAY_MS;
      await world.clean();
      await world.expectWhole();
      const live = (
        await Promise.all(((await world.table().current())?.history ?? []).map((each) => each.files()))
      ).flat();
      expect(world.keys('t/data/')).toEqual([...new Set(live.map(({ key }) => key))].toSorted());
      expect(world.keys('_commits/')).toEqual([]);
    }),
    { numRuns: casesOf({ quick: 8, stress: 40 }) },
  );
});

/** The files of the intents that wait. */
const waiting = async (world: World): Promise<DataFile[]> => {
  const files: DataFile[] = [];
  for (const key of world.keys('/intents/')) {
    const body = await world.store.read(key);
    if (body === undefined) continue;
    files.push(...(JSON.parse(body.toString()) as { staged: { files: DataFile[] } }).staged.files);
  }
  return files;
};

/** Commits the waiting intents, whose writers then remove them. */
const take = async (world: World, files: DataFile[]): Promise<void> => {
  await world.commit(files);
  for (const key of world.keys('/intents/')) world.store.objects.delete(key);
};
