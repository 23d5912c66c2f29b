import { setTimeout } from 'node:timers/promises';
import { openLake } from '../../../operate/local/lake.ts';
import { TableDamaged } from '../../../shared/errors.ts';
import { type Lake, lakePaths } from '../../../shared/lake/paths.ts';
import { Table } from '../../../shared/lake/table/commit/table.ts';
import { foldRuns } from '../../../shared/maintenance/fold-runs.ts';
import { attachRuns } from '../../../shared/query/attach-runs.ts';
import { writeRunRecord } from '../../../shared/run/run-record.ts';
import { completeUntil, RUNS_TABLE } from '../../../shared/run/runs-table.ts';
import { config } from '../../helpers/engine.ts';
import { recording } from '../../helpers/recording-store.ts';
import { finishedAt, fold, recordOf, writeRuns } from '../../helpers/run-records.ts';
import { scratch } from '../../helpers/scratch.ts';
import { keysIn, testDb } from '../../helpers/silver-lake.ts';

const opened = (): Pick<Lake, 'gold'> => openLake(scratch());

/** The rows of the view `runs`, and the objects that were read for it. */
const runsIn = async (
  { gold }: Pick<Lake, 'gold'>,
  until?: number,
): Promise<{ rows: string[]; read: string[] }> => {
  const read: string[] = [];
  const store = recording(gold, ({ method, key }) => {
    if (method === 'read' || method === 'localPath') read.push(key);
  });
  return await testDb(async (db, folder) => {
    await attachRuns(db, store, folder, until);
    const rows = await db.all<{ text: string }>("SELECT source_key || ' ' || status AS text FROM runs");
    return { rows: rows.map(({ text }) => text), read };
  });
};

/** The rows of the table alone, as other engines see it. */
const folded = async ({ gold }: Pick<Lake, 'gold'>): Promise<number> => {
  const snapshot = await new Table(gold, RUNS_TABLE.table).current();
  return Number(snapshot?.properties['total-records'] ?? 0);
};

const newest = async ({ gold }: Pick<Lake, 'gold'>): Promise<string[]> => await keysIn(gold, 'runs-newest/');
const THREE = ['t/1.csv loaded', 't/2.csv loaded', 't/3.csv loaded'];

test('records move into the table, and are read from there', async () => {
  const lake = opened();
  await writeRuns(lake, 1, 4);
  expect(await newest(lake)).toHaveLength(3);
  expect((await runsIn(lake)).rows).toEqual(THREE);
  expect(await fold(lake)).toEqual({ folded: 3, damaged: [] });
  expect(await newest(lake)).toEqual([]);
  const { rows, read } = await runsIn(lake);
  expect(rows).toEqual(THREE);
  expect(read.filter((key) => key.startsWith('_runs/') || key.startsWith('runs-newest/'))).toEqual([]);
  expect(await keysIn(lake.gold, '_runs/')).toHaveLength(3);
  expect(await fold(lake)).toEqual({ folded: 0, damaged: [] });

  await writeRuns(lake, 4, 5);
  expect((await runsIn(lake)).rows).toEqual([...THREE, 't/4.csv loaded']);
  expect((await runsIn(lake, Date.parse(finishedAt(2)))).rows).toEqual(THREE.slice(0, 2));
  expect(await fold(lake)).toMatchObject({ folded: 1 });
  expect((await runsIn(lake)).rows).toEqual([...THREE, 't/4.csv loaded']);
});

test('a table that was removed is made again from the records', async () => {
  const lake = opened();
  await writeRuns(lake, 1, 3);
  await fold(lake);
  await writeRuns(lake, 3, 4);
  await lake.gold.removeMany(await keysIn(lake.gold, 'runs-folded/'));
  expect((await runsIn(lake)).rows).toEqual(THREE);
  expect(await fold(lake)).toMatchObject({ folded: 3 });
  expect((await runsIn(lake)).rows).toEqual(THREE);
  expect(await folded(lake)).toBe(3);
});

