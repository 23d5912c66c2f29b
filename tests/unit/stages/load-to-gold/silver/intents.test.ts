import { utimesSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { StorageUnavailable } from '../../../../../shared/errors.ts';
import { lakePaths } from '../../../../../shared/lake/paths.ts';
import { CommitLock } from '../../../../../shared/lake/table/commit/locks.ts';
import type { RunIdentity } from '../../../../../shared/run/run-identity.ts';
import type { Intent } from '../../../../../shared/stages/load-to-gold/silver/intent.ts';
import { Intents } from '../../../../../shared/stages/load-to-gold/silver/intents.ts';
import { sourcesRoot, sourceTree } from '../../../../../shared/stages/load-to-gold/silver/sources.ts';
import type { StagedSilver } from '../../../../../shared/stages/transform/staged-silver.ts';
import { contractOf, keysIn, latestBy, rowsSql, runOf, SilverLake } from '../../../../helpers/silver-lake.ts';

const KEYED = ['{ name: id, logicalType: integer, primaryKey: true }', '{ name: v, logicalType: string }'];
const rows = (...values: string[]) => rowsSql('id, v', ...values);

const newLake = async () => new SilverLake(await contractOf(KEYED));
const values = async (lake: SilverLake) =>
  (await lake.query('SELECT v FROM silver.t ORDER BY ALL')).map(({ v }) => v);

/** Leaves the intent of a run that died while it waited for its turn. */
const leave = async (
  lake: SilverLake,
  run: RunIdentity,
  staged: StagedSilver,
  of: Partial<Intent> = {},
): Promise<void> =>
  await new Intents(lake.store, 't').write({ run, staged, fingerprint: lake.contract.fingerprint, ...of });

const leaveRows = async (lake: SilverLake, file: string, turn: number, sql: string): Promise<RunIdentity> => {
  const run = runOf(file, turn);
  await leave(lake, run, await lake.stage(run, sql));
  return run;
};

const waiting = async (lake: SilverLake) => await keysIn(lake.store, lakePaths.intents('t', ''));

describe('the run that commits takes along those that wait', () => {
  test('all in one snapshot, which names the runs; the next commit clears what the dead left', async () => {
    const lake = await newLake();
    const dead = [];
    for (let i = 0; i < 3; i += 1)
      dead.push(await leaveRows(lake, `dead${i}`, i, rows(`(${i}, 'dead${i}')`)));
    expect(await lake.upload('a', 9, rows("(9, 'a')"))).toEqual({ status: 'loaded', version: 1 });
    expect(await values(lake)).toEqual(['a', 'dead0', 'dead1', 'dead2']);
    const snapshot = await lake.snapshot();
    expect(snapshot.runId).toBe(runOf('a', 9).run_id);
    expect(snapshot.properties['duckstep.run-ids']?.split(' ').toSorted()).toEqual(
      [runOf('a', 9), ...dead].map(({ run_id }) => run_id).toSorted(),
    );
    expect(await waiting(lake)).toHaveLength(3);
    await lake.upload('b', 10, rows("(10, 'b')"));
    expect(await waiting(lake)).toEqual([]);
    expect(await values(lake)).toEqual(['a', 'b', 'dead0', 'dead1', 'dead2']);
  });

  test('a run that was taken along finds itself committed, and commits nothing', async () => {
    const lake = await newLake();
    const run = runOf('late', 1);
    const staged = await lake.stage(run, rows("(1, 'late')"));
    await leave(lake, run, staged);
    await lake.upload('a', 2, rows("(2, 'a')"));
    expect(await lake.load(run, staged)).toEqual({ status: 'loaded', version: 1 });
    expect((await lake.snapshot()).version).toBe(1);
    const tree = sourceTree(lake.store, 't');
    expect(await tree.get(sourcesRoot(await lake.snapshot()), run.source_id)).toMatchObject({
      runId: run.run_id,
      content: staged.content,
      sequencer: run.sequencer,
    });
  });

  test('keys that those have in common show once, the latest upload’s, or as the contract orders', async () => {
    for (const [custom, expected] of [
      [[], 'dead2'],
      [[latestBy('v asc')], 'a'],
    ] as [string[], string][]) {
      const lake = new SilverLake(await contractOf(KEYED, custom));
      await lake.upload('old', 0, rows("(1, 'old')"));
      for (const turn of [1, 2]) await leaveRows(lake, `dead${turn}`, turn, rows(`(1, 'dead${turn}')`));
      await lake.upload('a', 1, rows("(1, 'a')"));
      expect(await values(lake)).toEqual([expected]);
      expect((await lake.snapshot()).version).toBe(2);
    }
  });

  test('of a source that waits in several versions, the newest alone', async () => {
    const lake = await newLake();
    for (const turn of [2, 4, 3]) await leaveRows(lake, 's', turn, rows(`(1, 's${turn}')`, `(${turn}, 'x')`));
    await lake.upload('a', 1, rows("(9, 'a')"));
    expect(await values(lake)).toEqual(['a', 's4', 'x']);
    await lake.upload('b', 5, rows("(10, 'b')"));
    expect(await waiting(lake)).toEqual([]);
    expect(await values(lake)).toEqual(['a', 'b', 's4', 'x']);
  });

  test('a run whose source waits in a newer version is superseded', async () => {
    const lake = await newLake();
    await leaveRows(lake, 's', 2, rows("(1, 'new')"));
    expect(await lake.upload('s', 1, rows("(1, 'old')"))).toEqual({ status: 'superseded', version: 1 });
    expect(await values(lake)).toEqual(['new']);
    expect((await lake.snapshot()).runId).toBe(runOf('s', 2).run_id);
  });

  test('a version with the same rows confirms what is there', async () => {
    const lake = await newLake();
    await lake.upload('s', 1, rows("(1, 's')"));
    await leaveRows(lake, 's', 3, rows("(1, 's')"));
    await lake.upload('a', 4, rows("(2, 'a')"));
    expect(await lake.upload('s', 2, rows("(1, 'between')"))).toMatchObject({ status: 'superseded' });
    expect(await values(lake)).toEqual(['a', 's']);
  });

  test('an older version than what is committed is cleared away', async () => {
    const lake = await newLake();
    await lake.upload('s', 5, rows("(1, 'new')"));
    await leaveRows(lake, 's', 2, rows("(1, 'old')"));
    await lake.upload('a', 6, rows("(2, 'a')"));
    expect(await values(lake)).toEqual(['a', 'new']);
    expect(await waiting(lake)).toEqual([]);
  });
});

describe('a waiting run is left alone', () => {
  const expectLeft = async (lake: SilverLake) => {
    expect(await lake.upload('a', 9, rows("(9, 'a')"))).toMatchObject({ status: 'loaded' });
    expect(await values(lake)).toEqual(['a']);
    expect(await waiting(lake)).toHaveLength(1);
  };

  test('under another contract', async () => {
    const lake = await newLake();
    const run = runOf('dead', 1);
    await leave(lake, run, await lake.stage(run, rows("(1, 'dead')")), { fingerprint: 'another' });
    await expectLeft(lake);
  });

  test('with other field ids than the table has', async () => {
    const lake = await newLake();
    const run = runOf('dead', 1);
    const staged = await lake.stage(run, rows("(1, 'dead')"));
    const fields = staged.schema.fields.map((field) => ({ ...field, id: field.id + 10 }));
    await leave(lake, run, { ...staged, schema: { ...staged.schema, fields } });
    await expectLeft(lake);
  });

  test.each([
    ['of another release', (text: string) => text.replace('"format":1', '"format":2')],
    ['that is cut', (text: string) => text.slice(0, -1)],
    ['that is null', () => 'null'],
  ])('by an object %s', async (_, change) => {
    const lake = await newLake();
    await leaveRows(lake, 'dead', 1, rows("(1, 'dead')"));
    const [key = ''] = await waiting(lake);
    await lake.store.write(key, change((await lake.store.read(key))?.toString() ?? ''));
    await expectLeft(lake);
  });
});

test('a waiting run whose files are gone keeps no other from committing', async () => {
  const lake = await newLake();
  const run = runOf('dead', 1);
  const staged = await lake.stage(run, rows("(1, 'dead')"));
  await leave(lake, run, staged);
  for (const { key } of staged.files) await lake.store.remove(key);
  expect(await lake.upload('a', 9, rows("(1, 'a')"))).toMatchObject({ status: 'loaded' });
  expect(await values(lake)).toEqual(['a']);
});

test('an intent that is a day old is removed', async () => {
  const lake = await newLake();
  await leaveRows(lake, 'dead', 1, rows("(1, 'dead')"));
  const [key = ''] = await waiting(lake);
  const yesterday = Date.now() / 1000 - 25 * 3_600;
  utimesSync(await lake.store.localPath(key, ''), yesterday, yesterday);
  expect(await lake.upload('a', 9, rows("(9, 'a')"))).toMatchObject({ status: 'loaded' });
  expect(await values(lake)).toEqual(['a']);
  expect(await waiting(lake)).toEqual([]);
});

test('a run that has to wait writes its intent, and removes it in the end', async () => {
  const lake = await newLake();
  const lock = new CommitLock(lake.store, (name) => lakePaths.locks('t', name));
  await lock.tryTake(1);
  const upload = lake.upload('a', 1, rows("(1, 'a')"));
  let seen: string[] = [];
  while (seen.length === 0) {
    await setTimeout(5);
    seen = await waiting(lake);
  }
  expect(seen).toEqual([lakePaths.intents('t', `${runOf('a', 1).run_id}.json`)]);
  await lock.release(1);
  expect(await upload).toEqual({ status: 'loaded', version: 1 });
  expect(await waiting(lake)).toEqual([]);
});

test('an intent that cannot be taken back does not undo the commit', async () => {
  const lake = await newLake();
  await lake.upload('s', 1, rows("(1, 's')"));
  await leaveRows(lake, 's', 1, rows("(1, 's')"));
  jest.spyOn(lake.store, 'remove').mockRejectedValue(new StorageUnavailable('no answer'));
  expect(await lake.upload('a', 2, rows("(2, 'a')"))).toEqual({ status: 'loaded', version: 2 });
});

test('twenty runs at once: every row once, in fewer commits than runs', async () => {
  const lake = await newLake();
  const staged = [];
  for (let i = 0; i < 20; i += 1) {
    const run = runOf(`f${i}`, i);
    staged.push({ run, files: await lake.stage(run, rows(`(${i}, 'v${String(i).padStart(2, '0')}')`)) });
  }
  const loaded = await Promise.all(staged.map(({ run, files }) => lake.load(run, files)));
  expect(loaded.map(({ status }) => status)).toEqual(Array(20).fill('loaded'));
  expect(await values(lake)).toEqual(staged.map((_, i) => `v${String(i).padStart(2, '0')}`));
  expect((await lake.snapshot()).version).toBeLessThanOrEqual(10);
  expect(await waiting(lake)).toEqual([]);
});
