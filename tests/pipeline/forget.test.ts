import { cpSync } from 'node:fs';
import path from 'node:path';
import { forgetWhere } from '../../operate/forget/forget.ts';
import type { ForgetOptions } from '../../operate/forgotten.ts';
import { openLake } from '../../operate/local/lake.ts';
import { localSources } from '../../operate/local/replay.ts';
import { lakePaths } from '../../shared/lake/paths.ts';
import { Table } from '../../shared/lake/table/commit/table.ts';
import type { Config } from '../../shared/runtime/config.ts';
import { lakeContent } from '../helpers/lake-content.ts';
import { datasets, type TestPipeline, testPipeline } from '../helpers/pipeline.ts';
import { scratch } from '../helpers/scratch.ts';
import { contractYaml, keysIn } from '../helpers/silver-lake.ts';
import { tracesOf } from '../helpers/traces.ts';

const SECRET = 'zzerasedzz';
const WHERE = `name = '${SECRET}'`;
const sqlDir = datasets({
  't/contract.yaml': contractYaml(
    't',
    [
      '{ name: id, logicalType: integer, primaryKey: true }',
      '{ name: name, logicalType: string }',
      '{ name: n, logicalType: integer, logicalTypeOptions: { maximum: 100 } }',
    ],
    ['{ property: qualityThreshold, value: 0.3 }'],
  ),
  't/gold/names.sql': `/*---
columns:
  - { name: name, logicalType: string, primaryKey: true }
  - { name: rows, logicalType: integer, required: true }
---*/
SELECT name, count(*) AS rows FROM silver.t GROUP BY name
`,
});
const config: Config = {
  ...{ memoryMb: 1024, threads: 2, sqlDir, scratchRoot: scratch() },
  ...{ maxUnpackedBytes: 2 ** 30, maxRecordBytes: 2 ** 20 },
};

const forget = ({ lake, engine }: TestPipeline, where: string, options?: ForgetOptions) => {
  const { versions } = localSources({
    lake: openLake(path.dirname(path.resolve(lake.raw.uri.slice(7)))),
    engine,
  });
  return forgetWhere({ lake, config, versions }, 't', where, options);
};

/** Row 2 of `a` is to go, and so is one that `b` hides; `b` also has a rejected record of it. */
const FILES = {
  't/a.csv': `id,name,n\n1,ann,1\n2,${SECRET},2\n3,${SECRET},3\n`,
  't/b.csv': `id,name,n\n3,cleo,33\n4,dan,4\n5,${SECRET},500\n6,eve,600\n`,
};
const OTHERS = [
  { id: 1, name: 'ann', n: 1 },
  { id: 3, name: 'cleo', n: 33 },
  { id: 4, name: 'dan', n: 4 },
];

let filled: string;
beforeAll(async () => {
  const pipeline = testPipeline({ sqlDir });
  for (const [key, text] of Object.entries(FILES)) await pipeline.drop(key, text);
  filled = pipeline.folder;
});

const copyOfLake = (options: Partial<TestPipeline> = {}): TestPipeline => {
  const folder = scratch();
  cpSync(filled, folder, { recursive: true, preserveTimestamps: true });
  return testPipeline({ sqlDir, folder, ...options });
};

const shown = ({ query }: TestPipeline) => query('SELECT id, name, n FROM silver.t ORDER BY id');

test('with --raw no object of the lake holds the value any more, and all other rows are there', async () => {
  const pipeline = copyOfLake();
  const places = await tracesOf(pipeline.folder, SECRET);
  for (const place of [
    'raw/',
    'silver/t/data/',
    'silver/t/metadata/',
    'silver/_staging/',
    'gold/names/',
    'quarantine/',
  ])
    expect(places.filter((file) => file.startsWith(place))).not.toEqual([]);
  const runs = await pipeline.runs();

  const receipt = await forget(pipeline, WHERE, { raw: true, note: 'request 17' });

  expect(await tracesOf(pipeline.folder, SECRET)).toEqual([]);
  expect(await shown(pipeline)).toEqual(OTHERS);
  expect(await pipeline.query('FROM gold.names ORDER BY name')).toEqual([
    { name: 'ann', rows: 1 },
    { name: 'cleo', rows: 1 },
    { name: 'dan', rows: 1 },
  ]);
  expect(await pipeline.query('SELECT line, raw FROM quarantine.t')).toEqual([
    { line: 5, raw: '{"id":"6","name":"eve","n":"600"}' },
  ]);
  expect(await pipeline.runs()).toEqual(runs);
  expect(receipt).toMatchObject({
    ...{ dataset: 't', note: 'request 17' },
    silver: { rows: 2, shown: 1, files: 1, version: 3 },
    gold: [{ model: 'names', partitions: 1 }],
    quarantine: { records: 1, files: 1, not_judged: [] },
    staging: { left: [] },
    raw: { left: [], unknown: [] },
  });
  expect(receipt.tables.map(({ table, snapshots }) => [table, snapshots])).toEqual([
    ['silver.t', 2],
    ['gold.names', 2],
  ]);
  expect(receipt.raw.deleted.map(({ key, holds }) => [key, holds])).toEqual([
    ['t/a.csv', true],
    ['t/b.csv', true],
  ]);
  const stored = await pipeline.lake.gold.read(lakePaths.receipt(receipt.id));
  expect(JSON.parse(String(stored))).toEqual(receipt);
  expect(await keysIn(pipeline.lake.silver, '_forget/')).toEqual([]);
  expect((await new Table(pipeline.lake.silver, 't').current())?.history).toHaveLength(1);
});

