import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Context } from 'aws-lambda';
import { UnknownDataset } from '../../../shared/errors.ts';
import { identify } from '../../../shared/run/run-identity.ts';
import { lambdaHandler } from '../../../shared/runtime/handler.ts';
import type { Step } from '../../../shared/runtime/step.ts';
import { someEvent } from '../../helpers/engine.ts';
import { scratch } from '../../helpers/scratch.ts';

const context = {
  functionName: 'duckstep-test-Validate',
  awsRequestId: 'request-1',
  invokedFunctionArn: 'arn:aws:lambda:eu-central-1:000000000000:function:duckstep-test-Validate',
  memoryLimitInMB: '1769',
} as Context;

const environment = {
  RAW_BUCKET: 'raw-1',
  SILVER_BUCKET: 'silver-1',
  GOLD_BUCKET: 'gold-1',
  QUARANTINE_BUCKET: 'quarantine-1',
  AWS_REGION: 'eu-central-1',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1769',
  POWERTOOLS_SERVICE_NAME: 'duckstep-test',
  POWERTOOLS_METRICS_NAMESPACE: 'duckstep',
  POWERTOOLS_LOG_LEVEL: 'INFO',
};

const usage = { duration_ms: 5, memory_mb: 1769, requests: 1, bytes_read: 2, bytes_written: 3 };
const event = (state: object = {}) => ({ execution: 'execution-1', state: { ...someEvent(), ...state } });
const { run_id } = identify(someEvent(), 'of a contract');
/** The input of a state after Validate. */
const validated = () => event({ validate: { run: { run_id } } });

const before = process.env;
let printed: string[];
beforeEach(() => {
  process.env = { ...before, ...environment };
  printed = [];
  const print = (chunk: unknown): boolean => printed.push(String(chunk)) > 0;
  jest.spyOn(process.stdout, 'write').mockImplementation(print);
  jest.spyOn(process.stderr, 'write').mockImplementation(print);
});
afterEach(() => {
  jest.restoreAllMocks();
  process.env = before;
});

interface Line {
  [name: string]: unknown;
  _aws?: { CloudWatchMetrics: { Namespace: string; Dimensions: string[][]; Metrics: { Name: string }[] }[] };
}
const lines = (): Line[] =>
  printed.flatMap((chunk) => chunk.split('\n').filter((line) => line !== '')).map((line) => JSON.parse(line));
const logged = (): Line[] => lines().filter(({ _aws }) => _aws === undefined);
const metrics = (): Line[] => lines().filter(({ _aws }) => _aws !== undefined);

const answering =
  (output: object): Step =>
  async () => ({ ...output, usage });
const throwing =
  (error: unknown): Step =>
  async () => {
    throw error;
  };

test('runs the step on the lake in S3 and logs its start and its end', async () => {
  let zones: string[] = [];
  const step: Step = async (_, { lake }) => {
    zones = [lake.raw.name, lake.silver.name, lake.gold.name, lake.quarantine.name];
    return { rows: { read: 3, accepted: 2, rejected: 1 }, usage };
  };
  const output = await lambdaHandler('Transform', step)(validated(), context);
  expect(output).toEqual({ rows: { read: 3, accepted: 2, rejected: 1 }, usage });
  expect(zones).toEqual(['raw-1', 'silver-1', 'gold-1', 'quarantine-1']);
  expect(logged().map(({ message }) => message)).toEqual(['Step started', 'Step ended']);
  for (const line of logged())
    expect(line).toMatchObject({
      level: 'INFO',
      service: 'duckstep-test',
      state: 'Transform',
      run_id,
      dataset: 'signups',
      execution: 'execution-1',
      function_request_id: 'request-1',
    });
});

test('Validate logs the id of the run as soon as it knows the contract', async () => {
  await lambdaHandler('Validate', answering({ run: { run_id } }))(event(), context);
  expect(logged().map(({ run_id: id }) => id)).toEqual([undefined, run_id]);
});

test('publishes few metrics: those of the service, and two of the dataset', async () => {
  await lambdaHandler('QualityScore', answering({ rows: { read: 3 }, score: 0.5 }))(event(), context);
  expect(metrics().map(({ _aws }) => _aws?.CloudWatchMetrics)).toMatchObject([
    [{ Namespace: 'duckstep', Dimensions: [['service']], Metrics: [{ Name: 'RowsRead' }, { Name: 'Cost' }] }],
    [{ Dimensions: [['service', 'dataset']], Metrics: [{ Name: 'Score' }] }],
  ]);
  const { measures } = logged().at(-1) ?? {};
  expect(measures).toMatchObject({ RowsRead: 3, Score: 0.5, BytesRead: 2, Cost: expect.any(Number) });
});

