import { createHash, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  type HistoryEventType,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  ListTagsForResourceCommand,
  RedriveExecutionCommand,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import type { Execution } from '../../operate/execution.ts';
import type { Engine } from '../../operate/local/engine.ts';
import { someEvent } from './engine.ts';
import { s3Error } from './fake-s3.ts';

const MACHINE = 'arn:aws:states:eu-west-1:123456789012:stateMachine:duckstep-test-pipeline';
const STATUS = { running: 'RUNNING', succeeded: 'SUCCEEDED', failed: 'FAILED', stale: 'RUNNING' } as const;

/**
 * The stage `test` behind mocked clients of the SDK: an engine runs an execution for each object that is put into raw,
 * and Step Functions reports what the engine logged.
 */
export const fakeAws = (engine: Engine) => {
  const sfn = mockClient(SFNClient);
  const s3 = mockClient(S3Client);
  const objects = new Map<string, { body: Buffer; etag: string; versionId: string; lastModified: Date }>();
  const running = new Set<Promise<unknown>>();
  const start = (work: Promise<unknown>): void => {
    running.add(work);
    void work.finally(() => running.delete(work));
  };
  const existing = (arn = ''): Execution => {
    const execution = engine.find(arn.split(':').at(-1) ?? '');
    if (execution === undefined) throw Object.assign(new Error('no'), { name: 'ExecutionDoesNotExist' });
    return execution;
  };

  sfn.on(ListStateMachinesCommand).resolves({
    stateMachines: [
      {
        ...{ name: 'duckstep-test-pipeline', stateMachineArn: MACHINE },
        ...{ type: 'STANDARD', creationDate: new Date() },
      },
    ],
  });
  sfn.on(ListTagsForResourceCommand).resolves({});
  sfn.on(ListExecutionsCommand).callsFake(({ statusFilter }) => ({
    executions: engine
      .list()
      .toReversed()
      .map(described)
      .filter(({ status }) => statusFilter === undefined || status === statusFilter),
  }));
  sfn.on(DescribeExecutionCommand).callsFake(({ executionArn }) => described(existing(executionArn)));
  sfn.on(GetExecutionHistoryCommand).callsFake(({ executionArn }) => ({
    events: historyOf(existing(executionArn)),
  }));
  sfn.on(RedriveExecutionCommand).callsFake(({ executionArn }) => {
    const { id, status } = existing(executionArn);
    if (status !== 'failed') throw Object.assign(new Error('not failed'), { name: 'ExecutionNotRedrivable' });
    start(engine.redrive(id));
    return { redriveDate: new Date() };
  });

  s3.on(PutObjectCommand).callsFake(({ Bucket = '', Key = '', Body }) => {
    const body = Buffer.from(Body);
    const etag = createHash('md5').update(body).digest('hex');
    const version = { body, etag, versionId: randomUUID(), lastModified: new Date() };
    objects.set(`${Bucket}/${Key}`, version);
    if (Bucket === 'duckstep-test-raw-123456789012') {
      const event = someEvent(Key);
      const object = { ...event.detail.object, etag, size: body.length, 'version-id': version.versionId };
      const time = version.lastModified.toISOString();
      start(engine.run({ ...event, time, detail: { ...event.detail, object } }));
    }
    return { ETag: `"${etag}"`, VersionId: version.versionId };
  });
  const found = ({ Bucket = '', Key = '' }) => {
    const object = objects.get(`${Bucket}/${Key}`);
    if (object === undefined) throw s3Error(404, 'NotFound');
    const { body, etag, versionId, lastModified } = object;
    return {
      body,
      head: { ETag: etag, VersionId: versionId, LastModified: lastModified, ContentLength: body.length },
    };
  };
  s3.on(HeadObjectCommand).callsFake((input) => found(input).head);
  s3.on(GetObjectCommand).callsFake((input) => {
    const { body, head } = found(input);
    return { ...head, Body: Readable.from([body]) };
  });
  s3.on(DeleteObjectCommand).callsFake(({ Bucket = '', Key = '' }) => {
    objects.delete(`${Bucket}/${Key}`);
    return {};
  });
  s3.on(ListObjectsV2Command).resolves({ Contents: [], IsTruncated: false });

  return {
    sfn,
    s3,
    /** Resolves when no execution runs any more. */
    idle: async (): Promise<void> => {
      while (running.size > 0) await Promise.all(running);
    },
  };
};

const described = (execution: Execution) => ({
  name: execution.id,
  executionArn: `${MACHINE.replace(':stateMachine:', ':execution:')}:${execution.id}`,
  stateMachineArn: MACHINE,
  status: STATUS[execution.status],
  startDate: new Date(execution.started),
  ...(execution.status !== 'running' && execution.ended && { stopDate: new Date(execution.ended) }),
  input: JSON.stringify(execution.event),
  redriveCount: execution.attempts - 1,
  ...(execution.output !== undefined && { output: JSON.stringify(execution.output) }),
  ...(execution.error && { error: execution.error.Error, cause: execution.error.Cause }),
});

const ENTERED: Readonly<Record<string, HistoryEventType>> = {
  Choice: 'ChoiceStateEntered',
  Succeed: 'SucceedStateEntered',
};

/** The events of a history that say which states an execution was in. */
const historyOf = ({ visits }: Execution): HistoryEvent[] => {
  const events: Omit<HistoryEvent, 'id'>[] = [];
  for (const [i, visit] of visits.entries()) {
    const entered = new Date(visit.entered);
    const stateEnteredEventDetails = { name: visit.state, input: JSON.stringify(visit.input) };
    const isRedriven = visit.attempt > (visits[i - 1]?.attempt ?? 1);
    if (isRedriven) events.push({ type: 'ExecutionRedriven', timestamp: entered });
    else
      events.push({
        type: ENTERED[visit.type] ?? 'TaskStateEntered',
        ...{ timestamp: entered, stateEnteredEventDetails },
      });
    for (let n = 0; n < visit.tries; n += 1) {
      events.push({ type: 'LambdaFunctionScheduled', timestamp: entered });
      const error = visit.errors[n];
      if (error === undefined) continue;
      const lambdaFunctionFailedEventDetails = { error: error.Error, cause: error.Cause };
      events.push({ type: 'LambdaFunctionFailed', timestamp: entered, lambdaFunctionFailedEventDetails });
    }
    if (visit.output === undefined || visit.left === undefined) continue;
    const stateExitedEventDetails = { name: visit.state, output: JSON.stringify(visit.output) };
    events.push({ type: 'TaskStateExited', timestamp: new Date(visit.left), stateExitedEventDetails });
  }
  return events.map((event, i) => ({ ...event, id: i + 1 }));
};
