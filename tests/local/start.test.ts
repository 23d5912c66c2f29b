import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { withDuckDb } from '../../shared/engine/with-duckdb.ts';
import { callProgram } from '../helpers/call-program.ts';
import { engineOn, ROOT } from '../helpers/engine.ts';
import { printed, startNode } from '../helpers/killed.ts';
import { scratch } from '../helpers/scratch.ts';

const CLI = 'cli/duckstep.ts';

const run = (...args: string[]) => callProgram(args);

test('start processes files that are copied into raw, and ends cleanly at SIGTERM', async () => {
  const lake = scratch();
  const child = startNode(CLI, 'start', '--lake', lake);
  await printed(child, 'Watching');
  expect(existsSync(path.join(lake, 'raw/signups'))).toBe(true);
  const loaded = printed(child, 'signups/2025-01.csv: loaded');
  cpSync(path.join(ROOT, 'samples/signups/2025-01.csv'), path.join(lake, 'raw/signups/2025-01.csv'));
  await loaded;
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(engineOn(lake).list()).toMatchObject([{ status: 'succeeded', key: 'signups/2025-01.csv' }]);
});

test('a Ctrl-C that arrives twice, because npm forwards it, counts once', async () => {
  const lake = scratch();
  const child = startNode(CLI, 'start', '--lake', lake);
  await printed(child, 'Watching');
  const begun = printed(child, 'Transform');
  cpSync(path.join(ROOT, 'samples/signups/2025-01.csv'), path.join(lake, 'raw/signups/2025-01.csv'));
  await begun;
  // One process sends both, so that on a busy machine there is no second between them.
  execFile('sh', ['-c', `kill -INT ${child.pid}; sleep 0.02; kill -INT ${child.pid}`]);
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(engineOn(lake).list()).toMatchObject([{ status: 'succeeded', key: 'signups/2025-01.csv' }]);
});

test('a closed stdout changes no exit code, ends `start`, and leaves no scratch files', async () => {
  const scratchDir = scratch();
  const options = { env: { ...process.env, DUCKSTEP_SCRATCH_DIR: scratchDir } };
  const node = path.join(ROOT, 'node_modules/.bin/node');
  const sample = (name: string): string => path.join(ROOT, 'samples/signups', name);
  const begun = async (text: string, ...args: string[]) => {
    const child = spawn(node, [path.join(ROOT, CLI), ...args], {
      stdio: ['ignore', 'pipe', 'ignore'],
      ...options,
    });
    await printed(child, text);
    child.stdout.destroy();
    return child;
  };
  const codeOf = async (child: ChildProcess): Promise<unknown> => (await once(child, 'exit'))[0];
  const lake = scratch();
  const query = ['query', '--lake', lake, '--format', 'csv', 'from range(2000000)'];
  expect(await codeOf(await begun('0', ...query))).toBe(0);
  const run = ['run', sample('2025-01.csv'), sample('2024-04.csv.gz'), '--dataset', 'signups'];
  expect(await codeOf(await begun('loaded', ...run, '--lake', scratch()))).toBe(2);
  const start = await begun('Watching', 'start', '--lake', lake);
  cpSync(sample('2025-01.csv'), path.join(lake, 'raw/signups/2025-01.csv'));
  expect(await codeOf(start)).toBe(0);
  expect(engineOn(lake).list()).toMatchObject([{ status: 'succeeded' }]);
  expect(readdirSync(scratchDir)).toEqual([]);
});

test.each([
  ['2025-01.csv', 0, { verdict: 'loaded', quarantine: null }],
  ['2024-01.csv', 2, { verdict: 'loaded', quarantine: { scope: 'rows' } }],
  [
    '2024-04.csv.gz',
    2,
    { verdict: 'quarantined', quarantine: { scope: 'file' }, error: { name: 'UnreadableFile' } },
  ],
])('run %s exits with %i', async (sample, code, outcome) => {
  const file = path.join(ROOT, 'samples/signups', sample);
  const result = await run('run', file, '--dataset', 'signups', '--json', '--lake', scratch());
  expect(result.code).toBe(code);
  expect(JSON.parse(result.out)).toMatchObject([
    { key: `signups/${sample}`, status: 'succeeded', ...outcome },
  ]);
});

test('a file of an unknown dataset is quarantined', async () => {
  const file = path.join(ROOT, 'samples/signups/2025-01.csv');
  const result = await run('run', file, '--dataset', 'unheard_of', '--json', '--lake', scratch());
  expect(result.code).toBe(2);
  expect(JSON.parse(result.out)).toMatchObject([
    { verdict: 'quarantined', error: { name: 'UnknownDataset' } },
  ]);
});

test('export writes a database of typed tables', async () => {
  const lake = scratch();
  await run('run', path.join(ROOT, 'samples/signups/2025-01.csv'), '--dataset', 'signups', '--lake', lake);
  const target = path.join(lake, 'warehouse.duckdb');
  expect((await run('query', '--lake', lake, '--export', target)).code).toBe(0);
  // Opened like any DuckDB client would.
  const settings = { memoryMb: 512, threads: 1, scratch: scratch(), database: target };
  const columns = await withDuckDb(settings, (db) =>
    db.all(`select column_name, data_type from duckdb_columns()
      where schema_name = 'silver' and table_name = 'signups' and column_name in ('id', 'signup_date')
      order by all`),
  );
  expect(columns).toEqual([
    { column_name: 'id', data_type: 'BIGINT' },
    { column_name: 'signup_date', data_type: 'DATE' },
  ]);
});