test('publishes all metrics of the step, by state and dataset, on demand', async () => {
  process.env.DUCKSTEP_DETAILED_METRICS = 'true';
  await lambdaHandler('Validate', answering({ rows: { read: 3, accepted: 2, rejected: 1 } }))(
    event(),
    context,
  );
  const published = metrics().at(-1);
  expect(published).toMatchObject({
    state: 'Validate',
    dataset: 'signups',
    RowsRead: 3,
    RowsRejected: 1,
    BytesRead: 2,
  });
  expect(published?._aws?.CloudWatchMetrics).toMatchObject([
    { Namespace: 'duckstep', Dimensions: [expect.arrayContaining(['service', 'state', 'dataset'])] },
  ]);
  expect(metrics()).toHaveLength(2);
});

test('counts files over all datasets and by dataset, for the alarms', async () => {
  await lambdaHandler('LoadToGold', answering({ status: 'loaded' }))(event(), context);
  const [counted, byDataset] = metrics();
  expect(counted).toMatchObject({ service: 'duckstep-test', FilesLoaded: 1 });
  expect(counted?._aws?.CloudWatchMetrics).toMatchObject([{ Dimensions: [['service']] }]);
  expect(byDataset).toMatchObject({ dataset: 'signups', QuarantineExcess: -0.25 });
});

test('makes no dimension of dataset names without a contract', async () => {
  const error = { Error: 'UnknownDataset', Cause: '{}' };
  await lambdaHandler('Quarantine', answering({ scope: 'file', rows: 1 }))(event({ error }), context);
  expect(metrics().at(-1)).toMatchObject({ dataset: 'unknown', QuarantineExcess: 1 });
});

test('a setting for metrics that is wrong fails the step by name', async () => {
  process.env.DUCKSTEP_QUARANTINE_ALARM_PERCENT = '100';
  const failing = lambdaHandler('Validate', answering({}))(event(), context);
  await expect(failing).rejects.toMatchObject({ name: 'ConfigurationError' });
  await expect(failing).rejects.toThrow(/DUCKSTEP_QUARANTINE_ALARM_PERCENT/);
});

test.each([
  ['WARN', new UnknownDataset('No contract for "x".')],
  [
    'ERROR',
    Object.assign(new Error('out of memory'), { name: 'OutOfMemory', cause: new Error('row 7: Ada') }),
  ],
])('logs a failure as %s by name and message alone, and passes on the very error', async (level, error) => {
  await expect(lambdaHandler('Transform', throwing(error))(validated(), context)).rejects.toBe(error);
  const last = logged().at(-1);
  expect(last).toMatchObject({
    level,
    run_id,
    failure: { name: error.name, message: error.message },
    duration_ms: expect.any(Number),
  });
  expect(printed.join('')).not.toContain('Ada');
  expect(metrics()).toEqual([]);
});

test('removes the scratch folders of killed processes of the function, and nothing else', async () => {
  const root = scratch();
  process.env = { ...process.env, DUCKSTEP_SCRATCH_DIR: root };
  const uuid = '00000000-0000-4000-8000-000000000000';
  const ended = spawnSync(process.execPath, ['-e', '0']).pid;
  const [dead, own] = [`duckstep-${ended}-${uuid}`, `duckstep-${process.pid}-${uuid}`];
  const kept = [`duckstep-${process.ppid}-${uuid}`, 'duckstep-other', 'other'];
  for (const name of [dead, own, ...kept]) {
    mkdirSync(path.join(root, name));
    writeFileSync(path.join(root, name, 'records.parquet'), 'x');
  }
  let seen: string[] = [];
  await jest.isolateModulesAsync(async () => {
    // As in a new process.
    const { lambdaHandler: fresh } = await import('../../../shared/runtime/handler.ts');
    const looking = fresh('Validate', async () => {
      seen = readdirSync(root);
      return { usage };
    });
    await looking(event(), context);
  });
  expect(seen.toSorted()).toEqual(kept.toSorted());
});

test('carries nothing over from one invocation to the next', async () => {
  const run = lambdaHandler('Transform', answering({}));
  await run(validated(), context);
  printed = [];
  await run({ not: 'an input' }, context);
  expect(logged()).toHaveLength(2);
  for (const line of logged()) expect(line).not.toHaveProperty('run_id');
  for (const line of metrics()) expect(line).not.toHaveProperty('dataset');
});
