import { spawn } from 'node:child_process';
import fs, { appendFileSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ExecutionLog, newExecutionId } from '../../../../operate/local/execution-log.ts';
import { summarize } from '../../../../operate/local/summarize.ts';
import { cleanSteps, engineOn, failing, ROOT, someEvent } from '../../../helpers/engine.ts';
import { kill, printed, startNode } from '../../../helpers/killed.ts';
import { scratch } from '../../../helpers/scratch.ts';

const AT = '2026-01-02T03:04:05.678Z';
const ID = '20260102T030405-abcd';

const first = (id = ID) => ({
  at: AT,
  id,
  attempt: 1,
  event: someEvent(),
  startAt: 'Validate',
  input: someEvent(),
});

const entered = {
  ...{ type: 'StateEntered' as const, at: AT, state: 'Validate', stateType: 'Task' },
  input: someEvent(),
};

const attemptFile = (folder: string, attempt: number, id = ID): string =>
  path.join(folder, '.duckstep/executions', id, `attempt-${attempt}.ndjson`);

const summaryOf = (log: ExecutionLog, id = ID) => {
  const [attempt, ...rest] = log.read(id);
  if (attempt === undefined) throw new RangeError(`no execution ${id}`);
  return summarize([attempt, ...rest]);
};

afterEach(() => jest.restoreAllMocks());

test('ids sort by time', () => {
  const ids = ['2026-11-21T01:02:03Z', '2026-02-21T01:02:03Z'].map((at) => newExecutionId(new Date(at)));
  expect(ids[0]).toMatch(/^20261121T010203-[0-9a-z]{4}$/);
  expect(ids.toSorted()).toEqual(ids.toReversed());
});

test('an attempt is claimed once', () => {
  const log = new ExecutionLog(scratch());
  const writer = log.claim(first());
  expect(writer).toBeDefined();
  expect(log.claim(first())).toBeUndefined();
  writer?.close();
  expect(log.read(ID)).toHaveLength(1);
});

test('nothing is left beside the attempts', () => {
  const folder = scratch();
  const log = new ExecutionLog(folder);
  log.claim(first())?.close();
  log.claim(first());
  expect(readdirSync(path.join(folder, '.duckstep/executions', ID))).toEqual(['attempt-1.ndjson']);
});

test('a line that a killed process did not finish did not happen', () => {
  const folder = scratch();
  const log = new ExecutionLog(folder);
  const writer = log.claim(first());
  writer?.append(entered);
  writer?.close();
  appendFileSync(attemptFile(folder, 1), '{"type":"StateExited","at":"2026-01-02T03:04:0');
  expect(summaryOf(log).visits).toMatchObject([{ state: 'Validate', tries: 1 }]);
  expect(summaryOf(log).visits[0]).not.toHaveProperty('left');
});

