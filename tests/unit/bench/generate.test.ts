import { readFileSync } from 'node:fs';
import path from 'node:path';
import { GENERATED } from '../../../bench/datasets.ts';
import { generate } from '../../../bench/generate.ts';
import { workSpec } from '../../../bench/work-spec.ts';
import { literal } from '../../../shared/engine/sql.ts';
import { withDuckDb } from '../../../shared/engine/with-duckdb.ts';
import { scratch } from '../../helpers/scratch.ts';

test.each(GENERATED)('%s comes out the same every time, near its size', async (dataset) => {
  const choice = { format: 'csv', dirty: true, sizeMb: 0.5 } as const;
  const [first, second] = [
    await generate(dataset, choice, scratch()),
    await generate(dataset, choice, scratch()),
  ];
  expect(Math.abs(first.bytes / 5e5 - 1)).toBeLessThan(0.05);
  expect(readFileSync(first.file).equals(readFileSync(second.file))).toBe(true);
});

test('a file that is there is not made again', async () => {
  const folder = scratch();
  const choice = { format: 'ndjson', dirty: false, sizeMb: 0.1 } as const;
  const { file, bytes } = await generate('narrow', choice, folder);
  expect(await generate('narrow', choice, folder)).toMatchObject({ file, bytes });
});

test('one per cent is dirty, in each of five ways; clean data has nothing of it', async () => {
  const folder = scratch();
  const faults = async (dirty: boolean) => {
    const { file } = await generate('narrow', { format: 'csv', dirty, sizeMb: 2 }, folder);
    return await withDuckDb({ memoryMb: 512, threads: 2, scratch: path.join(folder, 'db') }, (db) =>
      db.one<Record<'rows' | 'days' | 'names' | 'emails' | 'amounts' | 'keys', number>>(`
        SELECT count(*) AS rows, count(*) FILTER (TRY_CAST(day AS DATE) IS NULL) AS days,
          count(*) FILTER (name IS NULL) AS names, count(*) FILTER (email NOT LIKE '%@%') AS emails,
          count(*) FILTER (TRY_CAST(amount AS DOUBLE) < 0) AS amounts, count(*) - count(DISTINCT id) AS keys
        FROM read_csv(${literal(file)}, all_varchar = true, header = true)`),
    );
  };
  const { rows, ...ways } = await faults(true);
  const shares = Object.values(ways).map((found) => found / rows);
  for (const share of shares) expect(share).toBeGreaterThan(0.001);
  const dirty = shares.reduce((total, share) => total + share, 0);
  expect(Math.abs(dirty - 0.01)).toBeLessThan(0.001);
  const { rows: _, ...none } = await faults(false);
  expect(Object.values(none)).toEqual([0, 0, 0, 0, 0]);
});

test('the wide dataset has forty columns of seven types', async () => {
  const { columns } = await workSpec('wide');
  expect(columns).toHaveLength(40);
  expect(new Set(columns.map(({ type }) => type)).size).toBe(7);
});
