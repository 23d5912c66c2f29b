import type { ObjectStore } from '../../shared/lake/storage/object-store.ts';
import { expectAll, linearHistory, type StagedLake, sourcesFor, stagedLake } from './lake.ts';
import { type Load, load, MODEL } from './load.ts';

let lake: StagedLake;
beforeAll(async () => {
  lake = await stagedLake(sourcesFor(12, 'common'));
});

/** The same store, in which the creation of one object waits until it is released. */
const holdingBack = (store: ObjectStore, ending: string) => {
  const [reached, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const create = async (key: string, body: string | Buffer): Promise<boolean> => {
    if (key.endsWith(ending)) {
      reached.resolve();
      await released.promise;
    }
    return await store.writeIfAbsent(key, body);
  };
  const held = new Proxy(store, {
    get: (target, name) => {
      if (name === 'writeIfAbsent') return create;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  return { store: held, reached: reached.promise, release: released.resolve };
};

test('a holder whose lock expired while it worked loses the version, and commits the next', async () => {
  const { context } = lake.copy();
  const [slow, quick] = lake.loads as [Load, Load];
  const { store, reached, release } = holdingBack(context.tables.silver, 't/metadata/v1.metadata.json');
  const tables = { ...context.tables, silver: store };
  const slowly = load(slow, { ...context, tables });
  await reached;
  expect(await load(quick, { ...context, options: { leaseMs: 50 } })).toMatchObject({ version: 1 });
  release();
  expect(await slowly).toMatchObject({ status: 'loaded', version: 2 });
  await expectAll(context, lake, 2);
});

test('writers whose clocks differ by days lose no commit, and times in a table never go back', async () => {
  const { context } = lake.copy();
  const done = lake.loads.map(async (each, i) => {
    const skew = (i - 6) * 86_400_000;
    return await load(each, { ...context, options: { now: () => Date.now() + skew } });
  });
  for (const { status } of await Promise.all(done)) expect(status).toBe('loaded');
  await expectAll(context, lake, 12);
  for (const [store, table] of [
    [context.tables.silver, 't'],
    [context.tables.gold, MODEL.name],
  ] as const) {
    const times = (await linearHistory(store, table)).map((metadata) => metadata['last-updated-ms']);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  }
});
