import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Row } from '../../shared/engine/values.ts';
import { datasets, type TestPipeline, testPipeline } from '../helpers/pipeline.ts';
import { contractYaml } from '../helpers/silver-lake.ts';

const HEADER = 'id,name,email,signup_date,status';
const csv = (...lines: string[]): string => `${[HEADER, ...lines].join('\n')}\n`;
const row = (id: number, name: string, date = '2024-01-02'): string =>
  `${id},${name},${name.toLowerCase()}${id}@example.com,${date},active`;

/** The rows of all tables that readers see, without the runs. */
const tables = async ({ query }: TestPipeline): Promise<Record<string, Row[]>> => ({
  silver: await query('FROM silver.signups ORDER BY ALL'),
  byDay: await query('FROM gold.signups_by_day ORDER BY ALL'),
  metrics: await query(
    'SELECT * REPLACE (dimensions::VARCHAR AS dimensions) FROM gold.daily_metrics ORDER BY ALL',
  ),
  quarantine: await query(
    'SELECT * EXCLUDE (run_id, source_version, uploaded_at) FROM quarantine.signups ORDER BY ALL',
  ),
});
const names = async ({ query }: TestPipeline): Promise<unknown[]> =>
  (await query('SELECT name FROM silver.signups ORDER BY id')).map(({ name }) => name);
/** Sign-ups by day, from gold. */
const days = async ({ query }: TestPipeline): Promise<Row> =>
  Object.fromEntries(
    (
      await query(
        'SELECT signup_date, sum(signups)::INTEGER AS n FROM gold.signups_by_day GROUP BY ALL ORDER BY ALL',
      )
    ).map(({ signup_date, n }) => [signup_date, n]),
  );
const statuses = async ({ runs }: TestPipeline): Promise<string[]> =>
  (await runs()).map(({ status }) => status);

const DIRTY = csv(
  row(1, 'Ada'),
  row(2, 'Bob'),
  row(2, 'Rob'),
  ...Array.from({ length: 40 }, (_, i) => row(i + 10, 'Fill')),
  '3,Eve,no address,2024-01-03,active',
);

describe('the same event twice', () => {
  test('one after the other changes nothing', async () => {
    const pipeline = testPipeline();
    const event = await pipeline.put('signups/a.csv', DIRTY);
    await pipeline.engine.run(event);
    const [before, runs] = [await tables(pipeline), await pipeline.runs()];
    const again = await pipeline.engine.run(event);
    expect(again.status).toBe('succeeded');
    expect(await tables(pipeline)).toEqual(before);
    expect(before.silver).toHaveLength(42);
    expect(before.quarantine).toHaveLength(1);
    expect(await pipeline.runs()).toEqual(runs);
  });

  test('at the same time is one run', async () => {
    const pipeline = testPipeline();
    const event = await pipeline.put('signups/a.csv', DIRTY);
    const executions = await Promise.all(Array.from({ length: 6 }, () => pipeline.engine.run(event)));
    expect(executions.map(({ status }) => status)).toEqual(Array(6).fill('succeeded'));
    const once = testPipeline();
    await once.drop('signups/a.csv', DIRTY);
    // The two lakes have different raw versions, and therefore different run ids.
    const nameless = async (of: TestPipeline) => {
      const { silver = [], ...rest } = await tables(of);
      return { ...rest, silver: silver.map(({ _run_id, ...row }) => row) };
    };
    expect(await nameless(pipeline)).toEqual(await nameless(once));
    expect(await pipeline.runs()).toMatchObject([
      { rows_read: 44, rows_accepted: 43, rows_rejected: 1, rows_duplicate: 1, rows_silver: 42 },
    ]);
  });
});

