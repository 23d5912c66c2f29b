import { messageOf } from '../../shared/run/state-error.ts';
import { configFromEnv } from '../../shared/runtime/config.ts';
import { DEFINITION } from '../helpers/engine.ts';
import { datasets, testPipeline } from '../helpers/pipeline.ts';
import { scratch } from '../helpers/scratch.ts';
import { contractYaml } from '../helpers/silver-lake.ts';

const PROPERTIES = [
  '{ name: id, logicalType: integer, primaryKey: true }',
  '{ name: name, logicalType: string, required: true }',
];

/** SQL of a number whose computation takes 200 MB. */
const LARGE = "(SELECT len(list(repeat('x', 100000) || i)) FROM range(2000) AS t(i))";

const pipeline = (files: Record<string, string>, memoryMb: number, retryMemoryMb: number) => {
  const sqlDir = datasets({ 't/contract.yaml': contractYaml('t', PROPERTIES), ...files });
  const config = {
    ...{ memoryMb, retryMemoryMb, threads: 1, sqlDir, scratchRoot: scratch() },
    ...{ maxUnpackedBytes: 2 ** 30, maxRecordBytes: 2 ** 20 },
  };
  return testPipeline({ sqlDir, config });
};

const USUAL = ['Validate', 'QualityScore', 'Transform', 'LoadToGold'];

test('each step runs on the larger function if the usual one runs out of memory', async () => {
  const { put, engine, query, runs } = pipeline({}, 2, 1024);
  const rows = Array.from({ length: 50 }, (_, i) => `${i},N`).join('\n');
  const loaded = await engine.run(await put('t/a.csv', `id,name\n${rows}\n`));
  expect(loaded).toMatchObject({ status: 'succeeded' });
  // Two MB are too little to read or write a file; the other steps need less of DuckDB and may succeed.
  const caught = loaded.visits.filter(({ caughtBy }) => caughtBy !== undefined);
  expect(caught.map(({ state }) => state)).toEqual(expect.arrayContaining(['Validate', 'Transform']));
  for (const { state, caughtBy, errors } of caught) {
    expect(USUAL).toContain(state);
    expect(caughtBy).toBe(`${state}Large`);
    expect(errors).toMatchObject([{ Error: 'OutOfMemory' }]);
  }
  expect(await query('SELECT count(*) AS rows FROM silver.t')).toEqual([{ rows: 50 }]);
  expect(await runs()).toMatchObject([
    { status: 'loaded', strategies: { 'schema.primaryKey': 'bitmap', silver: 'bitmap' } },
  ]);
});

test('a silver.sql that runs out of memory is tried with more, not reported as a mistake in the SQL', async () => {
  const silverSql = `SELECT accepted.* FROM accepted WHERE ${LARGE} = 2000`;
  const { drop } = pipeline({ 't/silver.sql': silverSql }, 256, 2048);
  const execution = await drop('t/a.csv', 'id,name\n1,Ada\n');
  expect(execution.status).toBe('succeeded');
  expect(execution.visits.find(({ state }) => state === 'Transform')).toMatchObject({
    caughtBy: 'TransformLarge',
    errors: [{ Error: 'OutOfMemory' }],
  });
});

test('a step that runs out of memory on the larger function too fails there by name, and is redriven there', async () => {
  const silverSql = `SELECT accepted.* FROM accepted WHERE ${LARGE} = 2000`;
  const files = { 't/silver.sql': silverSql };
  const small = pipeline(files, 256, 256);
  const failed = await small.drop('t/a.csv', 'id,name\n1,Ada\n');
  expect(failed).toMatchObject({
    status: 'failed',
    error: { Error: 'OutOfMemory' },
    resume: { state: 'TransformLarge' },
  });
  expect(failed.error && messageOf(failed.error)).toMatch(/140 MB .* of the 256 MB .*retryMemoryMb/);

  const large = testPipeline({
    folder: small.folder,
    config: {
      ...configFromEnv(
        { DUCKSTEP_MEMORY_MB: '256', DUCKSTEP_RETRY_MEMORY_MB: '2048' },
        { sqlDir: datasets({ 't/contract.yaml': contractYaml('t', PROPERTIES), ...files }) },
      ),
      scratchRoot: scratch(),
    },
  });
  expect(await large.engine.redrive(failed.id)).toMatchObject({ status: 'succeeded', attempts: 2 });
});

test('a laptop has half of its memory for the second try, or what is set, and never less than for the first', () => {
  const of = (env: NodeJS.ProcessEnv) => configFromEnv(env, { sqlDir: DEFINITION }).retryMemoryMb;
  expect(of({})).toBeGreaterThan(128);
  expect(of({ DUCKSTEP_RETRY_MEMORY_MB: '9000', DUCKSTEP_MEMORY_MB: '512' })).toBe(9000);
  expect(of({ DUCKSTEP_RETRY_MEMORY_MB: '512', DUCKSTEP_MEMORY_MB: '700' })).toBe(700);
  // The name of earlier releases; the new one wins.
  expect(of({ DUCKSTEP_MEMORY_LARGEST_MB: '9000', DUCKSTEP_MEMORY_MB: '512' })).toBe(9000);
  expect(of({ DUCKSTEP_MEMORY_LARGEST_MB: '9000', DUCKSTEP_RETRY_MEMORY_MB: '8000' })).toBe(8000);
  // There it is another function's.
  expect(of({ AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1024' })).toBeUndefined();
});
