import {
  commitSmallFiles,
  type Keys,
  type Measured,
  ROWS,
  readingsYaml,
  rowsOf,
} from '../../scripts/measure-small-files.ts';
import { FolderStore } from '../../shared/lake/storage/folder-store.ts';
import { Table } from '../../shared/lake/table/commit/table.ts';
import { maintain } from '../../shared/maintenance/maintain.ts';
import { config } from '../helpers/engine.ts';
import { datasets, testPipeline } from '../helpers/pipeline.ts';
import { scratch } from '../helpers/scratch.ts';
import { testDb } from '../helpers/silver-lake.ts';

const mean = (runs: readonly Measured[], of: (run: Measured) => number): number =>
  runs.reduce((sum, run) => sum + of(run), 0) / runs.length;

const bytes = (run: Measured): number => run.bytes_read + run.bytes_written;

/** Files per kind of keys; `scripts/small-files.ts` commits 2,000 of each and draws `docs/small-files.svg`. */
const COUNT = 500;

/** From here on the table keeps a constant number of snapshots, so its metadata may not grow. */
const FULL = 100;

describe.each<[Keys]>([['none'], ['rising']])('many small files into one partition, keys: %s', (keys) => {
  let runs: Measured[];
  const store = new FolderStore(scratch(), { name: 'silver' });
  const sqlDir = datasets({ 'readings/contract.yaml': readingsYaml(keys) });

  beforeAll(async () => {
    runs = await commitSmallFiles(store, sqlDir, { count: COUNT, keys, scratch: scratch() });
  });

  test('the requests of a run do not grow with the number of files', () => {
    const [early, late] = [runs.slice(FULL, FULL + 200), runs.slice(-200)];
    expect(mean(late, ({ requests }) => requests)).toBeLessThan(
      1.05 * mean(early, ({ requests }) => requests),
    );
    expect(mean(late, bytes)).toBeLessThan(1.1 * mean(early, bytes));
    // One commit in eight merges files: that of the seventh run.
    const most = runs.map(({ requests }) => requests).toSorted((a, b) => b - a);
    expect(most[0]).toBeLessThanOrEqual(80);
    expect(most[Math.ceil(COUNT / 7)]).toBeLessThanOrEqual(30);
    expect(Math.max(...runs.map(bytes))).toBeLessThan(2 ** 20);
  });

  test('the table has few files at any time', () => {
    expect(Math.max(...runs.map(({ files }) => files))).toBeLessThanOrEqual(24);
  });

  test('every row is there once', async () => {
    const snapshot = await new Table(store, 'readings').current();
    const files = (await snapshot?.files()) ?? [];
    expect(files.reduce((sum, { rows }) => sum + rows, 0)).toBe(COUNT * ROWS);
    await testDb(async (db, folder) => {
      const paths = await Promise.all(files.map(({ key }) => store.localPath(key, folder)));
      const arrived = Array.from({ length: COUNT }, (_, n) => rowsOf(n, keys)).join(' UNION ALL ');
      const found = `SELECT site, id, value FROM read_parquet([${paths.map((path) => `'${path}'`).join(', ')}], hive_partitioning = false)`;
      const [difference] = await db.all(
        `SELECT count(*) AS n FROM ((${found} EXCEPT ALL (${arrived})) UNION ALL ((${arrived}) EXCEPT ALL ${found}))`,
      );
      expect(difference).toEqual({ n: 0 });
    });
  });
});

test('random keys: requests do not grow; bytes read grow with the rows whose keys are compared', async () => {
  const store = new FolderStore(scratch(), { name: 'silver' });
  const sqlDir = datasets({ 'readings/contract.yaml': readingsYaml('random') });
  const runs = await commitSmallFiles(store, sqlDir, { count: 240, keys: 'random', scratch: scratch() });
  const [early, late] = [runs.slice(FULL, FULL + 70), runs.slice(-70)];
  expect(mean(late, ({ requests }) => requests)).toBeLessThan(1.2 * mean(early, ({ requests }) => requests));
  expect(mean(late, (run) => run.bytes_written)).toBeLessThan(1.1 * mean(early, (run) => run.bytes_written));
  expect(Math.max(...runs.map(({ files }) => files))).toBeLessThanOrEqual(24);
});

test('through all five steps: files are merged by runs and by maintenance, then replaced and restored', async () => {
  const yaml = readingsYaml('rising');
  const sqlDir = datasets({ 'readings/contract.yaml': yaml });
  const { drop, lake, query, runs } = testPipeline({ sqlDir });
  const csv = (...lines: string[]): string => `${['site,id,value', ...lines].join('\n')}\n`;
  for (let n = 0; n < 20; n += 1)
    await drop(`readings/${n}.csv`, csv(`north,${n},${n}`, `north,${n + 1},${n}.5`));
  const files = async () => (await (await new Table(lake.silver, 'readings').current())?.files()) ?? [];
  expect((await files()).length).toBeLessThan(12);
  const shown = await query('SELECT site, id, value FROM silver.readings ORDER BY id');
  // The first row of each file supersedes the second row of the file before it.
  expect(shown).toEqual(
    Array.from({ length: 21 }, (_, id) => ({ site: 'north', id, value: id === 20 ? 19.5 : id })),
  );
  expect(await runs()).toHaveLength(20);

  const maintained = await maintain({ lake, config: { ...config, sqlDir } });
  expect(maintained).toMatchObject([{ zone: 'silver', table: 'readings', summary: { files_after: 1 } }]);
  expect(await query('SELECT site, id, value FROM silver.readings ORDER BY id')).toEqual(shown);
  expect(await files()).toMatchObject([{ rows: 40, deletes: { rows: 19 } }]);

  // The file's rows leave the merged file, and the rows that they superseded show again.
  await drop('readings/7.csv', csv('north,100,1'));
  const after = await query(
    'SELECT id, value FROM silver.readings WHERE id IN (6, 7, 8, 9, 100) ORDER BY id',
  );
  expect(after).toEqual([
    { id: 6, value: 6 },
    { id: 7, value: 6.5 },
    { id: 8, value: 8 },
    { id: 9, value: 9 },
    { id: 100, value: 1 },
  ]);
});