describe('the same event again, after the contract was fixed', () => {
  const COLUMNS = ['{ name: id, logicalType: integer, primaryKey: true }'];
  const contract = (most: number, threshold: number): string =>
    contractYaml(
      't',
      [...COLUMNS, `{ name: n, logicalType: integer, logicalTypeOptions: { maximum: ${most} } }`],
      [`{ property: qualityThreshold, value: ${threshold} }`],
    );
  const FILE = 'id,n\n1,1\n2,20\n3,x\n';
  const accounts = async ({ query }: TestPipeline): Promise<unknown[]> => [
    await query('SELECT id FROM silver.t ORDER BY id'),
    await query(
      `SELECT line, raw FROM quarantine.t WHERE scope = 'row' AND run_id = (SELECT max_by(run_id, finished_at) FROM runs) ORDER BY line`,
    ),
    await query('SELECT status, rows_read, rows_silver, rows_rejected FROM runs ORDER BY finished_at'),
    await query('SELECT count(*) AS n FROM silver.t JOIN runs ON _run_id = run_id WHERE rows_silver = 2'),
  ];
  const FIXED = [[{ id: 1 }, { id: 2 }], [{ line: 4, raw: '{"id":"3","n":"x"}' }]];
  const NOW = { status: 'loaded', rows_read: 3, rows_silver: 2, rows_rejected: 1 };

  test.each([
    ['rejected more rows', contract(10, 0), { ...NOW, rows_silver: 1, rows_rejected: 2 }],
    [
      'quarantined the whole file',
      contract(10, 1),
      { ...NOW, status: 'quarantined', rows_silver: 0, rows_rejected: 3 },
    ],
  ])('that %s: a second run, and silver has the rows of that one', async (_, before, earlier) => {
    const sqlDir = datasets({ 't/contract.yaml': before });
    const pipeline = testPipeline({ sqlDir });
    const event = await pipeline.put('t/a.csv', FILE);
    await pipeline.engine.run(event);
    writeFileSync(path.join(sqlDir, 't/contract.yaml'), contract(100, 0));
    await pipeline.engine.run(event);
    expect(await accounts(pipeline)).toEqual([...FIXED, [earlier, NOW], [{ n: 2 }]]);
    await pipeline.engine.run(event);
    expect(await accounts(pipeline)).toEqual([...FIXED, [earlier, NOW], [{ n: 2 }]]);
  });
});

describe('the same file uploaded again', () => {
  test('is a run that changes no table', async () => {
    const pipeline = testPipeline();
    await pipeline.drop('signups/a.csv', csv(row(1, 'Ada'), row(2, 'Bob')));
    const before = await tables(pipeline);
    await pipeline.drop('signups/a.csv', csv(row(1, 'Ada'), row(2, 'Bob')));
    expect(await tables(pipeline)).toEqual(before);
    expect(await pipeline.runs()).toMatchObject([
      { status: 'loaded' },
      { status: 'loaded', rows_silver: 2, reason: expect.stringContaining('They stay') },
    ]);
  });

  test('is the later upload: its rows win over those of a file between', async () => {
    const pipeline = testPipeline();
    await pipeline.drop('signups/a.csv', csv(row(1, 'Ada'), row(2, 'Bob')));
    await pipeline.drop('signups/b.csv', csv(row(2, 'Rob')));
    expect(await names(pipeline)).toEqual(['Ada', 'Rob']);
    await pipeline.drop('signups/a.csv', csv(row(1, 'Ada'), row(2, 'Bob')));
    expect(await names(pipeline)).toEqual(['Ada', 'Bob']);
  });
});

test('a corrected re-upload replaces its rows in silver and gold', async () => {
  const pipeline = testPipeline();
  await pipeline.drop('signups/a.csv', csv(row(1, 'Ada'), row(2, 'Bob', '2023-12-31')));
  await pipeline.drop('signups/b.csv', csv(row(3, 'Cid')));
  expect(await days(pipeline)).toEqual({ '2023-12-31': 1, '2024-01-02': 2 });
  await pipeline.drop('signups/a.csv', csv(row(1, 'Ida', '2024-05-05'), row(4, 'Dan')));
  expect(await names(pipeline)).toEqual(['Ida', 'Cid', 'Dan']);
  expect(await days(pipeline)).toEqual({ '2024-01-02': 2, '2024-05-05': 1 });
  expect(
    await pipeline.query(
      `SELECT date_key, metric_value FROM gold.daily_metrics WHERE metric_name = 'signups.count' ORDER BY ALL`,
    ),
  ).toEqual([
    { date_key: '2024-01-02', metric_value: 2 },
    { date_key: '2024-05-05', metric_value: 1 },
  ]);
});

