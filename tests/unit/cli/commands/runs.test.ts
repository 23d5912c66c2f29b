import { readFileSync } from 'node:fs';
import path from 'node:path';
import { openLake } from '../../../../operate/local/lake.ts';
import { writeRunRecord } from '../../../../shared/run/run-record.ts';
import { ROOT } from '../../../helpers/engine.ts';
import { runCommand } from '../../../helpers/run-command.ts';
import { fold, recordOf, writeRuns } from '../../../helpers/run-records.ts';
import { scratch } from '../../../helpers/scratch.ts';

const folder = scratch();
const runs = (...args: string[]) => runCommand({}, '--lake', folder, 'runs', ...args);

beforeAll(async () => {
  const lake = openLake(folder);
  await writeRuns(lake, 1, 3);
  await fold(lake);
  await writeRunRecord(
    lake,
    recordOf(3, { status: 'quarantined', score: null, reason: 'It is torn.', error: 'UnreadableFile' }),
  );
});

test('lists the runs with the latest first', async () => {
  expect(await runs()).toEqual({
    code: 0,
    err: '',
    out: [
      'finished at               file     status       rows  rejected   score      cost  reason',
      '------------------------  -------  -----------  ----  --------  ------  --------  -----------',
      '2026-01-01T00:04:19.200Z  t/3.csv  quarantined     3         1          $0.00025  It is torn.',
      '2026-01-01T00:02:52.800Z  t/2.csv  loaded          3         1  0.5000  $0.00025  fine',
      '2026-01-01T00:01:26.400Z  t/1.csv  loaded          3         1  0.5000  $0.00025  fine',
      '3 runs',
    ].join('\n'),
  });
});

test('goes on where an earlier list ended', async () => {
  const { out } = await runs('--limit', '2');
  const [, place = ''] = /^2 runs; there are more \(--after (\S+)\)$/m.exec(out) ?? [];
  expect((await runs('--limit', '2', '--after', place)).out).toMatch(/t\/1\.csv[\s\S]*\n1 run$/);
});

test('prints records and the next place as JSON', async () => {
  const [page, last] = await Promise.all([
    runs('--limit', '1', '--json'),
    runs('--key', 't/1.csv', '--json'),
  ]);
  expect(JSON.parse(page.out)).toEqual({
    runs: [
      recordOf(3, { status: 'quarantined', score: null, reason: 'It is torn.', error: 'UnreadableFile' }),
    ],
    next: expect.stringMatching(/^\d+-run0+3$/),
  });
  expect(JSON.parse(last.out)).toEqual({ runs: [recordOf(1)], next: null });
});

test('filters by dataset, status and time', async () => {
  expect((await runs('--status', 'loaded')).out).toMatch(/\n2 runs$/);
  expect((await runs('--status', 'loaded', '--dataset', 'other')).out).toBe('0 runs');
  expect((await runs('--since', '2026-01-01T00:02Z')).out).toMatch(/\n2 runs$/);
  expect((await runs('--since', '2026-01-01T00:02Z', '--status', 'quarantined')).out).toMatch(/\n1 run$/);
});

test.each([
  ['--limit', '0', /--limit takes a whole number above 0/],
  ['--since', 'yesterday', /--since takes 90m/],
  ['--after', 'nonsense', /"nonsense" is no place in a list of runs/],
])('%s %s is wrong usage', async (option, value, message) => {
  const wrong = { code: 64, err: expect.stringMatching(message), out: '' };
  expect(await runs(option, value)).toEqual(wrong);
});

test('the examples of docs/reading.md work', async () => {
  const page = readFileSync(path.join(ROOT, 'docs/reading.md'), 'utf8');
  const examples = [...page.matchAll(/^npx duckstep (runs.*)$/gm)].map(([, call = '']) => call.split(' '));
  expect(examples.length).toBeGreaterThan(2);
  for (const example of examples)
    expect(await runCommand({}, '--lake', folder, ...example)).toMatchObject({ code: 0, err: '' });
});
