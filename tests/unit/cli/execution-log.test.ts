import { appendFileSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { summarize } from '../../../cli/local/execution.ts';
import { ExecutionLog, newExecutionId } from '../../../cli/local/execution-log.ts';
import { engineOn, someEvent } from '../../helpers/engine.ts';
import { kill, printed, startNode } from '../../helpers/killed.ts';
import { scratch } from '../../helpers/scratch.ts';

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

const summaryOf = (log: ExecutionLog, id = ID) => {
  const [attempt, ...rest] = log.read(id);
  if (attempt === undefined) throw new RangeError(`no execution ${id}`);
  return summarize([attempt, ...rest]);
};

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
  writer?.append({ type: 'StateEntered', at: AT, state: 'Validate', stateType: 'Task', input: someEvent() });
  writer?.close();
  const file = path.join(folder, '.duckstep/executions', ID, 'attempt-1.ndjson');
  appendFileSync(file, '{"type":"StateExited","at":"2026-01-02T03:04:0');
  expect(summaryOf(log).visits).toMatchObject([{ state: 'Validate', tries: 1 }]);
  expect(summaryOf(log).visits[0]).not.toHaveProperty('left');
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