test('a record that is too young stays', async () => {
  const lake = opened();
  await writeRuns(lake, 1, 2);
  expect(await foldRuns(lake.gold, { config })).toEqual({ folded: 0, damaged: [] });
  expect(await folded(lake)).toBe(0);
  expect(await newest(lake)).toHaveLength(1);
  expect(await foldRuns(lake.gold, { config, now: Date.now() + 21 * 60_000 })).toMatchObject({ folded: 1 });
});

test('records of an earlier release, which are not listed, are shown before and after', async () => {
  const lake = opened();
  await writeRuns(lake, 1, 4);
  await lake.gold.removeMany(await newest(lake));
  expect((await runsIn(lake)).rows).toEqual(THREE);
  await writeRuns(lake, 4, 5);
  expect(await foldRuns(lake.gold, { config, ageMs: -1_000, dryRun: true })).toMatchObject({ folded: 4 });
  expect(await folded(lake)).toBe(0);
  expect(await fold(lake)).toMatchObject({ folded: 4 });
  expect((await runsIn(lake)).rows).toEqual([...THREE, 't/4.csv loaded']);
});

test('while records of an earlier release are too young to be moved, all records are read', async () => {
  const lake = opened();
  await writeRuns(lake, 1, 3);
  await setTimeout(20);
  const before = Date.now();
  await setTimeout(20);
  await lake.gold.write(lakePaths.run('young'), JSON.stringify(recordOf(3, { run_id: 'young' })));
  expect(await foldRuns(lake.gold, { config, ageMs: 0, now: before })).toMatchObject({ folded: 2 });
  const table = new Table(lake.gold, RUNS_TABLE.table);
  expect(completeUntil((await table.newest())?.metadata.properties)).toBeUndefined();
  expect((await runsIn(lake)).rows).toEqual(THREE);
  expect(await fold(lake)).toMatchObject({ folded: 1 });
  expect(completeUntil((await table.newest())?.metadata.properties)).toBeDefined();
  expect((await runsIn(lake)).rows).toEqual(THREE);
});

describe('a record that replaces an earlier one', () => {
  const replaced = recordOf(2, { status: 'quarantined', rows_silver: 0, execution: 'before' });
  /** It finished ten days later. */
  const later = recordOf(2, { finished_at: finishedAt(10_002), execution: 'after' });
  const AFTER = ['t/1.csv loaded', 't/3.csv loaded', 't/2.csv loaded'];

  const begun = async (): Promise<Pick<Lake, 'gold'>> => {
    const lake = opened();
    await writeRuns(lake, 1, 2);
    await writeRunRecord(lake, replaced);
    await writeRuns(lake, 3, 4);
    return lake;
  };

  test('is the only one before and after both are in the table', async () => {
    const lake = await begun();
    await writeRunRecord(lake, later);
    expect((await runsIn(lake)).rows).toEqual(AFTER);
    expect(await fold(lake)).toMatchObject({ folded: 4 });
    expect((await runsIn(lake)).rows).toEqual(AFTER);
    expect(await folded(lake)).toBe(3);
  });

  test('takes the place of the row that the table has, on another day', async () => {
    const lake = await begun();
    await fold(lake);
    expect((await runsIn(lake)).rows).toEqual([THREE[0], 't/2.csv quarantined', THREE[2]]);
    await writeRunRecord(lake, later);
    expect((await runsIn(lake)).rows).toEqual(AFTER);
    expect(await fold(lake)).toMatchObject({ folded: 1 });
    expect((await runsIn(lake)).rows).toEqual(AFTER);
    expect(await folded(lake)).toBe(3);
  });

  test('is found where its writer died before it was listed', async () => {
    const lake = await begun();
    await fold(lake);
    await lake.gold.write(lakePaths.run(later.run_id), JSON.stringify(later));
    expect(await fold(lake)).toMatchObject({ folded: 1 });
    expect((await runsIn(lake)).rows).toEqual(AFTER);
    expect(await folded(lake)).toBe(3);
  });

  test('is listed by the retry of a writer that died before', async () => {
    const lake = await begun();
    await fold(lake);
    await lake.gold.write(lakePaths.run(later.run_id), JSON.stringify(later));
    await writeRunRecord(lake, { ...later, finished_at: finishedAt(10_003) });
    expect(await newest(lake)).toEqual([
      lakePaths.newestRun('again', Date.parse(later.finished_at), later.run_id),
    ]);
    expect((await runsIn(lake)).rows).toEqual(AFTER);
  });
});