test('an event that there is no room for ends the process, and did not happen', async () => {
  const folder = scratch();
  const event = JSON.stringify(someEvent(`signups/${'x'.repeat(1_000)}`));
  // The first line holds the event twice and fits into 4 KiB; the second begins below them and ends beyond.
  const limited = spawn(
    'bash',
    [
      ...['-c', 'ulimit -f 4 && exec "$@"', 'bash', path.join(ROOT, 'node_modules/.bin/node')],
      ...[path.join(ROOT, 'tests/helpers/hang-with-claim.ts'), folder, event],
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  await expect(printed(limited, 'hanging').finally(() => limited.kill('SIGKILL'))).rejects.toThrow(/ended/);
  expect(engineOn(folder).list()).toMatchObject([
    { status: 'stale', visits: [], resume: { state: 'Validate' } },
  ]);
});

test('a line that two events were torn into is passed over, and what follows is read', () => {
  const folder = scratch();
  const log = new ExecutionLog(folder);
  log.claim(first())?.close();
  appendFileSync(
    attemptFile(folder, 1),
    `{"type":"StateRetrie${JSON.stringify(entered)}\n${JSON.stringify(entered)}\n`,
  );
  expect(log.read(ID)[0]?.events).toEqual([entered]);
});

test('a claim that there is no room for leaves nothing', () => {
  const folder = scratch();
  const log = new ExecutionLog(folder);
  log.claim(first('20260102T030405-wxyz'))?.close();
  jest.spyOn(fs, 'fsyncSync').mockImplementationOnce(() => {
    throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  });
  expect(() => log.claim(first())).toThrow(/no space left/);
  expect(readdirSync(path.join(folder, '.duckstep/executions', ID))).toEqual([]);
});

test('an attempt whose first line is torn is not there, and the next one goes past it', async () => {
  const folder = scratch();
  const steps = { ...cleanSteps(), Transform: failing('Fault', {}) };
  const { id } = await engineOn(folder, { steps }).run(someEvent());
  const unknown = attemptFile(folder, 1, '20260102T030405-wxyz');
  mkdirSync(path.dirname(unknown));
  for (const file of [attemptFile(folder, 2, id), unknown])
    writeFileSync(file, `{"type":"AttemptSta{"type":"StateEntered"}\n${JSON.stringify(entered)}\n`);
  const engine = engineOn(folder);
  expect(engine.list()).toMatchObject([
    { id, status: 'failed', attempts: 1, resume: { state: 'Transform' } },
  ]);
  expect(await engine.redrive(id)).toMatchObject({ status: 'succeeded', attempts: 2 });
  expect(readdirSync(path.dirname(attemptFile(folder, 2, id)))).toContain('attempt-3.ndjson');
});

test('an execution whose process had no time for a state resumes where it was to start', () => {
  const log = new ExecutionLog(scratch());
  log.claim(first())?.close();
  expect(summaryOf(log)).toMatchObject({ visits: [], resume: { state: 'Validate', input: someEvent() } });
});

test('what is no execution is not listed', () => {
  const folder = scratch();
  const log = new ExecutionLog(folder);
  mkdirSync(path.join(folder, '.duckstep/executions/notes'), { recursive: true });
  mkdirSync(path.join(folder, '.duckstep/executions', ID), { recursive: true });
  expect(log.ids()).toEqual([ID]);
  expect(log.read(ID)).toEqual([]);
  expect(log.read('../../etc')).toEqual([]);
  expect(engineOn(folder).list()).toEqual([]);
});

test('a container that starts again has the process id of the one before, and not its executions', () => {
  const folder = scratch();
  const log = new ExecutionLog(folder);
  log.claim(first())?.close();
  expect(summaryOf(log).status).toBe('running');
  const file = attemptFile(folder, 1);
  const { heartbeat } = log.read(ID)[0]?.header.process ?? { heartbeat: '' };
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll(heartbeat, 'before'));
  const before = path.join(folder, '.duckstep/processes/before');
  const aSecondAgo = new Date(Date.now() - 1000);
  writeFileSync(before, '');
  utimesSync(before, aSecondAgo, aSecondAgo);
  const uptime = jest.spyOn(process, 'uptime').mockReturnValue(0.5);
  expect(summaryOf(log).status).toBe('stale');
  // Another one beside it, of the same host and process id, that lived a second ago.
  uptime.mockReturnValue(3_600);
  expect(summaryOf(log).status).toBe('running');
});

test('an execution runs as long as its process, is stale after kill -9, and can be redriven', async () => {
  const folder = scratch();
  const child = startNode('tests/helpers/hang-with-claim.ts', folder, JSON.stringify(someEvent()));
  await printed(child, 'hanging');
  const engine = engineOn(folder);
  const [running] = engine.list('running');
  expect(running).toMatchObject({ visits: [{ state: 'Validate' }] });

  await kill(child);
  const [stale] = engine.list();
  expect(stale).toMatchObject({ id: running?.id, status: 'stale', resume: { state: 'Validate' } });
  expect(await engine.redrive(stale?.id ?? '')).toMatchObject({ status: 'succeeded', attempts: 2 });
});
