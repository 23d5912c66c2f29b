import { cpSync } from 'node:fs';
import path from 'node:path';
import { type LocalLake, openLake } from '../../operate/local/lake.ts';
import { removalSource } from '../../operate/local/removal-source.ts';
import { removeFiles } from '../../operate/removal/remove-files.ts';
import { UsageError } from '../../shared/errors.ts';
import { lakePaths, ZONES } from '../../shared/lake/paths.ts';
import type { ObjectStore } from '../../shared/lake/storage/object-store.ts';
import { askLake } from '../helpers/ask-lake.ts';
import { config } from '../helpers/engine.ts';
import { csvOf, removalFrom, SHOPS } from '../helpers/removal.ts';
import { StepRunner } from '../helpers/run-steps.ts';
import { scratch } from '../helpers/scratch.ts';
import { keysIn } from '../helpers/silver-lake.ts';

const OPTIONS = { keepRaw: false, dryRun: false };
const folderOf = (lake: LocalLake): string => path.dirname(new URL(lake.silver.uri).pathname);

/** Calls that change a store. */
const CHANGES = ['write', 'writeIfAbsent', 'upload', 'remove', 'removeMany'];

/** Kills the process, as far as the lake can tell: before or after its nth change every call fails. */
class Killed {
  changes = 0;
  dead = false;
  readonly #at: number;
  readonly #when: 'before' | 'after';

  constructor(at: number, when: 'before' | 'after') {
    this.#at = at;
    this.#when = when;
  }

  lake(lake: LocalLake): LocalLake {
    return Object.fromEntries(ZONES.map((zone) => [zone, this.#store(lake[zone])])) as unknown as LocalLake;
  }

  #store(inner: ObjectStore): ObjectStore {
    return new Proxy(inner, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        if (name === 'observed')
          return (...args: Parameters<ObjectStore['observed']>) => this.#store(target.observed(...args));
        return (...args: unknown[]) => {
          this.#live();
          const isChange = CHANGES.includes(String(name));
          if (isChange && ++this.changes === this.#at && this.#when === 'before') this.dead = true;
          this.#live();
          const result: unknown = Reflect.apply(member, target, args);
          if (!isChange) return result;
          return (async () => {
            const value = await result;
            if (this.changes === this.#at) this.dead = true;
            this.#live();
            return value;
          })();
        };
      },
    });
  }

  #live(): void {
    if (this.dead) throw new RangeError('killed');
  }
}

let sqlDir: string;
let folder: string;

/** b hides a row of a and of c; its rows are in a file of its own. */
beforeAll(async () => {
  const runner = new StepRunner(SHOPS);
  for (const [key, content] of [
    ['t/a.csv', csvOf([1, 'a'], [2, 'a'])],
    ['t/b/1.csv', csvOf([2, 'b'], [3, 'b'])],
    ['t/c.csv', csvOf([4, 'c'])],
    ['t/b/2.csv', csvOf([4, 'd'])],
  ] as const)
    await runner.load(await runner.transformed(content, key));
  folder = folderOf(runner.lake as LocalLake);
  sqlDir = runner.context.config.sqlDir;
});

const copied = (): LocalLake => {
  const to = scratch();
  cpSync(folder, to, { recursive: true, preserveTimestamps: true });
  return openLake(to);
};

const removing = async (lake: LocalLake) =>
  await removeFiles(removalSource({ lake, config: { ...config, sqlDir } }), ['t/b/'], OPTIONS);

const ask = (lake: LocalLake, sql: string) => askLake({ folder: folderOf(lake), lake, sqlDir }, sql);

const expectRemoved = async (lake: LocalLake): Promise<void> => {
  expect(await ask(lake, 'SELECT id, v FROM silver.t ORDER BY ALL')).toEqual([
    { id: 1, v: 'a' },
    { id: 2, v: 'a' },
    { id: 4, v: 'c' },
  ]);
  expect(await ask(lake, 'SELECT rows FROM gold.totals')).toEqual([{ rows: 3 }]);
  expect(await keysIn(lake.raw, '')).toEqual(['t/a.csv', 't/c.csv']);
  expect(
    await ask(lake, "SELECT source_key, rows_silver FROM runs WHERE status = 'removed' ORDER BY ALL"),
  ).toEqual([
    { source_key: 't/b/1.csv', rows_silver: 2 },
    { source_key: 't/b/2.csv', rows_silver: 1 },
  ]);
  expect(await keysIn(lake.silver, lakePaths.removals)).toEqual([]);
};

test.each(['before', 'after'] as const)(
  'a removal that is killed %s any of its changes is finished by the next one',
  async (when) => {
    const counting = new Killed(0, when);
    const whole = copied();
    await removing(counting.lake(whole));
    await expectRemoved(whole);
    expect(counting.changes).toBeGreaterThan(10);
    for (let at = 1; at <= counting.changes; at += 1) {
      const lake = copied();
      await expect(removing(new Killed(at, when).lake(lake))).rejects.toThrow('killed');
      // As if the leases of the dead process's locks were over: kill-commit.test.ts waits for them.
      for (const zone of ['silver', 'gold'] as const)
        await lake[zone].removeMany(await keysIn(lake[zone], '_commits/'));
      await removing(lake).catch((error: unknown) => {
        // The removal was done but for its last object.
        expect(error).toBeInstanceOf(UsageError);
      });
      await expectRemoved(lake);
    }
  },
);

test('files are loaded while others are removed: each is there or out, whole', async () => {
  for (let round = 0; round < 8; round += 1) {
    const runner = new StepRunner(SHOPS);
    const first = await runner.transformed(csvOf([1, 'b'], [2, 'b']), 't/b/1.csv');
    await runner.load(await runner.transformed(csvOf([1, 'a'], [3, 'a']), 't/a.csv'));
    await runner.load(first);
    const waiting = [
      await runner.transformed(csvOf([1, 'B'], [2, 'B'], [5, 'B']), 't/b/1.csv'),
      await runner.transformed(csvOf([3, 'c'], [4, 'c']), 't/c.csv'),
      await runner.transformed(csvOf([2, 'd']), 't/b/2.csv'),
      await runner.transformed(csvOf([4, 'e'], [6, 'e']), 't/e.csv'),
      first,
    ];
    // The removal begins before, between or after the loads.
    const loads = waiting.map((state, i) => async () => await runner.load(i < round % 3 ? first : state));
    await Promise.all([
      ...loads.slice(0, round % 5).map((load) => load()),
      removeFiles(removalFrom(runner), ['t/b/'], OPTIONS),
      ...loads.slice(round % 5).map((load) => load()),
    ]);
    for (const state of waiting) await runner.load(state);
    const lake = runner.lake as LocalLake;
    const from = { folder: folderOf(lake), lake, sqlDir: runner.context.config.sqlDir };
    expect(await askLake(from, 'SELECT id, v FROM silver.t ORDER BY ALL')).toEqual([
      { id: 1, v: 'a' },
      { id: 3, v: 'c' },
      { id: 4, v: 'e' },
      { id: 6, v: 'e' },
    ]);
    expect(await askLake(from, 'SELECT rows FROM gold.totals')).toEqual([{ rows: 4 }]);
    expect(await keysIn(lake.silver, '_commits/')).toEqual([]);
    await runner.load(await runner.transformed(csvOf([2, 'later']), 't/b/1.csv'));
    expect(await askLake(from, 'SELECT v FROM silver.t WHERE id = 2')).toEqual([{ v: 'later' }]);
  }
});