test('a record that a retry lists again, after it has moved, is one row', async () => {
  const lake = opened();
  await writeRuns(lake, 1, 4);
  await fold(lake);
  await writeRunRecord(lake, recordOf(2));
  expect(await newest(lake)).toHaveLength(1);
  expect((await runsIn(lake)).rows).toEqual(THREE);
  expect(await fold(lake)).toMatchObject({ folded: 0 });
  expect((await runsIn(lake)).rows).toEqual(THREE);
  expect(await newest(lake)).toEqual([]);
});

test('where it ended between the commit and the removal of what was moved, nothing is there twice', async () => {
  const lake = opened();
  await writeRuns(lake, 1, 4);
  const dies = new Proxy(lake.gold, {
    get: (store, name) => {
      const value: unknown = Reflect.get(store, name, store);
      if (name === 'removeMany') return () => Promise.reject(new Error('killed'));
      return typeof value === 'function' ? value.bind(store) : value;
    },
  });
  await expect(foldRuns(dies, { config, ageMs: -1_000 })).rejects.toThrow('killed');
  expect(await folded(lake)).toBe(3);
  expect(await newest(lake)).toHaveLength(3);
  expect((await runsIn(lake)).rows).toEqual(THREE);
  expect(await fold(lake)).toEqual({ folded: 0, damaged: [] });
  expect(await folded(lake)).toBe(3);
  expect(await newest(lake)).toEqual([]);
  expect((await runsIn(lake)).rows).toEqual(THREE);
});

test('two maintenances at once move each record once', async () => {
  const lake = opened();
  await writeRuns(lake, 1, 4);
  const both = await Promise.all([fold(lake), fold(lake)]);
  expect(both.map((each) => each.folded).toSorted()).toEqual([0, 3]);
  expect(await folded(lake)).toBe(3);
  expect(await newest(lake)).toEqual([]);
  expect((await runsIn(lake)).rows).toEqual(THREE);
});

test('a record that is moved while the view is made is in it', async () => {
  const lake = opened();
  await writeRuns(lake, 1, 3);
  await fold(lake);
  await writeRuns(lake, 3, 4);
  let moved = false;
  const store = new Proxy(lake.gold, {
    get: (gold, name) => {
      const value: unknown = Reflect.get(gold, name, gold);
      if (name === 'read')
        return async (key: string) => {
          if (key.startsWith('runs-newest/') && !moved) {
            moved = true;
            await fold(lake);
          }
          return await gold.read(key);
        };
      return typeof value === 'function' ? value.bind(gold) : value;
    },
  });
  expect((await runsIn({ gold: store })).rows).toEqual(THREE);
  expect(moved).toBe(true);
});

test('a record that cannot be read stays where it is and is reported; the others move', async () => {
  const lake = opened();
  await writeRuns(lake, 1, 4);
  const [first = ''] = await newest(lake);
  await lake.gold.write(first, '{"run_id": "secret"}');
  const { damaged, ...counts } = await fold(lake);
  expect(counts).toEqual({ folded: 2 });
  expect(damaged).toMatchObject([{ name: 'TableDamaged', message: expect.stringContaining(first) }]);
  expect(String(damaged)).not.toContain('secret');
  expect(await newest(lake)).toEqual([first]);
  await lake.gold.remove(first);
  expect(await fold(lake)).toEqual({ folded: 1, damaged: [] });
  expect((await runsIn(lake)).rows).toEqual(THREE);
});

test('a damaged record among the newest is named by a query', async () => {
  const lake = opened();
  await writeRuns(lake, 1, 2);
  await fold(lake);
  await lake.gold.write(lakePaths.newestRun('first', 5, 'x'), '{}');
  await expect(runsIn(lake)).rejects.toThrow(TableDamaged);
  await expect(runsIn(lake)).rejects.toThrow(
    /gold\/runs-newest\/first\/9999999999994-x\.json is not the record/,
  );
});
