import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { localSources } from '../../operate/local/replay.ts';
import { rebuildDataset } from '../../operate/rebuild/rebuild.ts';
import type { RebuildOptions, Rebuilt } from '../../operate/rebuilt.ts';
import { rollbackTable } from '../../operate/rollback.ts';
import type { Row } from '../../shared/engine/values.ts';
import { Table } from '../../shared/lake/table/commit/table.ts';
import type { Config } from '../../shared/runtime/config.ts';
import { ROOT } from '../helpers/engine.ts';
import { datasets, type TestPipeline, testPipeline } from '../helpers/pipeline.ts';
import { scratch } from '../helpers/scratch.ts';
import { contractYaml, keysIn } from '../helpers/silver-lake.ts';

const contract = (most: number, version = '1.0.0'): string =>
  contractYaml(
    't',
    [
      '{ name: id, logicalType: integer, primaryKey: true }',
      `{ name: n, logicalType: integer, logicalTypeOptions: { maximum: ${most} } }`,
    ],
    ['{ property: qualityThreshold, value: 0.6 }'],
  ).replace('version: 1.0.0', `version: ${version}`);
const GOLD = `/*---
columns:
  - { name: rows, logicalType: integer, required: true }
---*/
SELECT count(*) AS rows FROM silver.t
`;

interface Subject {
  pipeline: TestPipeline;
  sqlDir: string;
  config: Config;
  rebuild(options?: RebuildOptions): Promise<Rebuilt>;
}

const open = (sqlDir = datasets({ 't/contract.yaml': contract(100) }), dataset = 't'): Subject => {
  const pipeline = testPipeline({ sqlDir });
  const config: Config = {
    ...{ memoryMb: 1024, threads: 2, sqlDir, scratchRoot: scratch() },
    ...{ maxUnpackedBytes: 2 ** 30, maxRecordBytes: 2 ** 20 },
  };
  const { lake, engine } = pipeline;
  const { versions, sequencerOf } = localSources({ lake, engine });
  const source = { lake, config, versions, sequencerOf };
  const rebuild = (options?: RebuildOptions) => rebuildDataset(source, dataset, options);
  return { pipeline, sqlDir, config, rebuild };
};

const deploy = (sqlDir: string, yaml: string): void =>
  writeFileSync(path.join(sqlDir, 't/contract.yaml'), yaml);
const shown = async ({ query }: TestPipeline): Promise<Row[]> =>
  await query('SELECT id, n FROM silver.t ORDER BY id');
const snapshotOf = async ({ lake }: TestPipeline) => {
  const snapshot = await new Table(lake.silver, 't').current();
  if (snapshot === undefined) throw new Error('nothing is committed');
  return snapshot;
};

describe('the shipped samples', () => {
  const all = async ({ query }: TestPipeline): Promise<Row[][]> => [
    await query('FROM silver.signups ORDER BY ALL'),
    ...(await Promise.all(
      readdirSync(path.join(ROOT, 'sql/signups/gold')).map((file) =>
        query(`FROM gold.${path.basename(file, '.sql')} ORDER BY ALL`),
      ),
    )),
    await query('SELECT * EXCLUDE (uploaded_at) FROM quarantine.signups ORDER BY ALL'),
  ];

  test('are equal after a rebuild, and each file still has one record', async () => {
    const { pipeline, rebuild } = open(path.join(ROOT, 'sql'), 'signups');
    const samples = path.join(ROOT, 'samples/signups');
    for (const file of readdirSync(samples))
      await pipeline.drop(`signups/${file}`, readFileSync(path.join(samples, file)));
    const [before, runs] = [await all(pipeline), await pipeline.runs()];
    const rebuilt = await rebuild();
    expect(rebuilt).toMatchObject({ resumed: false, files: { lost: 0 } });
    expect(rebuilt.files.loaded).toBe(runs.filter(({ status }) => status === 'loaded').length);
    expect(await all(pipeline)).toEqual(before);
    const after = await pipeline.runs();
    expect(after.map(({ run_id }) => run_id).toSorted()).toEqual(runs.map(({ run_id }) => run_id).toSorted());
    expect(await keysIn(pipeline.lake.silver, '_rebuild/')).toEqual([]);
  });
});

test('another contract judges all files again: rows, gold, quarantine and records follow', async () => {
  const { pipeline, sqlDir, rebuild } = open(
    datasets({ 't/contract.yaml': contract(10), 't/gold/totals.sql': GOLD }),
  );
  await pipeline.drop('t/a.csv', 'id,n\n1,1\n2,20\n3,3\n');
  await pipeline.drop('t/b.csv', 'id,n\n3,33\n1,50\n');
  expect(await shown(pipeline)).toEqual([
    { id: 1, n: 1 },
    { id: 3, n: 3 },
  ]);
  deploy(sqlDir, contract(100, '2.0.0'));
  expect(await rebuild()).toMatchObject({ files: { loaded: 2, refused: 0, lost: 0 } });
  expect(await shown(pipeline)).toEqual([
    { id: 1, n: 50 },
    { id: 2, n: 20 },
    { id: 3, n: 33 },
  ]);
  expect(await pipeline.query('FROM gold.totals')).toMatchObject([{ rows: 3 }]);
  const runs = await pipeline.query(
    "SELECT source_key, status, contract_version FROM runs WHERE contract_version = '2.0.0' ORDER BY 1",
  );
  expect(runs).toEqual([
    { source_key: 't/a.csv', status: 'loaded', contract_version: '2.0.0' },
    { source_key: 't/b.csv', status: 'loaded', contract_version: '2.0.0' },
  ]);
});

