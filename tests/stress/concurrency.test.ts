import { cpSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Table } from '../../shared/lake/table/commit/table.ts';
import type { ObjectCreated } from '../../shared/run/event.ts';
import { runChild } from '../helpers/child.ts';
import { type TestPipeline, testPipeline } from '../helpers/pipeline.ts';
import { scratch } from '../helpers/scratch.ts';

const FILES = 20;
const ROWS = 30;

/** File `i` has ROWS customers of 2024. If files overlap, two thirds of them are in the next file too. */
const csvOf = (i: number, overlapping: boolean): string => {
  const first = 1 + i * (overlapping ? ROWS / 3 : ROWS);
  const lines = Array.from({ length: ROWS }, (_, j) => {
    const [id, day] = [first + j, 1 + ((i + j) % 28)];
    const date = `2024-01-${String(day).padStart(2, '0')}`;
    return `${id},Name ${i},c${id}@example.com,${date},${['active', 'pending', 'cancelled'][(i + j) % 3]}`;
  });
  // One row that is rejected, and one that is superseded by an earlier row of this file.
  const dirt = [
    `${first},,nobody,2024-01-01,active`,
    `${first},Last ${i},c${first}@example.com,2024-01-31,active`,
  ];
  return `${['id,name,email,signup_date,status', ...lines, ...dirt].join('\n')}\n`;
};

/** A lake with all files uploaded and none processed, and copies of it with the same versions and events. */
const uploaded = async (overlapping: boolean) => {
  const origin = testPipeline();
  const events: ObjectCreated[] = [];
  for (let i = 0; i < FILES; i += 1)
    events.push(await origin.put(`signups/f${i}.csv`, csvOf(i, overlapping)));
  const copy = (): TestPipeline => {
    const folder = scratch();
    cpSync(origin.folder, folder, { recursive: true, preserveTimestamps: true });
    return testPipeline({ folder });
  };
  return { events, copy };
};

const TABLES = [
  'SELECT * FROM silver.signups ORDER BY id',
  'SELECT * FROM gold.signups_by_day ORDER BY signup_date, status',
  'SELECT date_key, metric_name, metric_value, dimensions::VARCHAR AS dimensions, year FROM gold.daily_metrics ORDER BY ALL',
];

/** The rows of all tables as CSV. */
const contents = async ({ query }: TestPipeline): Promise<string> => {
  const tables: string[] = [];
  for (const sql of TABLES)
    tables.push((await query(sql)).map((row) => Object.values(row).join(',')).join('\n'));
  return tables.join('\n\n');
};

/** Each file has one run whose rows add up, and silver shows the rows of all runs without the deleted ones. */
const expectSums = async (pipeline: TestPipeline): Promise<void> => {
  const runs = await pipeline.runs();
  expect(runs.map(({ source_key }) => source_key).toSorted()).toEqual(
    Array.from({ length: FILES }, (_, i) => `signups/f${i}.csv`).toSorted(),
  );
  for (const run of runs)
    expect(run).toMatchObject({
      status: 'loaded',
      rows_read: ROWS + 2,
      rows_accepted: ROWS + 1,
      rows_rejected: 1,
      rows_duplicate: 1,
      rows_filtered: 0,
      rows_silver: ROWS,
    });
  const files = (await (await new Table(pipeline.lake.silver, 'signups').current())?.files()) ?? [];
  const sum = (of: (file: (typeof files)[number]) => number) =>
    files.reduce((total, file) => total + of(file), 0);
  expect(sum(({ rows }) => rows)).toBe(FILES * ROWS);
  const [shown] = await pipeline.query(
    'SELECT count(*) AS rows, count(DISTINCT id) AS keys FROM silver.signups',
  );
  expect(shown?.rows).toBe(FILES * ROWS - sum(({ deletes }) => deletes?.rows ?? 0));
  expect(shown?.keys).toBe(shown?.rows);
  expect(await pipeline.query('SELECT count(*) AS refused FROM quarantine.signups')).toEqual([
    { refused: FILES },
  ]);
};

describe.each([
  ['with keys of their own', false, FILES * ROWS],
  ['with keys in common', true, ((FILES - 1) * ROWS) / 3 + ROWS],
])('twenty files of one partition, %s', (_, overlapping, keys) => {
  let events: ObjectCreated[];
  let copy: () => TestPipeline;
  let expected: string;

  beforeAll(async () => {
    ({ events, copy } = await uploaded(overlapping));
    const oneByOne = copy();
    for (const event of events) expect((await oneByOne.engine.run(event)).status).toBe('succeeded');
    await expectSums(oneByOne);
    expected = await contents(oneByOne);
    expect(await oneByOne.query('SELECT count(*) AS rows FROM silver.signups')).toEqual([{ rows: keys }]);
  });

  test('at once give the same tables as one after another', async () => {
    const pipeline = copy();
    const executions = await Promise.all(events.map((event) => pipeline.engine.run(event)));
    expect(executions.map(({ status }) => status)).toEqual(Array(FILES).fill('succeeded'));
    expect(await contents(pipeline)).toBe(expected);
    await expectSums(pipeline);
  });

  test('by two processes, each event in both, give the same tables', async () => {
    const pipeline = copy();
    const file = path.join(scratch(), 'events.json');
    writeFileSync(file, JSON.stringify(events));
    const ended = await Promise.all([1, 2].map(() => runChild('run-events.ts', pipeline.folder, file)));
    expect(ended).toEqual(Array(2).fill(Array(FILES).fill('succeeded').join(' ')));
    expect(await contents(pipeline)).toBe(expected);
    await expectSums(pipeline);
  });
});
