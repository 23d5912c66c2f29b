import { setTimeout } from 'node:timers/promises';
import { HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  DescribeExecutionCommand,
  type ExecutionStatus,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  ListTagsForResourceCommand,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import type { Clock } from '../../../../operate/aws/await-outcomes.ts';
import { AwsPipeline } from '../../../../operate/aws/aws-pipeline.ts';
import { openPipeline } from '../../../../operate/open/open-pipeline.ts';
import { S3Store } from '../../../../shared/lake/storage/s3-store.ts';
import { s3Client } from '../../../../shared/runtime/environment.ts';
import { engineOn, ROOT, someEvent } from '../../../helpers/engine.ts';
import { fakeAws } from '../../../helpers/fake-aws.ts';
import { fileFor, pipelineSuite } from '../../../helpers/pipeline-suite.ts';
import { scratch } from '../../../helpers/scratch.ts';

const OPTIONS = { root: ROOT, env: { AWS_REGION: 'eu-west-1' }, stage: 'test' };

describe('as every pipeline', () => {
  pipelineSuite((steps) => {
    const { idle } = fakeAws(engineOn(scratch(), { steps }));
    const clock = { now: Date.now, sleep: async () => void (await setTimeout(100)) };
    const [gold, quarantine] = ['gold', 'quarantine'].map(
      (zone) => new S3Store(s3Client(), `duckstep-test-${zone}-123456789012`),
    ) as [S3Store, S3Store];
    const pipeline = new AwsPipeline({ ...OPTIONS, clock });
    return { pipeline, lake: { gold, quarantine }, idle, awaitsRedrives: false };
  });
});

test('with a stage the door opens that stage, and asks nothing of AWS before it must', async () => {
  const sfn = mockClient(SFNClient);
  sfn.on(ListStateMachinesCommand).resolves({ stateMachines: [] });
  const pipeline = await openPipeline({ ...OPTIONS, lake: scratch() });
  expect(pipeline.minGraceMs).toBe(15 * 24 * 60 * 60 * 1000);
  expect(sfn.calls()).toHaveLength(0);
  await expect(pipeline.executions()).rejects.toMatchObject({
    name: 'ConfigurationError',
    message: expect.stringContaining('There is no state machine duckstep-test-pipeline in eu-west-1.'),
  });
});

test('one that AWS refuses to redrive is told, also where it alone is named', async () => {
  fakeAws(engineOn(scratch()));
  const pipeline = new AwsPipeline(OPTIONS);
  expect(await pipeline.redrive({ id: 'e9' })).toEqual([
    { execution: 'e9', refused: 'ExecutionDoesNotExist: no' },
  ]);
});

describe('run waits for the executions of exactly what it uploaded', () => {
  const UPLOADED = new Date('2026-11-21T12:00:00Z');
  const ARN = 'arn:aws:states:eu-west-1:123456789012:execution:duckstep-test-pipeline';

  interface Fake {
    name: string;
    object: { key: string; etag?: string; 'version-id'?: string };
    /** Seconds after the upload. */
    started: number;
    time?: number;
    /** The status at each listing; the last one stays. */
    statuses: ExecutionStatus[];
  }

  const atSecond = (seconds: number): Date => new Date(UPLOADED.getTime() + seconds * 1_000);

  /** A stage whose raw bucket answers each HEAD with this version, and that lists these executions. */
  const stageOf = (executions: readonly Fake[], versionId?: string) => {
    const [sfn, s3] = [mockClient(SFNClient), mockClient(S3Client)];
    s3.on(PutObjectCommand).resolves({});
    s3.on(HeadObjectCommand).resolves({
      ...{ ETag: '"etag"', ContentLength: 5, LastModified: UPLOADED },
      ...(versionId !== undefined && { VersionId: versionId }),
    });
    sfn.on(ListStateMachinesCommand).resolves({
      stateMachines: [
        {
          ...{ name: 'duckstep-test-pipeline', type: 'STANDARD', creationDate: UPLOADED },
          stateMachineArn: ARN.replace(':execution:', ':stateMachine:'),
        },
      ],
    });
    sfn.on(ListTagsForResourceCommand).resolves({});
    let listings = 0;
    const statusOf = ({ statuses }: Fake): ExecutionStatus =>
      statuses[Math.min(listings, statuses.length) - 1] ?? 'RUNNING';
    const item = (fake: Fake) => ({
      ...{ name: fake.name, executionArn: `${ARN}:${fake.name}`, stateMachineArn: 'machine' },
      ...{ status: statusOf(fake), startDate: atSecond(fake.started) },
    });
    sfn.on(ListExecutionsCommand).callsFake(() => {
      listings += 1;
      return {
        executions: executions.map(item).toSorted((a, b) => Number(b.startDate) - Number(a.startDate)),
      };
    });
    for (const fake of executions) {
      const event = someEvent();
      const detail = { ...event.detail, object: fake.object };
      const input = JSON.stringify({ ...event, time: atSecond(fake.time ?? 0).toISOString(), detail });
      sfn.on(DescribeExecutionCommand, { executionArn: `${ARN}:${fake.name}` }).callsFake(() => ({
        ...item(fake),
        input,
        stopDate: atSecond(60),
        output: '{"load":{"status":"loaded"}}',
      }));
    }
    sfn.on(GetExecutionHistoryCommand).resolves({ events: [] });
    return { sfn };
  };

  /** A clock that moves on only by sleeping. */
  const fakeClock = (): Clock & { slept: number[] } => {
    let now = UPLOADED.getTime();
    const slept: number[] = [];
    const sleep = async (ms: number): Promise<void> => {
      slept.push(ms);
      now += ms;
    };
    return { now: () => now, sleep, slept };
  };

  const run = (clock: Clock, signal?: AbortSignal) =>
    new AwsPipeline({ ...OPTIONS, clock }).run([fileFor('signups/a.csv')], { signal });

  test('found by the version, asked for its input once, and polled until it has ended', async () => {
    const key = 'signups/a.csv';
    const { sfn } = stageOf(
      [
        { name: 'earlier', object: { key, 'version-id': 'v1' }, started: -2, statuses: ['SUCCEEDED'] },
        {
          name: 'ours',
          object: { key, 'version-id': 'v2' },
          started: 1,
          statuses: ['RUNNING', 'RUNNING', 'SUCCEEDED'],
        },
        { name: 'later', object: { key, 'version-id': 'v3' }, started: 2, statuses: ['FAILED'] },
      ],
      'v2',
    );
    const clock = fakeClock();
    expect(await run(clock)).toMatchObject([{ execution: 'ours', status: 'succeeded' }]);
    expect(clock.slept).toEqual([2_000, 2_000]);
    const asked = sfn
      .commandCalls(DescribeExecutionCommand)
      .map(({ args }) => args[0].input.executionArn?.split(':').at(-1));
    // The last one is for the outcome.
    expect(asked).toEqual(['earlier', 'ours', 'ours']);
  });

  test.each([
    ['another file', { key: 'signups/b.csv', etag: 'etag' }, 0],
    ['other content', { key: 'signups/a.csv', etag: 'other' }, 0],
    ['an earlier upload of the same content', { key: 'signups/a.csv', etag: 'etag' }, -60],
  ])('where events name no version, %s is not mistaken for the upload', async (_, object, time) => {
    stageOf([
      { name: 'other', object, time, started: 1, statuses: ['SUCCEEDED'] },
      {
        ...{ name: 'ours', object: { key: 'signups/a.csv', etag: 'etag' } },
        ...{ started: 2, statuses: ['SUCCEEDED'] as ExecutionStatus[] },
      },
    ]);
    expect(await run(fakeClock())).toMatchObject([{ execution: 'ours' }]);
  });

  test('an execution that somebody has redriven is waited for', async () => {
    const object = { key: 'signups/a.csv', 'version-id': 'v2' };
    stageOf([{ name: 'ours', object, started: 1, statuses: ['PENDING_REDRIVE', 'RUNNING', 'FAILED'] }], 'v2');
    const clock = fakeClock();
    expect(await run(clock)).toMatchObject([{ execution: 'ours', verdict: 'failed' }]);
    expect(clock.slept).toHaveLength(2);
  });

  test('an upload that starts nothing ends the wait after ten minutes, and is named', async () => {
    stageOf([], 'v2');
    let now = UPLOADED.getTime();
    const hurried: Clock = {
      now: () => now,
      sleep: async () => {
        now += 5 * 60_000;
      },
    };
    await expect(run(hurried)).rejects.toMatchObject({
      name: 'ConfigurationError',
      message: expect.stringContaining('raw/signups/a.csv is uploaded, but no execution of it has begun'),
    });
  });

  test('aborting ends the wait', async () => {
    stageOf([], 'v2');
    const stop = new AbortController();
    const clock: Clock = { now: () => 0, sleep: async () => stop.abort(new Error('enough')) };
    await expect(run(clock, stop.signal)).rejects.toThrow('enough');
  });
});
