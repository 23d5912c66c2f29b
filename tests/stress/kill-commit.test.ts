import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { lakePaths } from '../../shared/lake/paths.ts';
import type { ObjectStore } from '../../shared/lake/storage/object-store.ts';
import { type MetadataVersion, Table } from '../../shared/lake/table/commit/table.ts';
import { removeOrphans } from '../../shared/lake/table/upkeep/orphans.ts';
import { referencedBy } from '../../shared/lake/table/upkeep/references.ts';
import { filesOfIntent } from '../../shared/stages/load-to-gold/silver/intent.ts';
import {
  expectedGold,
  expectedSilver,
  linearHistory,
  rowsIn,
  runsIn,
  type SourceRows,
  type StagedLake,
  stagedLake,
} from '../commit/lake.ts';
import { type Load, type LoadContext, load, MODEL } from '../commit/load.ts';
import { startChild } from '../helpers/child.ts';
import { scratch } from '../helpers/scratch.ts';
import { keysIn } from '../helpers/silver-lake.ts';

/** `b` deletes a row of `a`. The new version of `a` deletes another row of `b`, and replaces all rows of the old `a`. */
const BEFORE: SourceRows[] = [
  { file: 'a', turn: 1, ids: [1, 2, 3], v: 10 },
  { file: 'b', turn: 2, ids: [3, 4, 5], v: 21 },
];
const NEW: SourceRows = { file: 'a', turn: 3, ids: [1, 5, 6], v: 32 };

const rowsOf = (sources: SourceRows[]) => {
  const silver = expectedSilver(sources);
  return { silver, gold: expectedGold(silver) };
};
const OLD_ROWS = rowsOf(BEFORE);
const NEW_ROWS = rowsOf([...BEFORE.slice(1), NEW]);

let lake: StagedLake;
let coming: Load;

/** The tables at their old versions, each with the lock of a dead writer, so that the next writer must wait. */
beforeAll(async () => {
  lake = await stagedLake([...BEFORE, NEW]);
  const [a, b, last] = lake.loads as [Load, Load, Load];
  for (const each of [a, b]) await load(each, { ...lake.context, scratch: scratch() });
  coming = last;
  for (const [store, table] of tablesOf(lake.context))
    await store.write(lakePaths.locks(table, 'v00000003-0'), 'dead');
});

const tablesOf = ({ tables }: Pick<LoadContext, 'tables'>): [ObjectStore, string][] => [
  [tables.silver, 't'],
  [tables.gold, MODEL.name],
];

/** Runs the load in a process that is killed at its nth change; returns how it ended, and its output. */
const loadKilled = async (folder: string, n: number, when: string) => {
  const own = scratch();
  const file = path.join(own, 'load.json');
  writeFileSync(file, JSON.stringify(coming));
  const child = startChild('../commit/killed-process.ts', folder, lake.sqlDir, file, own, String(n), when);
  if (!child.stdout) throw new Error('no output to read');
  const [said, [code, signal]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  return { said, code, signal };
};

const newestOf = async (store: ObjectStore, table: string): Promise<MetadataVersion> => {
  const newest = await new Table(store, table).newest();
  if (newest === undefined) throw new Error(`${table} is gone`);
  return newest;
};

/** All objects in a table's bucket to which nothing refers. */
const unreferenced = async (store: ObjectStore, table: string): Promise<string[]> => {
  const referenced = await referencedBy(store, await newestOf(store, table));
  const hint = lakePaths.metadata(table, 'version-hint.text');
  return (await keysIn(store, '')).filter((key) => key !== hint && !referenced.has(key));
};

/** Each table is at its old or its new snapshot, with the rows of that snapshot; gold is never ahead of silver. */
const expectOldOrNew = async (context: LoadContext): Promise<void> => {
  const silver = (await newestOf(context.tables.silver, 't')).version === 2 ? OLD_ROWS : NEW_ROWS;
  const gold = (await newestOf(context.tables.gold, MODEL.name)).version === 2 ? OLD_ROWS : NEW_ROWS;
  expect(await rowsIn(context)).toEqual({ silver: silver.silver, gold: gold.gold });
  if (silver === OLD_ROWS) expect(gold).toBe(OLD_ROWS);
};

/** A second run completes the load, without duplicates; maintenance then removes all leftovers of the killed run. */
const expectRepaired = async (context: LoadContext): Promise<void> => {
  const done = await load(coming, { ...context, options: { leaseMs: 100 } });
  expect(done).toMatchObject({ status: 'loaded', version: 3, gold: { version: 3 } });
  expect(await rowsIn(context)).toEqual(NEW_ROWS);
  expect(runsIn(await linearHistory(context.tables.silver, 't'))).toEqual(
    lake.loads.map(({ run }) => run.run_id),
  );
  await linearHistory(context.tables.gold, MODEL.name);
  for (const [store, table] of tablesOf(context)) {
    await removeOrphans(store, new Table(store, table), {
      filesOfIntent,
      graceMs: 0,
      now: Date.now() + 1_000,
    });
    expect(await unreferenced(store, table)).toEqual([]);
  }
  expect(await rowsIn(context)).toEqual(NEW_ROWS);
};

test('after a kill before or during any change, the tables are at the old or the new snapshot', async () => {
  const undisturbed = lake.copy();
  const { said, code } = await loadKilled(undisturbed.folder, 0, 'before');
  expect(code).toBe(0);
  await expectRepaired(undisturbed.context);
  const changes = Number(said);
  // Each table: lock, manifests, manifest list, version, hint. Silver also: an intent and the sources.
  expect(changes).toBeGreaterThan(20);

  const points = Array.from({ length: changes }, (_, i) =>
    ['before', 'amid'].map((when) => ({ n: i + 1, when })),
  ).flat();
  const found = { silver: new Set<number>(), gold: new Set<number>() };
  const next = points.values();
  const worker = async (): Promise<void> => {
    for (const { n, when } of next) {
      const { folder, context } = lake.copy();
      expect([n, when, await loadKilled(folder, n, when)]).toEqual([
        n,
        when,
        { said: '', code: null, signal: 'SIGKILL' },
      ]);
      await expectOldOrNew(context);
      found.silver.add((await newestOf(context.tables.silver, 't')).version);
      found.gold.add((await newestOf(context.tables.gold, MODEL.name)).version);
      await expectRepaired(context);
    }
  };
  await Promise.all([worker(), worker(), worker()]);
  expect(found).toEqual({ silver: new Set([2, 3]), gold: new Set([2, 3]) });
});
