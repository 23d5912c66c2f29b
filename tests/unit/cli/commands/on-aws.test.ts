import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  ListTagsForResourceCommand,
  RedriveExecutionCommand,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import { someEvent } from '../../../helpers/engine.ts';
import { runCommand } from '../../../helpers/run-command.ts';
import { scratch } from '../../../helpers/scratch.ts';

const MACHINE = 'arn:aws:states:eu-west-1:123456789012:stateMachine:duckstep-prod-pipeline';
const EXECUTION = 'arn:aws:states:eu-west-1:123456789012:execution:duckstep-prod-pipeline';

const sfn = mockClient(SFNClient);
const s3 = mockClient(S3Client);

beforeEach(() => {
  sfn.reset();
  s3.reset();
  const other = { name: 'duckstep-dev-pipeline', stateMachineArn: 'arn:other' };
  const machine = { name: 'duckstep-prod-pipeline', stateMachineArn: MACHINE };
  const common = { type: 'STANDARD' as const, creationDate: new Date() };
  sfn
    .on(ListStateMachinesCommand)
    .resolves({ stateMachines: [other, machine].map((each) => ({ ...each, ...common })) });
  sfn.on(ListTagsForResourceCommand).resolves({});
});

/** Executions that failed, one an hour from 2026-11-21T00:00Z on, with these errors. */
const failedWith = (...errors: string[]): void => {
  const executions = errors.map((error, hour) => ({
    ...{ name: `e${hour}`, executionArn: `${EXECUTION}:e${hour}`, stateMachineArn: MACHINE, error },
    ...{ status: 'FAILED' as const, startDate: new Date(Date.UTC(2026, 10, 21, hour)) },
    ...{
      stopDate: new Date(Date.UTC(2026, 10, 21, hour, 1)),
      input: JSON.stringify(someEvent()),
      cause: 'why',
    },
  }));
  sfn.on(ListExecutionsCommand).resolves({ executions: [] });
  sfn.on(ListExecutionsCommand, { statusFilter: 'FAILED' }).resolves({ executions });
  for (const execution of executions)
    sfn.on(DescribeExecutionCommand, { executionArn: execution.executionArn }).resolves(execution);
  const stateEnteredEventDetails = { name: 'LoadToGold', input: '{}' };
  const event = { id: 1, timestamp: new Date(), type: 'TaskStateEntered' as const, stateEnteredEventDetails };
  sfn.on(GetExecutionHistoryCommand).resolves({ events: [event] });
};

const duckstep = (...args: string[]) => runCommand({ AWS_REGION: 'eu-west-1' }, ...args);

const redriven = (): unknown[] =>
  sfn.commandCalls(RedriveExecutionCommand).map((call) => call.args[0].input.executionArn);

test('a stage that is not there is named, with what to do', async () => {
  const { code, err } = await duckstep('executions', '--stage', 'test');
  expect(code).toBe(64);
  expect(err).toContain('There is no state machine duckstep-test-pipeline in eu-west-1.');
});

test('executions of a stage are listed, the newest first, with where and why they failed', async () => {
  failedWith('StorageUnavailable', 'ModelFailed');
  const { code, out } = await duckstep('executions', '--stage', 'prod', '--status', 'failed', '--json');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject([
    {
      id: 'e1',
      status: 'failed',
      key: 'signups/a.csv',
      state: 'LoadToGold',
      error: { Error: 'ModelFailed' },
    },
    {
      id: 'e0',
      status: 'failed',
      key: 'signups/a.csv',
      state: 'LoadToGold',
      error: { Error: 'StorageUnavailable' },
    },
  ]);
});

test('one execution is shown with its states, and how to redrive it', async () => {
  failedWith('ModelFailed');
  const { out } = await duckstep('executions', 'e0', '--stage', 'prod');
  expect(out).toContain('LoadToGold');
  expect(out).toContain('duckstep redrive e0 --stage prod');
});

test('an execution that Step Functions does not know', async () => {
  const unknown = Object.assign(new Error('no'), { name: 'ExecutionDoesNotExist' });
  sfn.on(DescribeExecutionCommand).rejects(unknown);
  const { code, err } = await duckstep('executions', 'e9', '--stage', 'prod');
  expect({ code, err }).toEqual({ code: 64, err: expect.stringContaining('There is no execution e9.') });
});

