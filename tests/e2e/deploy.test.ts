import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { ListBucketsCommand } from '@aws-sdk/client-s3';
import { type DescribeExecutionCommandOutput, GetExecutionHistoryCommand } from '@aws-sdk/client-sfn';
import { objectCreatedEvent } from '../../operate/local/lake.ts';
import { sampleFiles } from '../../operate/samples.ts';
import { loadAll } from '../../shared/contract/load.ts';
import { ZONES } from '../../shared/lake/paths.ts';
import { Table } from '../../shared/lake/table/commit/table.ts';
import type { RunRecord } from '../../shared/run/run-record.ts';
import { loadGoldModels } from '../../shared/stages/load-to-gold/gold/model-header.ts';
import { ROOT } from '../helpers/engine.ts';
import { testPipeline } from '../helpers/pipeline.ts';
import { scratch } from '../helpers/scratch.ts';
import { expectAgreement } from '../iceberg/compare.ts';
import { startPyIceberg } from '../iceberg/pyiceberg.ts';
import { Deployment, eventOf } from './deployment.ts';
import { type Emulator, startEmulator } from './emulator/emulator.ts';
import { until } from './emulator/until.ts';
import { askLake, contentsOf } from './tables.ts';

const SQL = path.join(ROOT, 'sql');
const CORRECTED = 'signups/2024-03.csv';

let emulator: Emulator | undefined;
let aws: Deployment;
/** A pipeline on the laptop that gets the same files. */
const laptop = testPipeline();
/** The number of uploads and of executions started by hand, so far. */
let started = 0;

beforeAll(async () => {
  emulator = await startEmulator();
  aws = new Deployment(emulator);
});

afterAll(async () => await emulator?.stop());

/**
 * Uploads a file in a second of its own: of two files with the same primary key the later one's row wins, and the times in
 * S3's events have no fractions of a second.
 */
const upload = async (key: string, content: Buffer | string): Promise<void> => {
  const second = () => Math.floor(Date.now() / 1000);
  const last = second();
  await until('the next second', async () => second() > last);
  await aws.lake.raw.write(key, content);
  started += 1;
};

/** Processes on the laptop the file of an execution on AWS, as if it had been uploaded at the same time. */
const repeatOnLaptop = async (execution: DescribeExecutionCommandOutput): Promise<void> => {
  const { time, detail } = eventOf(execution);
  const { key, 'version-id': version } = detail.object;
  const content = await aws.lake.raw.read(key, version);
  if (content === undefined) throw new Error(`${key} is not in raw`);
  await laptop.lake.raw.write(key, content);
  const object = await laptop.lake.raw.adopt(key);
  const { status } = await laptop.engine.run({ ...objectCreatedEvent(laptop.lake.raw.name, object), time });
  expect(status).toBe('succeeded');
};

const expectSameAsOnLaptop = async (): Promise<void> => {
  const [there, here] = [await contentsOf(aws.lake, SQL), await contentsOf(laptop.lake, SQL)];
  expect(Object.keys(there)).toEqual(Object.keys(here));
  for (const table of Object.keys(here))
    expect({ table, rows: there[table] }).toEqual({ table, rows: here[table] });
};

const expectAllSucceeded = (executions: readonly DescribeExecutionCommandOutput[]): void => {
  const failed = executions.filter(({ status }) => status !== 'SUCCEEDED');
  expect(failed.map(({ input, status, cause }) => ({ input, status, cause }))).toEqual([]);
};

/** The newest metadata of every table of silver and gold. */
const icebergTables = async (): Promise<{ zone: 'silver' | 'gold'; name: string; file: string }[]> => {
  const [contracts, models] = [await loadAll(SQL), await loadGoldModels(SQL)];
  const names = [
    ...contracts.map(({ dataset }) => ({ zone: 'silver' as const, name: dataset })),
    ...models.map(({ name }) => ({ zone: 'gold' as const, name })),
  ];
  const tables = names.map(async ({ zone, name }) => {
    const { file } = (await new Table(aws.lake[zone], name).newest()) ?? {};
    if (file === undefined) throw new Error(`${zone}.${name} has no metadata`);
    return { zone, name, file };
  });
  return await Promise.all(tables);
};

/** Expects that PyIceberg reads every table from S3, and that the catalog points at the same metadata. */
const expectPyIcebergAgrees = async (): Promise<void> => {
  const { endpoint, region, credentials } = emulator?.client ?? {};
  const properties = {
    's3.endpoint': endpoint ?? '',
    's3.region': region ?? '',
    's3.access-key-id': credentials?.accessKeyId ?? '',
    's3.secret-access-key': credentials?.secretAccessKey ?? '',
  };
  const pyiceberg = await startPyIceberg();
  try {
    const tables = await icebergTables();
    await askLake(aws.lake, SQL, async (db) => {
      for (const { zone, name, file } of tables)
        await expectAgreement(
          db,
          pyiceberg,
          { metadata: file, properties },
          `FROM ${zone}.${name}`,
          scratch(),
        );
    });
    for (const { zone, name, file } of tables) expect(await aws.cataloguedMetadata(zone, name)).toBe(file);
  } finally {
    await pyiceberg.stop();
  }
};

const latestRun = async (): Promise<RunRecord | undefined> =>
  (await askLake(aws.lake, SQL, (db) => db.all('FROM runs ORDER BY finished_at DESC LIMIT 1')))[0] as
    | RunRecord
    | undefined;

