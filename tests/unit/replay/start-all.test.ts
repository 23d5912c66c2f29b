import {
  DescribeExecutionCommand,
  type ExecutionStatus,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import type { PlannedFile } from '../../../shared/replay/choose-files.ts';
import { executionsOf, withoutKnown } from '../../../shared/replay/executions.ts';
import { executionName, replayEvent } from '../../../shared/replay/replay-event.ts';
import { type StartOptions, startAll } from '../../../shared/replay/start-all.ts';
import { StepFunctionsExecutions } from '../../../shared/replay/step-functions.ts';
import { ObjectCreated } from '../../../shared/run/event.ts';
import { identify } from '../../../shared/run/run-identity.ts';

const MACHINE = 'arn:aws:states:eu-west-1:123456789012:stateMachine:duckstep-test-pipeline';
const AT = '2026-12-01T03:04:05.678Z';

const sfn = mockClient(SFNClient);
beforeEach(() => sfn.reset());

const executions = () => new StepFunctionsExecutions(new SFNClient({}), MACHINE, async () => undefined);

const file = (name: string, of: Partial<PlannedFile> = {}): PlannedFile => ({
  ...{ key: `d/${name}.csv`, dataset: 'd', version_id: `version-${name}`, etag: 'e', sequencer: '00A1' },
  ...{ uploaded_at: '2026-11-21T08:00:00.000Z', bytes: 5, because: 'chosen' },
  ...of,
});
const event = (name: string): ObjectCreated => replayEvent('raw', file(name), AT);

/** A clock that moves on only by sleeping. */
const fakeClock = (): Required<Pick<StartOptions, 'now' | 'sleep'>> & { slept: number[] } => {
  const slept: number[] = [];
  let now = 10_000;
  const sleep = async (ms: number): Promise<void> => {
    slept.push(ms);
    now += ms;
  };
  return { now: () => now, sleep, slept };
};

const startedNames = (): unknown[] =>
  sfn.commandCalls(StartExecutionCommand).map(({ args }) => args[0].input.name);

test('the input is the original event and the time of the replay', async () => {
  sfn.on(StartExecutionCommand).resolves({});
  await startAll(executions(), [event('a')], { perSecond: 10, ...fakeClock() });
  const [call] = sfn.commandCalls(StartExecutionCommand);
  expect(call?.args[0].input).toEqual({
    stateMachineArn: MACHINE,
    name: executionName(event('a')),
    input: JSON.stringify(event('a')),
  });
  const input = ObjectCreated.parse(JSON.parse(call?.args[0].input.input ?? ''));
  expect(identify(input)).toMatchObject({
    ...{ key: 'd/a.csv', version_id: 'version-a', sequencer: '00A1' },
    ...{ uploaded_at: '2026-11-21T08:00:00.000Z', replayed_at: AT },
  });
});

test('a name is one that Step Functions takes, and follows from the version and the time of the replay', () => {
  const name = executionName(event('a'));
  expect(name).toMatch(/^replay-20261201T030405678Z-[0-9a-f]{24}$/);
  expect(name.length).toBeLessThanOrEqual(80);
  expect(executionName(event('a'))).toBe(name);
  const others = [
    event('b'),
    replayEvent('raw', file('a', { version_id: 'other' }), AT),
    replayEvent('raw', file('a'), '2026-12-01T03:04:05.679Z'),
  ];
  expect(new Set([name, ...others.map(executionName)]).size).toBe(4);
});

test('no more start in a second than asked for, in the order of the events', async () => {
  sfn.on(StartExecutionCommand).resolves({});
  const clock = fakeClock();
  await startAll(executions(), ['a', 'b', 'c'].map(event), { perSecond: 4, ...clock });
  expect(clock.slept).toEqual([250, 250]);
  expect(startedNames()).toEqual(['a', 'b', 'c'].map((name) => executionName(event(name))));
});

test('no more run at a time than asked for, whoever started them', async () => {
  sfn.on(StartExecutionCommand).resolves({});
  let running = 5;
  sfn.on(ListExecutionsCommand).callsFake(() => {
    running -= 1;
    const item = { executionArn: 'arn', stateMachineArn: MACHINE, name: 'n', startDate: new Date() };
    return { executions: Array.from({ length: running }, () => ({ ...item, status: 'RUNNING' })) };
  });
  const startsAt: number[] = [];
  const clock = fakeClock();
  await startAll(executions(), ['a', 'b', 'c', 'd'].map(event), {
    ...{ perSecond: 1_000, atOnce: 3, ...clock },
    onStart: () => startsAt.push(sfn.commandCalls(ListExecutionsCommand).length),
  });
  // Listed: 4 run, 3 run, 2 run: one may start; 1 runs: two may; none runs: the last.
  expect(startsAt).toEqual([3, 4, 4, 5]);
  expect(clock.slept.filter((ms) => ms === 2_000)).toHaveLength(2);
});

test('an interrupted replay is continued: what was started has its name already', async () => {
  const names = new Set<string>();
  const stop = new AbortController();
  sfn.on(StartExecutionCommand).callsFake(({ name }) => {
    if (names.has(name)) throw Object.assign(new Error('exists'), { name: 'ExecutionAlreadyExists' });
    names.add(name);
    return {};
  });
  const events = ['a', 'b', 'c'].map(event);
  const options = { perSecond: 1_000, ...fakeClock() };
  const first = startAll(executions(), events, {
    ...{ ...options, signal: stop.signal },
    onStart: (_, done) => done === 2 && stop.abort(new Error('enough')),
  });
  await expect(first).rejects.toThrow('enough');
  expect(names.size).toBe(2);
  const second = await startAll(executions(), events, options);
  expect(second.map(({ before }) => before)).toEqual([true, true, false]);
  expect(names.size).toBe(3);
});

test('any other refusal ends the call', async () => {
  sfn.on(StartExecutionCommand).rejects(Object.assign(new Error('no'), { name: 'AccessDeniedException' }));
  await expect(startAll(executions(), [event('a'), event('b')], { perSecond: 10 })).rejects.toThrow('no');
  expect(startedNames()).toHaveLength(1);
});

describe('executions of versions that have no run record', () => {
  interface Fake {
    id: string;
    status: ExecutionStatus;
    input: unknown;
    /** Day of November 2026. */
    day?: number;
  }

  const stage = (...fakes: Fake[]): void => {
    const item = ({ id, status, day = 22 }: Fake) => ({
      ...{ name: id, executionArn: id, stateMachineArn: MACHINE, status },
      startDate: new Date(Date.UTC(2026, 10, day)),
    });
    sfn.on(ListExecutionsCommand).callsFake(({ statusFilter }) => ({
      executions: fakes
        .filter(({ status }) => status === statusFilter)
        .map(item)
        .toSorted((a, b) => Number(b.startDate) - Number(a.startDate)),
    }));
    for (const fake of fakes)
      sfn
        .on(DescribeExecutionCommand, { executionArn: fake.id })
        .resolves({ ...item(fake), input: JSON.stringify(fake.input) });
  };
  const described = (): unknown[] =>
    sfn.commandCalls(DescribeExecutionCommand).map(({ args }) => args[0].input.executionArn);

  test('are found whether they run, failed, timed out or were aborted', async () => {
    const { replay: _, ...original } = event('a');
    stage(
      { id: 'e1', status: 'RUNNING', input: original },
      { id: 'e2', status: 'PENDING_REDRIVE', input: event('b') },
      { id: 'e3', status: 'FAILED', input: event('c') },
      { id: 'e4', status: 'TIMED_OUT', input: event('d') },
      { id: 'e5', status: 'ABORTED', input: event('e') },
      { id: 'e6', status: 'SUCCEEDED', input: event('f') },
      { id: 'e7', status: 'FAILED', input: { by: 'hand' } },
    );
    const files = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => file(name));
    const { files: left, skipped } = withoutKnown(
      { files, skipped: [] },
      await executionsOf(executions(), files),
    );
    expect(left.map(({ key }) => key)).toEqual(['d/f.csv', 'd/g.csv']);
    expect(skipped.map(({ key, reason }) => [key, reason])).toEqual([
      ['d/a.csv', 'running'],
      ['d/b.csv', 'running'],
      ['d/c.csv', 'failed'],
      ['d/d.csv', 'failed'],
      ['d/e.csv', 'failed'],
    ]);
    expect(skipped[2]?.text).toBe('Execution e3 failed: fix the cause, and redrive it.');
  });

  test('of another version of the key do not count', async () => {
    stage({ id: 'e1', status: 'RUNNING', input: replayEvent('raw', file('a', { version_id: 'v0' }), AT) });
    expect(await executionsOf(executions(), [file('a')])).toEqual(new Map());
  });

  test('of the replay that is resumed do not count', async () => {
    stage({ id: 'e1', status: 'RUNNING', input: event('a') });
    expect((await executionsOf(executions(), [file('a')])).size).toBe(1);
    expect((await executionsOf(executions(), [file('a')], AT)).size).toBe(0);
  });

  test('are asked for no further than to the oldest upload, and until all are found', async () => {
    stage(
      { id: 'late', status: 'RUNNING', input: event('x'), day: 23 },
      { id: 'ours', status: 'RUNNING', input: event('a'), day: 22 },
      { id: 'early', status: 'RUNNING', input: event('y'), day: 20 },
      { id: 'failed', status: 'FAILED', input: event('z'), day: 23 },
    );
    await executionsOf(executions(), [file('a')]);
    expect(described()).toEqual(['late', 'ours']);
    sfn.resetHistory();
    await executionsOf(executions(), [file('b')]);
    expect(described()).toEqual(['late', 'ours', 'failed']);
  });

  test('without a version nothing is asked', async () => {
    stage({ id: 'e1', status: 'RUNNING', input: event('a') });
    expect(await executionsOf(executions(), [])).toEqual(new Map());
    expect(sfn.calls()).toHaveLength(0);
  });
});