test('an execution that was started with something else is listed all the same', async () => {
  failedWith('States.Runtime');
  sfn
    .on(DescribeExecutionCommand)
    .resolves({ name: 'e0', status: 'FAILED', input: '{"hello":1}', startDate: new Date() });
  const { code, out } = await duckstep('executions', '--stage', 'prod', '--status', 'failed');
  expect(code).toBe(0);
  expect(out).toContain('(started with something else than an upload)');
});

test('one execution is redriven', async () => {
  const { code, out } = await duckstep('redrive', 'e7', '--stage', 'prod');
  expect({ code, out }).toEqual({ code: 0, out: 'e7  resumes\n1 execution' });
  expect(redriven()).toEqual([`${EXECUTION}:e7`]);
});

test.each([
  [[], ['e3', 'e2', 'e1', 'e0']],
  [
    ['--since', '2026-11-21T02:00Z'],
    ['e3', 'e2'],
  ],
  [
    ['--error', 'StorageUnavailable'],
    ['e2', 'e0'],
  ],
  [['--since', '2026-11-21T02:00Z', '--error', 'StorageUnavailable'], ['e2']],
])('of all failed ones those are redriven that are asked for: %p', async (options, ids) => {
  failedWith('StorageUnavailable', 'ModelFailed', 'StorageUnavailable', 'ModelFailed');
  const { code } = await duckstep('redrive', '--all-failed', '--stage', 'prod', ...options);
  expect(code).toBe(0);
  expect(redriven()).toEqual(ids.map((id) => `${EXECUTION}:${id}`));
});

test('to redrive, no more is asked for than decides', async () => {
  failedWith('StorageUnavailable', 'ModelFailed', 'StorageUnavailable');
  await duckstep('redrive', '--all-failed', '--stage', 'prod', '--since', '2026-11-21T02:00Z');
  expect(redriven()).toEqual([`${EXECUTION}:e2`]);
  const asked = () => [
    sfn.commandCalls(DescribeExecutionCommand).length,
    sfn.commandCalls(GetExecutionHistoryCommand).length,
  ];
  expect(asked()).toEqual([0, 0]);
  await duckstep(
    'redrive',
    '--all-failed',
    '--stage',
    'prod',
    '--since',
    '2026-11-21T01:00Z',
    '--error',
    'ModelFailed',
  );
  expect(asked()).toEqual([2, 0]);
});

test('one that AWS refuses to redrive is named, and the others are redriven', async () => {
  failedWith('StorageUnavailable', 'StorageUnavailable');
  const refusal = Object.assign(new Error('too old'), { name: 'ExecutionNotRedrivable' });
  sfn.on(RedriveExecutionCommand, { executionArn: `${EXECUTION}:e1` }).rejects(refusal);
  const { code, out } = await duckstep('redrive', '--all-failed', '--stage', 'prod');
  expect(code).toBe(1);
  expect(out).toContain('e1  refused: ExecutionNotRedrivable: too old');
  expect(out).toContain('e0  resumes');
});

test('--since and --error belong to --all-failed', async () => {
  const { code, err } = await duckstep('redrive', 'e1', '--since', '1h');
  expect({ code, err }).toEqual({
    code: 64,
    err: 'UsageError: --since and --error choose among --all-failed.',
  });
});

test('upload puts files into the raw bucket, below their dataset', async () => {
  s3.on(PutObjectCommand).resolves({});
  const file = path.join(scratch(), 'a.csv');
  await writeFile(file, 'id\n1\n');
  const { code, out } = await duckstep('upload', file, '--dataset', 'signups', '--stage', 'prod');
  expect({ code, out }).toEqual({
    code: 0,
    out: 's3://duckstep-prod-raw-123456789012/signups/a.csv  5 bytes',
  });
  const [call] = s3.commandCalls(PutObjectCommand);
  expect(call?.args[0].input).toMatchObject({
    Bucket: 'duckstep-prod-raw-123456789012',
    Key: 'signups/a.csv',
  });
});
