import { maintainTables } from '../../../functions/maintain.ts';
import { ObjectMissing } from '../../../shared/errors.ts';
import type { CatalogTable } from '../../../shared/lake/catalog/catalog.ts';
import { lakePaths } from '../../../shared/lake/paths.ts';
import { Table } from '../../../shared/lake/table/commit/table.ts';
import { type MaintainedTable, maintain } from '../../../shared/maintenance/maintain.ts';
import { config } from '../../helpers/engine.ts';
import { idleExecutions } from '../../helpers/idle-executions.ts';
import { datasets, type TestPipeline, testPipeline } from '../../helpers/pipeline.ts';
import { contractYaml, keysIn } from '../../helpers/silver-lake.ts';

const SCHEDULED = { source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} };

const GOLD = `/*---
columns:
  - { name: day, logicalType: string, primaryKey: true }
  - { name: people, logicalType: integer }
partitionedBy: [day]
---*/
SELECT day, count(*) AS people FROM silver.people GROUP BY day`;

const sqlDir = datasets({
  'people/contract.yaml': contractYaml('people', [
    '{ name: id, logicalType: integer }',
    '{ name: day, logicalType: string, partitioned: true, partitionKeyPosition: 1 }',
  ]),
  'people/gold/by_day.sql': GOLD,
  'empty/contract.yaml': contractYaml('empty', ['{ name: id, logicalType: integer }']),
});
const DAY_MS = 24 * 60 * 60 * 1000;

/** Five files of two days each. */
const filled = async (): Promise<TestPipeline> => {
  const pipeline = testPipeline({ sqlDir });
  for (let n = 0; n < 5; n += 1) await pipeline.drop(`people/${n}.csv`, `id,day\n${n},mon\n${n},tue\n`);
  return pipeline;
};

const contextOf = ({ lake }: TestPipeline, pointed: CatalogTable[] = []) => ({
  lake,
  config: { ...config, sqlDir },
  catalog: {
    point: async (table: CatalogTable, onRequest?: () => void) => {
      onRequest?.();
      pointed.push(table);
    },
  },
});

const content = async ({ query }: TestPipeline) => [
  await query('FROM silver.people ORDER BY ALL'),
  await query('FROM gold.by_day ORDER BY ALL'),
];

test('a scheduled call merges the files of silver and gold, and points the catalog at what is committed', async () => {
  const pipeline = await filled();
  const before = await content(pipeline);
  const pointed: CatalogTable[] = [];
  const { tables, usage } = await maintainTables(SCHEDULED, contextOf(pipeline, pointed));
  expect(tables).toMatchObject([
    { zone: 'silver', table: 'people', files_before: 10, files_after: 2, rows_before: 10, rows_after: 10 },
    { zone: 'gold', table: 'by_day', files_before: 2, files_after: 2, rows_before: 2, rows_after: 2 },
  ]);
  expect(usage.requests).toBeGreaterThan(20);
  expect(usage).toMatchObject({ memory_mb: config.memoryMb, requests_catalog: 2 });
  expect(usage.bytes_read).toBeGreaterThan(0);
  expect(await content(pipeline)).toEqual(before);
  const newest = await new Table(pipeline.lake.silver, 'people').newest();
  expect(newest?.snapshot).toMatchObject({ operation: 'compact', version: 6 });
  expect(pointed).toMatchObject([
    { zone: 'silver', name: 'people', metadataVersion: 6, metadataLocation: newest?.file },
    { zone: 'gold', name: 'by_day' },
  ]);
  const again = await maintainTables(SCHEDULED, contextOf(pipeline));
  expect(again.tables[0]).toMatchObject({ files_before: 2, files_after: 2, orphans_removed: 0 });
});

test('a run after maintenance rebuilds no more of gold than it would have', async () => {
  const pipeline = await filled();
  await maintainTables(SCHEDULED, contextOf(pipeline));
  const { output } = await pipeline.drop('people/5.csv', 'id,day\n5,wed\n');
  expect(output).toMatchObject({ load: { gold: [{ model: 'by_day', partitions: 1 }] } });
});

test('a dry run reports what it would do, and does nothing', async () => {
  const pipeline = await filled();
  const before = [...(await keysIn(pipeline.lake.silver, '')), ...(await keysIn(pipeline.lake.gold, ''))];
  const pointed: CatalogTable[] = [];
  const done = await maintain({ ...contextOf(pipeline, pointed), dryRun: true });
  expect(done[0]?.summary).toMatchObject({ files_before: 10, files_after: 2, rows_after: 10 });
  expect([...(await keysIn(pipeline.lake.silver, '')), ...(await keysIn(pipeline.lake.gold, ''))]).toEqual(
    before,
  );
  expect(pointed).toEqual([]);
});

