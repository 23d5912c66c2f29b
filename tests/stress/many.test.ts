import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Execution } from '../../operate/execution.ts';
import { openLake } from '../../operate/local/lake.ts';
import { sharesOf, sizeClassOf } from '../../operate/local/shares.ts';
import { STEPS } from '../../operate/local/steps.ts';
import { watchRaw } from '../../operate/local/watch.ts';
import type { SizeClass } from '../../operate/queue.ts';
import { withWarehouse } from '../../shared/query/warehouse.ts';
import type { Step } from '../../shared/runtime/step.ts';
import { config, engineOn } from '../helpers/engine.ts';
import { scratch } from '../helpers/scratch.ts';

const SMALL = 57;
const LARGE = 3;

/** The rows of small and large files. The names in a large file are long enough to make it 8 MB. */
const rowsOf = (size: SizeClass): { rows: number; name: string } =>
  size === 'large' ? { rows: 60_000, name: 'x'.repeat(100) } : { rows: 3, name: 'Ada Abel' };

const csv = (file: number, size: SizeClass): string => {
  const { rows, name } = rowsOf(size);
  const lines = Array.from({ length: rows }, (_, i) => {
    const id = 1 + file * 100_000 + i;
    return `${id},${name},user${id}@example.org,2024-05-${String(1 + (i % 28)).padStart(2, '0')},active`;
  });
  return ['id,name,email,signup_date,status', ...lines, ''].join('\n');
};

/** Files 0, 20 and 40 are large. */
const FILES = Array.from({ length: SMALL + LARGE }, (_, file) => ({
  file,
  key: `signups/${file}.csv`,
  size: file % 20 === 0 ? ('large' as const) : ('small' as const),
}));

/** The key of the file for which a step was called. */
const keyOf = (input: unknown): string => {
  const { state } = input as { state: { detail: { object: { key: string } } } };
  return state.detail.object.key;
};

test('60 files of two sizes are all loaded; small ones overtake large ones, within the limits', async () => {
  const lakeFolder = scratch();
  const raw = path.join(lakeFolder, 'raw/signups');
  mkdirSync(raw, { recursive: true });
  const sizes = new Map<string, SizeClass>();
  for (const { file, key, size } of FILES) {
    const text = csv(file, size);
    expect(sizeClassOf(key, text.length)).toBe(size);
    sizes.set(key, size);
    writeFileSync(path.join(lakeFolder, 'raw', key), text);
  }

  const shares = sharesOf({ memoryMb: 1024 }, 3, 3072);
  expect(shares).toEqual({ concurrency: 3, large: 1, memoryMb: { small: 640, large: 1024 } });
  const running: SizeClass[] = [];
  const most = { small: 0, large: 0, all: 0, waiting: 0 };
  const memory = new Set<string>();
  const counted =
    (step: Step): Step =>
    async (input, context) => {
      const size = sizes.get(keyOf(input)) ?? 'large';
      running.push(size);
      memory.add(`${size} ${context.config.memoryMb}`);
      const { small, large } = watch.load().waiting;
      const now = (of: SizeClass): number => running.filter((each) => each === of).length;
      most.small = Math.max(most.small, now('small'));
      most.large = Math.max(most.large, now('large'));
      most.all = Math.max(most.all, running.length);
      most.waiting = Math.max(most.waiting, small + large);
      try {
        return await step(input, context);
      } finally {
        running.splice(running.indexOf(size), 1);
      }
    };
  const steps = Object.fromEntries(Object.entries(STEPS).map(([name, step]) => [name, counted(step)]));
  const ended: Execution[] = [];
  const errors: unknown[] = [];
  const watch = watchRaw({
    lakeFolder,
    lake: openLake(lakeFolder),
    engine: engineOn(lakeFolder, { steps }),
    shares,
    settledMs: 300,
    onEnd: (execution) => ended.push(execution),
    onIgnored: () => undefined,
    onFailedEarlier: ({ key }) => errors.push(key),
    onError: (_, error) => errors.push(error),
  });
  while (ended.length < FILES.length && errors.length === 0) await setTimeout(50);
  await watch.close();

  expect(errors).toEqual([]);
  expect(ended.map(({ key }) => key).toSorted()).toEqual(FILES.map(({ key }) => key).toSorted());
  expect(new Set(ended.map(({ status }) => status))).toEqual(new Set(['succeeded']));
  expect(memory).toEqual(new Set(['small 640', 'large 1024']));
  expect(most).toMatchObject({ small: 3, large: 1, all: 3 });
  expect(most.waiting).toBeGreaterThan(FILES.length / 2);
  // Small files were processed while a large one was.
  const large = ended.find(({ key }) => sizes.get(key) === 'large');
  const overtaking = ended.filter(
    ({ key, ended: end = '' }) =>
      sizes.get(key) === 'small' && end > (large?.started ?? '') && end < (large?.ended ?? ''),
  );
  expect(overtaking.length).toBeGreaterThan(0);
  expect(watch.load()).toEqual({
    running: { small: 0, large: 0 },
    waiting: { small: 0, large: 0 },
    done: FILES.length,
  });
  const tables = await withWarehouse({ lake: openLake(lakeFolder), config }, (db) =>
    db.one('SELECT (SELECT count(*) FROM silver.signups) AS silver, (SELECT count(*) FROM runs) AS runs'),
  );
  const rows = FILES.reduce((total, { size }) => total + rowsOf(size).rows, 0);
  expect(tables).toEqual({ silver: rows, runs: FILES.length });
});