describe('an older version that arrives late', () => {
  test('changes nothing, and its run says so', async () => {
    const pipeline = testPipeline();
    const older = await pipeline.put('signups/a.csv', csv(row(1, 'Old')));
    const newer = await pipeline.put('signups/a.csv', csv(row(1, 'New'), row(2, 'Two')));
    await pipeline.engine.run(newer);
    const before = await tables(pipeline);
    await pipeline.engine.run(older);
    expect(await tables(pipeline)).toEqual(before);
    expect(await names(pipeline)).toEqual(['New', 'Two']);
    expect(await pipeline.runs()).toMatchObject([
      { status: 'loaded' },
      {
        status: 'superseded',
        rows_read: 1,
        rows_silver: 1,
        reason: expect.stringContaining('newer version'),
      },
    ]);
  });

  test('at the same time as the newer ones leaves the newest', async () => {
    const pipeline = testPipeline();
    const events = [];
    for (const name of ['One', 'Two', 'Three', 'Four'])
      events.push(await pipeline.put('signups/a.csv', csv(row(1, name))));
    await Promise.all(events.map((event) => pipeline.engine.run(event)));
    expect(await names(pipeline)).toEqual(['Four']);
    expect(await days(pipeline)).toEqual({ '2024-01-02': 1 });
    expect((await statuses(pipeline)).length).toBe(4);
  });

  test('does not win if a version between has the rows of the newest', async () => {
    const pipeline = testPipeline();
    await pipeline.drop('signups/a.csv', csv(row(1, 'Same')));
    const between = await pipeline.put('signups/a.csv', csv(row(1, 'Between')));
    await pipeline.drop('signups/a.csv', csv(row(1, 'Same')));
    await pipeline.engine.run(between);
    expect(await names(pipeline)).toEqual(['Same']);
  });
});

describe('a key in two files', () => {
  test('shows the later row only; without that, the row of the other file again', async () => {
    const pipeline = testPipeline();
    await pipeline.drop('signups/a.csv', csv(row(1, 'Ada'), row(2, 'Bob')));
    await pipeline.drop('signups/b.csv', csv(row(2, 'Rob'), row(3, 'Cid')));
    expect(await names(pipeline)).toEqual(['Ada', 'Rob', 'Cid']);
    expect(await days(pipeline)).toEqual({ '2024-01-02': 3 });
    await pipeline.drop('signups/b.csv', csv(row(3, 'Cid')));
    expect(await names(pipeline)).toEqual(['Ada', 'Bob', 'Cid']);
    expect(await days(pipeline)).toEqual({ '2024-01-02': 3 });
  });

  test('moves between partitions and back', async () => {
    const pipeline = testPipeline();
    const metrics = async () =>
      (await pipeline.query('SELECT date_key FROM gold.daily_metrics ORDER BY ALL')).map(
        ({ date_key }) => date_key,
      );
    await pipeline.drop('signups/a.csv', csv(row(1, 'Ada', '2022-03-03')));
    await pipeline.drop('signups/b.csv', csv(row(1, 'Ada', '2024-04-04'), row(2, 'Bob', '2024-04-05')));
    expect(await pipeline.query('SELECT id, year FROM silver.signups ORDER BY id')).toEqual([
      { id: 1, year: 2024 },
      { id: 2, year: 2024 },
    ]);
    expect(await days(pipeline)).toEqual({ '2024-04-04': 1, '2024-04-05': 1 });
    expect(await metrics()).toEqual(['2024-04-04', '2024-04-05']);
    await pipeline.drop('signups/b.csv', csv(row(2, 'Bob', '2024-04-05')));
    expect(await pipeline.query('SELECT id, year FROM silver.signups ORDER BY id')).toEqual([
      { id: 1, year: 2022 },
      { id: 2, year: 2024 },
    ]);
    expect(await days(pipeline)).toEqual({ '2022-03-03': 1, '2024-04-05': 1 });
    expect(await metrics()).toEqual(['2022-03-03', '2024-04-05']);
  });

  test('is the later upload’s, also when that one is processed first', async () => {
    const pipeline = testPipeline();
    const a = await pipeline.put('signups/a.csv', csv(row(1, 'Ada')));
    const b = await pipeline.put('signups/b.csv', csv(row(1, 'Bob')));
    await pipeline.engine.run(b);
    await pipeline.engine.run(a);
    expect(await names(pipeline)).toEqual(['Bob']);
  });
});