test('orphans are removed after the grace period: files of an attempt that never committed', async () => {
  const pipeline = await filled();
  await pipeline.lake.silver.write('people/data/day=mon/lost.parquet', 'rows');
  const kept = await maintain({ ...contextOf(pipeline), graceMs: DAY_MS });
  expect(kept[0]?.summary).toMatchObject({ orphans_removed: 0, bytes_freed: 0 });
  // A file of a run that is under way looks the same.
  await new Promise((resolve) => setTimeout(resolve, 20));
  const done = await maintain({ ...contextOf(pipeline), graceMs: 0 });
  expect(done[0]?.summary?.orphans_removed).toBeGreaterThan(0);
  expect(await pipeline.lake.silver.head('people/data/day=mon/lost.parquet')).toBeUndefined();
  expect(await pipeline.query('SELECT count(*) AS n FROM silver.people')).toEqual([{ n: 10 }]);
});

test('a table that fails is reported when the others are done', async () => {
  const pipeline = await filled();
  for (const key of await keysIn(pipeline.lake.silver, 'people/metadata/snap-'))
    await pipeline.lake.silver.remove(key);
  const heard: MaintainedTable[] = [];
  const done = await maintain({ ...contextOf(pipeline), onTable: (each) => heard.push(each) });
  expect(done).toMatchObject([
    { table: 'people', error: { name: 'ObjectMissing' } },
    { table: 'by_day', summary: { files_after: 2 } },
  ]);
  expect(heard).toEqual(done);
  await expect(maintainTables(SCHEDULED, contextOf(pipeline))).rejects.toThrow(ObjectMissing);
  for (const key of await keysIn(pipeline.lake.gold, 'by_day/metadata/snap-'))
    await pipeline.lake.gold.remove(key);
  await expect(maintainTables(SCHEDULED, contextOf(pipeline))).rejects.toThrow(
    /silver\.people: ObjectMissing: .*\ngold\.by_day: ObjectMissing/,
  );
});

test('the table that was not maintained for longest comes first, whatever became of its last maintenance', async () => {
  const pipeline = await filled();
  const order = async (): Promise<string[]> =>
    (await maintain(contextOf(pipeline))).map(({ zone, table }) => `${zone}/${table}`);
  const times = { 'silver/people': 2_000, 'silver/empty': 3_000, 'gold/by_day': 1_000 };
  await pipeline.lake.silver.write(lakePaths.turns, JSON.stringify(times));
  expect(await order()).toEqual(['gold/by_day', 'silver/people']);
  await pipeline.lake.silver.write(lakePaths.turns, JSON.stringify({ 'silver/people': 2_000 }));
  expect(await order()).toEqual(['gold/by_day', 'silver/people']);
  await pipeline.lake.silver.write(lakePaths.turns, 'nonsense');
  expect(await order()).toEqual(['silver/people', 'gold/by_day']);
  const noted = JSON.parse(String(await pipeline.lake.silver.read(lakePaths.turns)));
  expect(Object.keys(noted)).toEqual(['silver/empty', 'silver/people', 'gold/by_day', 'gold/_runs']);
});

test('run records move into a table, which the catalog shows as _runs', async () => {
  const pipeline = await filled();
  const runs = await pipeline.runs();
  const pointed: CatalogTable[] = [];
  const context = { ...contextOf(pipeline, pointed), foldAgeMs: -1_000 };
  const dry = await maintain({ ...context, dryRun: true });
  expect(dry.at(-1)).toMatchObject({ zone: 'gold', table: '_runs', summary: { folded: 5, rows_after: 0 } });
  expect(pointed).toEqual([]);
  const done = await maintain(context);
  const moved = { folded: 5, rows_before: 0, rows_after: 5, files_before: 0, files_after: 1 };
  expect(done.at(-1)).toEqual({ zone: 'gold', table: '_runs', summary: expect.objectContaining(moved) });
  const newest = await new Table(pipeline.lake.gold, 'runs-folded').newest();
  expect(pointed.at(-1)).toMatchObject({
    ...{ zone: 'gold', name: '_runs', metadataLocation: newest?.file },
    location: expect.stringMatching(/gold\/runs-folded$/),
  });
  expect(await keysIn(pipeline.lake.gold, 'runs-newest/')).toEqual([]);
  expect(await pipeline.runs()).toEqual(runs);
  const again = await maintain(context);
  expect(again.at(-1)?.summary).toMatchObject({ folded: 0, rows_before: 5, rows_after: 5 });
});

