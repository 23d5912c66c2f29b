import { renderRefusal } from '../../../../cli/render/quarantine.ts';
import type { Refusal } from '../../../../operate/refusals.ts';
import { lakePaths } from '../../../../shared/lake/paths.ts';
import { RefusingLake } from '../../../helpers/refusing-lake.ts';
import { runCommand } from '../../../helpers/run-command.ts';

const made = new RefusingLake();
const ids: string[] = [];
beforeAll(async () => {
  for (const run of [
    { uploaded: 1, rows: 12 },
    {
      uploaded: 2,
      key: 't/\u001b[31m.csv',
      status: 'quarantined',
      record: { error: 'EmptyFile', reason: 'No rows.' },
    },
    { uploaded: 3, key: 't/c.csv' },
    { uploaded: 4, key: 't/c.csv', rows: 0 },
  ] as const)
    ids.push((await made.run(run)).run_id);
});

const quarantine = async (...args: string[]) => {
  const { out, err, code } = await runCommand({}, '--lake', made.folder, 'quarantine', ...args);
  return { out: ids.reduce((text, id, i) => text.replaceAll(id, `RUN${i}`), out), err, code };
};
const at = (run: number): string => `${made.lake.quarantine.uri}t/reports/RUN${run}.txt`;

test('lists files with their reasons and values, and whole files with the reason', async () => {
  expect(await quarantine()).toEqual({
    ...{ err: '', code: 0 },
    out: `t/\\x1b[31m.csv: refused whole
  EmptyFile: No rows.
  1  c: type: "x0" 1
  run RUN1, finished 2026-01-02T03:02:00.000Z
  see ${at(1)}
t/a.csv: 12 of 12 rows refused, the rest loaded
  12  c: type: "x1" 2, "x2" 2, "x3" 2 and 4 other values
  run RUN0, finished 2026-01-02T03:01:00.000Z
  see ${at(0)}
2 runs`,
  });
});

test('with the history, says what does not stand any more', async () => {
  const { out } = await quarantine('T', '--history', '--key', 't/c.csv');
  expect(out).toContain('t/c.csv: 1 of 1 row refused, the rest loaded, does not stand any more\n');
  expect((await quarantine('t', '--limit', '1')).out).toMatch(/\n1 run; there are more \(--limit\)$/);
  expect((await quarantine('other')).out).toBe('Nothing is in quarantine that matches.');
});

test('shows the whole report of a run', async () => {
  const { out } = await quarantine('--run', ids[1] ?? '');
  expect(out).toContain('File      raw/t/\\x1b[31m.csv (version v2)\n');
  expect(out).toMatch(/npx duckstep replay 't\/\\x1b\[31m\.csv'$/);
  expect((await quarantine('--run', 'none')).out).toBe('Nothing is in quarantine that matches.');
});

test('prints JSON', async () => {
  const { out } = await quarantine('--json', '--key', 't/a.csv');
  expect(JSON.parse(out)).toMatchObject([{ run_id: 'RUN0', report: { refused: [{ distinct: 7 }] } }]);
});

test('says where a report has expired', async () => {
  const key = lakePaths.quarantineReport('t', ids[0] ?? '');
  const body = (await made.lake.quarantine.read(key)) ?? '';
  await made.lake.quarantine.remove(key);
  expect((await quarantine('--run', ids[0] ?? '')).out).toContain('the report has expired');
  await made.lake.quarantine.write(key, body);
});

test('counts masked values, and names of many rules the first', async () => {
  const [refusal] = JSON.parse((await quarantine('--json', '--key', 't/a.csv')).out) as [Refusal];
  const refused = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((column) => ({
    ...{ column, rule: 'type', rows: 2, masked: true, distinct: 2 },
    values: [{ length: 7, rows: 1 }],
  }));
  const report = refusal.report && { ...refusal.report, refused };
  const text = renderRefusal({ ...refusal, report }, { style: (_, plain) => plain });
  expect(text).toContain('\n  2  a: type: 2 different values, not shown\n');
  expect(text).toContain('\n  2  e: type: 2 different values, not shown\n  and 2 other rules\n');
});
