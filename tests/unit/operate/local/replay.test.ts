import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { LocalPipeline } from '../../../../operate/local/local-pipeline.ts';
import { cleanSteps, ROOT } from '../../../helpers/engine.ts';
import { fileFor } from '../../../helpers/pipeline-suite.ts';
import { scratch } from '../../../helpers/scratch.ts';

const AT = '2026-12-01T00:00:00.000Z';

/** Leaves the log of an execution whose process died before its first state. */
const leaveStale = (lake: string, id: string, event: object): void => {
  const folder = path.join(lake, '.duckstep/executions', id);
  mkdirSync(folder, { recursive: true });
  const process = { heartbeat: 'nobody', pid: 1, host: 'nowhere' };
  const header = {
    type: 'AttemptStarted',
    at: AT,
    id,
    attempt: 1,
    event,
    startAt: 'Validate',
    input: event,
    process,
  };
  writeFileSync(path.join(folder, 'attempt-1.ndjson'), `${JSON.stringify(header)}\n`);
};

const opened = async () => {
  const lake = scratch();
  const pipeline = new LocalPipeline({ root: ROOT, env: {}, lake, steps: cleanSteps() });
  const [outcome] = await pipeline.run([fileFor('signups/a.csv')]);
  const event = (await pipeline.execution(outcome?.execution ?? ''))?.event ?? {};
  return { lake, pipeline, event };
};

test('a resumed replay goes on with its executions whose process died, also where their files are not in the plan', async () => {
  const { lake, pipeline, event } = await opened();
  const id = '20261201T000000-aaaa';
  leaveStale(lake, id, { ...event, replay: { requested_at: AT } });
  const other = { ...event, replay: { requested_at: '2026-11-01T00:00:00.000Z' } };
  leaveStale(lake, '20261101T000000-bbbb', other);
  const { files } = await pipeline.replay({ keys: ['none/x.csv'] }, { requestedAt: AT, resume: true });
  expect(files).toMatchObject([
    { key: 'signups/a.csv', execution: id, before: true, outcome: { status: 'succeeded' } },
  ]);
  expect(await pipeline.execution('20261101T000000-bbbb')).toMatchObject({ status: 'stale' });
});

test('a version with an execution that failed or died is not missing, but is where that replay is resumed', async () => {
  const { lake, pipeline, event } = await opened();
  const [uploaded] = await pipeline.upload([fileFor('signups/b.csv', 'id\n2\n')]);
  const object = { key: 'signups/b.csv', 'version-id': uploaded?.versionId };
  leaveStale(lake, '20261201T000000-aaaa', {
    ...{ ...event, detail: { bucket: { name: 'raw' }, object } },
    replay: { requested_at: AT },
  });
  const plan = await pipeline.planReplay({ missing: true });
  expect(plan.files).toEqual([]);
  expect(plan.skipped).toMatchObject([
    { key: 'signups/a.csv', reason: 'ran' },
    { key: 'signups/b.csv', reason: 'failed', text: expect.stringContaining('20261201T000000-aaaa') },
  ]);
  const { files } = await pipeline.replay({ missing: true }, { requestedAt: AT, resume: true });
  expect(files).toMatchObject([{ key: 'signups/b.csv', before: true, outcome: { status: 'succeeded' } }]);
});

test('files that nobody has given a version yet are found in the order of the keys, if they are complete', async () => {
  const { lake, pipeline } = await opened();
  const old = new Date('2026-01-01');
  for (const name of ['a.csv2', '0.csv', 'a-b.csv', 'growing.csv']) {
    const file = path.join(lake, 'raw/signups', name);
    writeFileSync(file, 'id\n1\n');
    if (name !== 'growing.csv') utimesSync(file, old, old);
  }
  const planned = async (...keys: string[]) =>
    (await pipeline.planReplay({ keys })).files.map(({ key, version_id }) => `${key} ${typeof version_id}`);
  expect(await planned('signups/')).toEqual([
    ...['signups/0.csv undefined', 'signups/a-b.csv undefined', 'signups/a.csv2 undefined'],
    'signups/a.csv string',
  ]);
  for (const key of ['signups/0.csv', 'signups/a.csv2'])
    expect(await planned(key)).toEqual([`${key} undefined`]);
});