test('files that come afterwards load as usual', async () => {
  const pipeline = copyOfLake();
  await forget(pipeline, WHERE);
  expect((await pipeline.drop('t/c.csv', 'id,name,n\n1,anna,9\n7,fay,7\n')).status).toBe('succeeded');
  expect(await shown(pipeline)).toEqual([
    { id: 1, name: 'anna', n: 9 },
    ...OTHERS.slice(1),
    { id: 7, name: 'fay', n: 7 },
  ]);
});

test('an event that comes once more brings nothing back, and raw is left and listed', async () => {
  const pipeline = copyOfLake();
  const { raw } = await forget(pipeline, WHERE);
  expect(raw).toMatchObject({ deleted: [], left: [{ key: 't/a.csv', holds: true }, { key: 't/b.csv' }] });
  const [before] = pipeline.engine.list();
  if (before === undefined) throw new Error('nothing ran');
  expect((await pipeline.engine.run(before.event)).status).toBe('succeeded');
  expect(await shown(pipeline)).toEqual(OTHERS);
});

test('a row that was hidden by a forgotten one shows again', async () => {
  const pipeline = copyOfLake();
  await forget(pipeline, "name = 'cleo'");
  expect(await shown(pipeline)).toContainEqual({ id: 3, name: SECRET, n: 3 });
  expect(await pipeline.query(`SELECT rows FROM gold.names WHERE ${WHERE}`)).toEqual([{ rows: 2 }]);
});

test('all rows of a table may go', async () => {
  const pipeline = copyOfLake();
  expect(await forget(pipeline, 'true', { raw: true })).toMatchObject({ silver: { rows: 5, files: 2 } });
  expect(await shown(pipeline)).toEqual([]);
  expect(await pipeline.query('FROM quarantine.t')).toEqual([]);
});

test('a raw version whose rows are nowhere else stays', async () => {
  const pipeline = copyOfLake();
  await pipeline.drop('t/a.csv', Buffer.from([0x50, 0x4b, 3, 4, 0, 0]));
  const { raw } = await forget(pipeline, WHERE, { raw: true });
  expect(raw.left).toMatchObject([
    { key: 't/a.csv', holds: false, kept: expect.stringContaining('refused') },
  ]);
  expect(raw.deleted.map(({ key }) => key)).toEqual(['t/a.csv', 't/b.csv']);
  expect((await pipeline.lake.raw.read('t/a.csv'))?.length).toBe(6);
});

test('records that the condition cannot judge are named, and go by their text', async () => {
  const pipeline = copyOfLake();
  await pipeline.drop('t/c.json', `{"id":8,"name":"gus","n":1}\n{"id":9,"name":"${SECRET}`);
  const { quarantine } = await forget(pipeline, WHERE, { raw: true });
  expect(quarantine.not_judged).toMatchObject([{ records: 1 }]);
  const again = await forget(pipeline, WHERE, { raw: true, quarantineText: SECRET });
  expect(again.quarantine).toMatchObject({ records: 1, not_judged: [] });
  expect(await tracesOf(pipeline.folder, SECRET)).toEqual([]);
});

test('a dry run counts, and changes nothing', async () => {
  const pipeline = copyOfLake();
  const before = await tracesOf(pipeline.folder, '');
  const receipt = await forget(pipeline, WHERE, { dryRun: true, raw: true });
  expect(receipt).toMatchObject({ id: 'dry-run', silver: { rows: 2, shown: 1 }, quarantine: { records: 1 } });
  expect(receipt.raw.deleted).toHaveLength(2);
  expect(receipt.finished_at).toBeUndefined();
  expect(await tracesOf(pipeline.folder, '')).toEqual(before);
});

test.each([
  ["name = 'x'; DROP TABLE t", 'not one SQL expression'],
  ["name = 'x') OR (true", 'not one SQL expression'],
  ["name = 'x' ORDER BY 1", 'not one SQL expression'],
  ['', 'not one SQL expression'],
  ['id IN (SELECT id FROM silver.t)', 'has a query in it'],
  ["nome = 'x'", 'cannot be evaluated'],
  ["id = 'zzsecretzz'", 'cannot be evaluated'],
])('%p is no condition', async (where, message) => {
  const error = await forget(copyOfLake(), where).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: 'UsageError', message: expect.stringContaining(message) });
  expect(String(error)).not.toContain('zzsecretzz');
});

test('the content of the lake is that of one that never had the rows', async () => {
  const pipeline = copyOfLake();
  await forget(pipeline, WHERE, { raw: true });
  const other = testPipeline({ sqlDir });
  for (const [key, text] of Object.entries(FILES))
    await other.drop(
      key,
      text
        .split('\n')
        .filter((line) => !line.includes(SECRET))
        .join('\n'),
    );
  const content = async (folder: string) => {
    const tables = await lakeContent(folder, sqlDir);
    return [tables['gold.names'], tables['silver.t']?.map(({ id, name, n }) => ({ id, name, n }))];
  };
  expect(await content(pipeline.folder)).toEqual(await content(other.folder));
});
