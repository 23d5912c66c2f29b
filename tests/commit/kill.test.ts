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
import { startChild } from '../helpers/child.ts';
import { scratch } from '../helpers/scratch.ts';
import { keysIn } from '../helpers/silver-lake.ts';
import {
  expectedGold,
  expectedSilver,
  linearHistory,
  rowsIn,
  runsIn,
  type SourceRows,
  type StagedLake,
  stagedLake,
} from './lake.ts';
import { type Load, type LoadContext, load, MODEL } from './load.ts';

/** `b` hides a row of `a`; the new version of `a` hides another of `b`, and shows none of what `a` was. */
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

/** The tables at their old versions, each with the lock of a writer that died: who comes has to wait, and says so. */
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

/** Does the load in a process that is killed at its nth change: how it ended, and what it said. */
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

/** Everything that lies in a table's bucket, and nothing refers to. */
const unreferenced = async (store: ObjectStore, table: string): Promise<string[]> => {
  const referenced = await referencedBy(store, await newestOf(store, table));
  const hint = lakePaths.metadata(table, 'version-hint.text');
  return (await keysIn(store, '')).filter((key) => key !== hint && !referenced.has(key));
};

/** Each table is at its old snapshot or its new one, with that one's rows; gold is never ahead of silver. */
const expectOldOrNew = async (context: LoadContext): Promise<void> => {
  const silver = (await newestOf(context.tables.silver, 't')).version === 2 ? OLD_ROWS : NEW_ROWS;
  const gold = (await newestOf(context.tables.gold, MODEL.name)).version === 2 ? OLD_ROWS : NEW_ROWS;
  expect(await rowsIn(context)).toEqual({ silver: silver.silver, gold: gold.gold });
  if (silver === OLD_ROWS) expect(gold).toBe(OLD_ROWS);
};

/** Run anew, the load is complete, once; maintenance then removes all that the killed one left. */
const expectMended = async (context: LoadContext): Promise<void> => {
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

test('killed before any change, and in the middle of any, the tables are at the old or the new snapshot', async () => {
  const undisturbed = lake.copy();
  const { said, code } = await loadKilled(undisturbed.folder, 0, 'before');
  expect(code).toBe(0);
  await expectMended(undisturbed.context);
  const changes = Number(said);
  // Of each table a lock, manifests, their list, the version, the hint; of silver an intent and sources beside.
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
      await expectMended(context);
    }
  };
  await Promise.all([worker(), worker(), worker()]);
  expect(found).toEqual({ silver: new Set([2, 3]), gold: new Set([2, 3]) });
});