/** The names of an execution's errors, in order. */
const errorsIn = async ({ executionArn }: DescribeExecutionCommandOutput): Promise<string[]> => {
  const { events = [] } = await aws.sfn.send(new GetExecutionHistoryCommand({ executionArn }));
  const failures = events.map(
    (event) => event.taskFailedEventDetails ?? event.lambdaFunctionFailedEventDetails,
  );
  return failures.flatMap((failure) => failure?.error ?? []);
};

test('sls deploy', async () => {
  await aws.sls('deploy');
  expect(await aws.stateMachines()).toEqual([expect.stringMatching(/:stateMachine:duckstep-prod-pipeline$/)]);
});

test('uploading the sample files starts an execution for each', async () => {
  for (const { file, key } of await sampleFiles(ROOT)) await upload(key, await readFile(file));
  const executions = await until('every file has its execution', async () => {
    const all = await aws.executions();
    return all.length >= started && all;
  });
  const keys = executions.map((execution) => eventOf(execution).detail.object.key);
  expect(keys.toSorted()).toEqual((await sampleFiles(ROOT)).map(({ key }) => key).toSorted());
});

test('every execution succeeds, also those of bad files', async () => {
  expectAllSucceeded(await aws.allEnded(started));
});

test('silver, gold, quarantine and runs are the same as on a laptop', async () => {
  for (const execution of await aws.executions()) await repeatOnLaptop(execution);
  await expectSameAsOnLaptop();
});

test('PyIceberg reads every table from S3, and the catalog points at each', async () => {
  await expectPyIcebergAgrees();
});

test('the same event again changes nothing', async () => {
  const before = await contentsOf(aws.lake, SQL);
  const [first] = await aws.executions();
  if (first === undefined) throw new Error('nothing was executed');
  started += 1;
  expectAllSucceeded([await aws.start(eventOf(first))]);
  expect(await contentsOf(aws.lake, SQL)).toEqual(before);
});

test('a corrected file under the same key replaces its rows', async () => {
  const before = (await aws.lake.raw.read(CORRECTED))?.toString() ?? '';
  const lines = before.trimEnd().split('\n');
  await upload(CORRECTED, `${lines.slice(0, -1).join('\n')}\n`);
  const executions = await aws.allEnded(started);
  expectAllSucceeded(executions);
  const last = executions.at(-1);
  if (last) await repeatOnLaptop(last);
  await expectSameAsOnLaptop();
});

test('a file that cannot be read goes to quarantine, and its execution succeeds', async () => {
  const whole = gzipSync('id,name,email,signup_date,status\n900001,Ada,ada@example.com,2024-01-02,active\n');
  await upload('signups/truncated.csv.gz', whole.subarray(0, whole.length - 12));
  const last = (await aws.allEnded(started)).at(-1);
  expect(last?.status).toBe('SUCCEEDED');
  expect(await latestRun()).toMatchObject({
    source_key: 'signups/truncated.csv.gz',
    status: 'quarantined',
    error: expect.stringContaining('UnreadableFile'),
  });
  if (last) await repeatOnLaptop(last);
  await expectSameAsOnLaptop();
});

test('the state machine retries while storage fails', async () => {
  // More than the SDK's six attempts: the state's first try fails, its second succeeds.
  const fault = emulator?.gateway.fail({ method: 'PUT', path: '/_staging/', times: 8 });
  await upload('signups/retried.csv', signup(900_002));
  const last = (await aws.allEnded(started)).at(-1);
  expect(fault?.times).toBe(0);
  expect(last?.status).toBe('SUCCEEDED');
  if (last) expect(await errorsIn(last)).toEqual(['StorageUnavailable']);
  if (last) await repeatOnLaptop(last);
  await expectSameAsOnLaptop();
});

test('an error that no retry fixes fails in its state, changes nothing, and a later run succeeds', async () => {
  const before = await contentsOf(aws.lake, SQL);
  const giveBack = await aws.takeRights('LoadToGold');
  await upload('signups/late.csv', signup(900_003));
  const failed = (await aws.allEnded(started)).at(-1);
  expect(failed).toMatchObject({ status: 'FAILED', error: 'AccessDenied' });
  expect(await contentsOf(aws.lake, SQL)).toEqual(before);
  await giveBack();
  if (failed === undefined) return;
  // The emulator has no redrive, which would resume at LoadToGold. A new execution must have the same result.
  started += 1;
  expectAllSucceeded([await aws.start(eventOf(failed))]);
  await repeatOnLaptop(failed);
  await expectSameAsOnLaptop();
});

test('PyIceberg still reads the same after rows were replaced and steps were repeated', async () => {
  await expectPyIcebergAgrees();
});

test('sls remove deletes everything but the data', async () => {
  const before = await contentsOf(aws.lake, SQL);
  await aws.sls('remove');
  expect(await aws.stateMachines()).toEqual([]);
  const { Buckets = [] } = await aws.s3.send(new ListBucketsCommand({}));
  const names = Buckets.map(({ Name }) => Name).toSorted();
  expect(names).toEqual(ZONES.map((zone) => aws.lake[zone].name).toSorted());
  expect(await contentsOf(aws.lake, SQL)).toEqual(before);
});

const signup = (id: number): string =>
  `id,name,email,signup_date,status\n${id},Grace,grace${id}@example.com,2024-03-04,active\n`;
