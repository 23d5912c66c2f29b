import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Table } from '../../shared/lake/table/commit/table.ts';
import type { RunRecord } from '../../shared/run/run-record.ts';
import { ROOT } from '../helpers/engine.ts';
import { type TestPipeline, testPipeline } from '../helpers/pipeline.ts';
import { STRESS } from '../helpers/stress.ts';

/** The sample files and those of vega-datasets, by their keys in raw. */
const files = (): Map<string, string> => {
  const samples = path.join(ROOT, 'samples');
  const shipped = readdirSync(samples, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .map((file) => [path.relative(samples, file).split(path.sep).join('/'), file] as const);
  const vega = path.join(ROOT, 'node_modules/vega-datasets/data');
  return new Map([
    ...shipped,
    ['weather/seattle-weather.csv', path.join(vega, 'seattle-weather.csv')],
    ['movies/movies.json', path.join(vega, 'movies.json')],
    // Three million rows.
    ...(STRESS ? [['flights/flights-3m.parquet', path.join(vega, 'flights-3m.parquet')] as const] : []),
    // A file without a dataset, and one that does not fit its dataset's contract.
    ['barley/barley.json', path.join(vega, 'barley.json')],
    ['weather/cars.json', path.join(vega, 'cars.json')],
  ]);
};

/** The longest output of a state that this test allows; Step Functions allows 256 KiB. */
const LONGEST_OUTPUT = 16 * 1024;

describe('all samples, and the files of vega-datasets', () => {
  const keys = [...files().keys()];
  const outputs: { state: string; text: string }[] = [];
  let pipeline: TestPipeline;
  let runs: RunRecord[];

  beforeAll(async () => {
    pipeline = testPipeline();
    for (const [key, file] of files()) {
      const { status, visits } = await pipeline.drop(key, readFileSync(file));
      expect({ key, status }).toEqual({ key, status: 'succeeded' });
      for (const { state, output } of visits) outputs.push({ state, text: JSON.stringify(output) });
    }
    runs = await pipeline.runs();
  });

  test('every file has one run', () => {
    expect(runs.map(({ source_key }) => source_key).toSorted()).toEqual(keys.toSorted());
  });

  test.each(keys)('%s: the rows add up', (key) => {
    const run = runs.find(({ source_key }) => source_key === key);
    expect(run?.rows_read).toBe((run?.rows_accepted ?? 0) + (run?.rows_rejected ?? 0));
    expect(run?.rows_accepted).toBe(
      (run?.rows_silver ?? 0) + (run?.rows_duplicate ?? 0) + (run?.rows_filtered ?? 0),
    );
    expect(run?.status === 'quarantined' ? run.rows_accepted : 0).toBe(0);
  });

  test('the large files are loaded', () => {
    const read = (key: string) => runs.find(({ source_key }) => source_key === key);
    expect(read('weather/seattle-weather.csv')).toMatchObject({ rows_read: 1461, rows_silver: 1461 });
    expect(read('movies/movies.json')).toMatchObject({ status: 'loaded', rows_read: 3201 });
    if (STRESS)
      expect(read('flights/flights-3m.parquet')).toMatchObject({ status: 'loaded', rows_read: 3_000_000 });
  });

  test.each(['signups', 'weather', 'movies', ...(STRESS ? ['flights'] : [])])(
    'silver.%s has the rows of its runs without the deleted ones',
    async (dataset) => {
      const brought = runs
        .filter((run) => run.dataset === dataset)
        .reduce((total, run) => total + run.rows_silver, 0);
      const committed = (await (await new Table(pipeline.lake.silver, dataset).current())?.files()) ?? [];
      expect(committed.reduce((total, file) => total + file.rows, 0)).toBe(brought);
      const deleted = committed.reduce((total, { deletes }) => total + (deletes?.rows ?? 0), 0);
      const [shown] = await pipeline.query(`SELECT count(*) AS rows FROM silver.${dataset}`);
      expect(shown?.rows).toBe(brought - deleted);
    },
  );

  test('quarantine has every row that a run rejected', async () => {
    for (const dataset of new Set(runs.map((run) => run.dataset))) {
      const rejected = await pipeline.query(
        `SELECT source_key AS key, count(*)::INTEGER AS rows FROM quarantine.${dataset} WHERE scope = 'row' GROUP BY ALL`,
      );
      const loaded = runs.filter((run) => run.dataset === dataset && run.status === 'loaded');
      for (const { source_key, rows_rejected } of loaded)
        expect({ source_key, rows: rejected.find(({ key }) => key === source_key)?.rows ?? 0 }).toEqual({
          source_key,
          rows: rows_rejected,
        });
    }
  });

  test('a quarantined file has one row in quarantine, and counts as rejected whole', async () => {
    for (const { dataset, source_key, rows_read, rows_rejected } of runs.filter(
      (run) => run.status === 'quarantined',
    )) {
      const rows = await pipeline.query(
        `SELECT reasons[1].expected AS reason FROM quarantine.${dataset} WHERE scope = 'file' AND source_key = '${source_key}'`,
      );
      expect(rows).toHaveLength(1);
      expect(rows_rejected).toBe(rows_read);
    }
    expect(runs.filter((run) => run.status === 'quarantined').length).toBeGreaterThanOrEqual(2);
  });

  test('the outputs of states are small and have no values of rows', async () => {
    const longest = outputs.reduce((most, { text }) => Math.max(most, text.length), 0);
    expect(longest).toBeGreaterThan(1024);
    expect(longest).toBeLessThan(LONGEST_OUTPUT);
    const people = await pipeline.query('SELECT name, email FROM silver.signups');
    const titles = await pipeline.query(
      'SELECT title AS name, director AS email FROM silver.movies USING SAMPLE 300 (reservoir, 7)',
    );
    const cells = [...people, ...titles]
      .flatMap(({ name, email }) => [name, email])
      .filter((cell): cell is string => typeof cell === 'string' && cell.length >= 8);
    expect(cells.length).toBeGreaterThan(500);
    const travelled = outputs.map(({ text }) => text).join('\n');
    expect(cells.filter((cell) => travelled.includes(cell))).toEqual([]);
  });
});