test('where the newest version is refused, the rows of the version before it stand', async () => {
  const { pipeline, rebuild } = open();
  await pipeline.drop('t/a.csv', 'id,n\n1,1\n');
  await pipeline.drop('t/a.csv', Buffer.from([0x50, 0x4b, 3, 4, 0, 0]));
  const before = await shown(pipeline);
  expect(before).toEqual([{ id: 1, n: 1 }]);
  expect(await rebuild()).toMatchObject({ files: { loaded: 0, refused: 1 } });
  expect(await shown(pipeline)).toEqual(before);
});

test('versions that a rollback took out stay out', async () => {
  const { pipeline, config, rebuild } = open();
  await pipeline.drop('t/a.csv', 'id,n\n1,1\n');
  const { id } = await snapshotOf(pipeline);
  await pipeline.drop('t/a.csv', 'id,n\n1,2\n');
  await pipeline.drop('t/b.csv', 'id,n\n5,5\n');
  const rolledBack = await rollbackTable({ lake: pipeline.lake, config }, 'silver.t', id);
  expect(rolledBack).toMatchObject({ table: 'silver.t', gone: ['t/b.csv'], earlier: ['t/a.csv'] });
  expect(await shown(pipeline)).toEqual([{ id: 1, n: 1 }]);
  await rebuild();
  expect(await shown(pipeline)).toEqual([{ id: 1, n: 1 }]);
  await pipeline.drop('t/b.csv', 'id,n\n6,6\n');
  expect(await shown(pipeline)).toEqual([
    { id: 1, n: 1 },
    { id: 6, n: 6 },
  ]);
});

test('rows whose file is not in raw any more are not lost without a word', async () => {
  const { pipeline, rebuild } = open();
  await pipeline.drop('t/a.csv', 'id,n\n1,1\n');
  await pipeline.drop('t/gone.csv', 'id,n\n2,2\n');
  rmSync(path.join(pipeline.folder, 'raw/t/gone.csv'));
  rmSync(path.join(pipeline.folder, 'raw/.versions/t/gone.csv'), { recursive: true });
  await expect(rebuild()).rejects.toThrow('1 file that raw does not have any more');
  expect(await shown(pipeline)).toHaveLength(2);
  expect(await rebuild({ dropLost: true })).toMatchObject({ files: { loaded: 1, lost: 1 } });
  expect(await shown(pipeline)).toEqual([{ id: 1, n: 1 }]);
});

test('a table that was deleted is made again from raw', async () => {
  const { pipeline, rebuild } = open();
  await pipeline.drop('t/a.csv', 'id,n\n1,1\n');
  await pipeline.drop('t/b.csv', 'id,n\n1,2\n2,2\n');
  const before = await shown(pipeline);
  rmSync(path.join(pipeline.folder, 'silver'), { recursive: true });
  await rebuild();
  expect(await shown(pipeline)).toEqual(before);
});

test('a rebuild that was interrupted goes on, and a file that arrived meanwhile is in it', async () => {
  const { pipeline, rebuild } = open();
  for (const [i, name] of ['a', 'b', 'c'].entries()) await pipeline.drop(`t/${name}.csv`, `id,n\n${i},1\n`);
  const stop = new AbortController();
  const observe = (event: { type: string; done?: number }): void => {
    if (event.type === 'progress' && event.done === 1) stop.abort();
  };
  await expect(rebuild({ signal: stop.signal, observe })).rejects.toThrow('abort');
  expect(await shown(pipeline)).toHaveLength(3);
  await pipeline.drop('t/d.csv', 'id,n\n9,9\n');
  expect(await rebuild()).toMatchObject({ resumed: true, files: { loaded: 4 } });
  expect((await shown(pipeline)).map(({ id }) => id)).toEqual([0, 1, 2, 9]);
  expect((await snapshotOf(pipeline)).operation).toBe('rebuild');
});

test('a dry run counts, and changes nothing', async () => {
  const { pipeline, rebuild } = open();
  await pipeline.drop('t/a.csv', 'id,n\n1,1\n');
  const { id } = await snapshotOf(pipeline);
  expect(await rebuild({ dryRun: true })).toEqual({
    ...{ dataset: 't', resumed: false, gold: [] },
    files: { loaded: 1, refused: 0, lost: 0 },
  });
  expect((await snapshotOf(pipeline)).id).toBe(id);
});
