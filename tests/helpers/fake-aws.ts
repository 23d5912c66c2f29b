import { createHash, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
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
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import type { Execution } from '../../operate/execution.ts';
import type { Engine } from '../../operate/local/engine.ts';
import type { ObjectCreated } from '../../shared/run/event.ts';
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
  const versions: {
    Bucket: string;
    Key: string;
    VersionId: string;
    ETag: string;
    Size: number;
    LastModified: Date;
  }[] = [];
  /** The names that executions were started with, by their ids in the engine. */
  const names = new Map<string, string>();
  const running = new Set<Promise<unknown>>();
  const start = (work: Promise<unknown>): void => {
    running.add(work);
    void work.finally(() => running.delete(work));
  };
  const existing = (arn = ''): Execution => {
    const name = arn.split(':').at(-1) ?? '';
    const [id = name] = [...names].find(([, given]) => given === name) ?? [];
    const execution = engine.find(id);
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
      .map((execution) => described(execution, names.get(execution.id)))
      .filter(({ status }) => statusFilter === undefined || status === statusFilter),
  }));
  sfn.on(DescribeExecutionCommand).callsFake(({ executionArn }) => {
    const execution = existing(executionArn);
    return described(execution, names.get(execution.id));
  });
  sfn.on(StartExecutionCommand).callsFake(async ({ name, input }) => {
    if ([...names.values()].includes(name))
      throw Object.assign(new Error('exists'), { name: 'ExecutionAlreadyExists' });
    const { promise: begun, resolve } = Promise.withResolvers<void>();
    const onEvent = ({ id }: { id: string }): void => {
      names.set(id, name);
      resolve();
    };
    start(engine.run(JSON.parse(input) as ObjectCreated, { onEvent }));
    await begun;
    return { startDate: new Date() };
  });
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
    const { versionId: VersionId, lastModified: LastModified } = version;
    versions.unshift({ Bucket, Key, VersionId, LastModified, ETag: `"${etag}"`, Size: body.length });
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
  s3.on(ListObjectVersionsCommand).callsFake(({ Bucket, Prefix }) => ({
    Versions: versions
      .filter((version) => version.Bucket === Bucket && version.Key.startsWith(Prefix))
      .map(({ Bucket: _, ...version }) => ({
        ...version,
        IsLatest: objects.get(`${Bucket}/${version.Key}`)?.versionId === version.VersionId,
      }))
      // Stable: of each key the newest stays the first.
      .toSorted((a, b) => (a.Key < b.Key ? -1 : a.Key > b.Key ? 1 : 0)),
    IsTruncated: false,
  }));
  s3.on(ListObjectsV2Command).callsFake(({ Bucket = '', Prefix = '' }) => ({
    Contents: [...objects]
      .filter(([name]) => name.startsWith(`${Bucket}/${Prefix}`))
      .map(([name, { body, etag, lastModified }]) => ({
        ...{ Key: name.slice(Bucket.length + 1), Size: body.length, ETag: etag, LastModified: lastModified },
      }))
      .toSorted((a, b) => (a.Key < b.Key ? -1 : 1)),
    IsTruncated: false,
  }));
  s3.on(DeleteObjectCommand).callsFake(({ Bucket = '', Key = '' }) => {
    objects.delete(`${Bucket}/${Key}`);
    return {};
  });

  return {
    sfn,
    s3,
    /** Resolves when no execution runs any more. */
    idle: async (): Promise<void> => {
      while (running.size > 0) await Promise.all(running);
    },
  };
};

const described = (execution: Execution, name = execution.id) => ({
  name,
  executionArn: `${MACHINE.replace(':stateMachine:', ':execution:')}:${name}`,
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