test('a run record that cannot be read is reported when everything else is done', async () => {
  const pipeline = await filled();
  const [first = ''] = await keysIn(pipeline.lake.gold, 'runs-newest/');
  await pipeline.lake.gold.write(first, '{}');
  const done = await maintain({ ...contextOf(pipeline), foldAgeMs: -1_000 });
  expect(done.at(-1)).toMatchObject({
    summary: { folded: 4, rows_after: 4 },
    error: { name: 'TableDamaged', message: expect.stringContaining(first) },
  });
});

describe('files that never ran', () => {
  const now = (hours: number): Date => new Date(Date.now() - hours * 60 * 60 * 1000);

  /** A lake with one file that ran, and versions in raw that nothing knows, as old as given in hours. */
  const withFiles = async (ages: Readonly<Record<string, number>>) => {
    const pipeline = testPipeline({ sqlDir });
    await pipeline.drop('people/ran.csv', 'id,day\n1,mon\n');
    const { raw } = pipeline.lake;
    const list = raw.listVersions.bind(raw);
    const lost = Object.entries(ages).map(([key, age]) => ({
      ...{ key, versionId: `version of ${key}`, size: 5, etag: 'e', isLatest: true },
      lastModified: now(age),
    }));
    const observed = raw.observed.bind(raw);
    const listVersions = async function* (prefix: string) {
      yield* list(prefix);
      yield* lost;
    };
    jest.spyOn(raw, 'listVersions').mockImplementation(listVersions);
    jest
      .spyOn(raw, 'observed')
      .mockImplementation((observer) => Object.assign(observed(observer), { listVersions }));
    const executions = idleExecutions();
    const context = { ...contextOf(pipeline), config: { ...config, sqlDir, missingDays: 3 }, executions };
    return { pipeline, executions, context };
  };

  afterEach(() => jest.restoreAllMocks());

  test('of the last days are started, the oldest first, with their own events, and reported', async () => {
    const { executions, context } = await withFiles({
      ...{ 'people/new.csv': 5, 'people/old.csv': 30, 'people/young.csv': 0.5, 'people/ancient.csv': 100 },
      'people/_SUCCESS': 5,
    });
    const { missing, tables } = await maintainTables(SCHEDULED, context);
    const keys = ['people/old.csv', 'people/new.csv'];
    expect(missing).toEqual({ days: 3, found: 2, started: 2, keys });
    expect(executions.started.map(({ detail }) => detail.object.key)).toEqual(keys);
    expect(executions.started[0]).toMatchObject({
      time: expect.stringMatching(/Z$/),
      detail: { bucket: { name: 'raw' }, object: { 'version-id': 'version of people/old.csv', size: 5 } },
      replay: { requested_at: expect.any(String) },
    });
    expect(tables).toMatchObject([{ table: 'people' }, { table: 'by_day' }]);
  });

  test('that have an execution are left to it', async () => {
    const { executions, context } = await withFiles({ 'people/a.csv': 5, 'people/b.csv': 6 });
    const unfinished = async function* () {
      const object = { key: 'people/b.csv', 'version-id': 'version of people/b.csv' };
      const event = { ...SCHEDULED, time: '', 'detail-type': 'Object Created' as const };
      yield {
        id: 'e1',
        status: 'failed' as const,
        event: { ...event, detail: { bucket: { name: 'raw' }, object } },
      };
    };
    const { missing } = await maintainTables(SCHEDULED, {
      ...context,
      executions: { ...executions, unfinished },
    });
    expect(missing).toMatchObject({ found: 1, started: 1, keys: ['people/a.csv'] });
  });

  test('are not looked for without days, or where no state machine is named', async () => {
    const { executions, context } = await withFiles({ 'people/a.csv': 5 });
    const off = { ...context, config: { ...context.config, missingDays: 0 } };
    expect(await maintainTables(SCHEDULED, off)).not.toHaveProperty('missing');
    expect(await maintainTables(SCHEDULED, { ...context, executions: undefined })).not.toHaveProperty(
      'missing',
    );
    expect(executions.started).toEqual([]);
  });

  test('a search that fails does not keep the tables from being maintained', async () => {
    const { pipeline, executions, context } = await withFiles({ 'people/a.csv': 5 });
    const start = async () => {
      throw Object.assign(new Error('not allowed'), { name: 'AccessDeniedException' });
    };
    const failing = { ...context, executions: { ...executions, start } };
    await expect(maintainTables(SCHEDULED, failing)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    expect(String(await pipeline.lake.silver.read(lakePaths.turns))).toContain('silver/people');
    for (const key of await keysIn(pipeline.lake.silver, 'people/metadata/snap-'))
      await pipeline.lake.silver.remove(key);
    await expect(maintainTables(SCHEDULED, failing)).rejects.toMatchObject({
      name: 'AggregateError',
      message: expect.stringMatching(
        /ran: AccessDeniedException: not allowed\nsilver\/people\/metadata\/snap-/,
      ),
    });
  });
});
