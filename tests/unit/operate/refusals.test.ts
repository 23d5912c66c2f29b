import { listRefusals, type RefusalFilter } from '../../../operate/refusals.ts';
import { lakePaths } from '../../../shared/lake/paths.ts';
import { config } from '../../helpers/engine.ts';
import { recording, type StoreCall } from '../../helpers/recording-store.ts';
import { RefusingLake } from '../../helpers/refusing-lake.ts';

const made = new RefusingLake();
let ids: Record<'first' | 'corrected' | 'whole' | 'clean', string>;
beforeAll(async () => {
  const first = await made.run({ uploaded: 1, rows: 3 });
  const corrected = await made.run({ uploaded: 2 });
  const whole = await made.run({
    uploaded: 3,
    key: 'u/b.csv',
    status: 'quarantined',
    record: { error: 'EmptyFile' },
  });
  const clean = await made.run({ uploaded: 4, key: 't/c.csv', rows: 0 });
  await made.run({ uploaded: 5, key: 't/c.csv', rows: 0, status: 'superseded' });
  ids = {
    ...{ first: first.run_id, corrected: corrected.run_id, whole: whole.run_id, clean: clean.run_id },
  };
});

const list = async (filter: RefusalFilter = {}) => {
  const calls: StoreCall[] = [];
  const lake = { ...made.lake, quarantine: recording(made.lake.quarantine, (call) => calls.push(call)) };
  const page = await listRefusals({ lake, config }, filter);
  return { ...page, reports: calls.length };
};
const named = async (filter?: RefusalFilter) =>
  (await list(filter)).refusals.map(({ run_id }) => Object.entries(ids).find(([, id]) => id === run_id)?.[0]);

test('the runs that stand, the newest first, each with its report', async () => {
  const { refusals, more, reports } = await list();
  expect(refusals).toMatchObject([
    {
      ...{ run_id: ids.whole, dataset: 'u', key: 'u/b.csv', version: 'v3', status: 'quarantined' },
      ...{ uploaded_at: '2026-01-02T03:03:00.000Z', finished_at: '2026-01-02T03:03:00.000Z' },
      ...{ standing: true, error: 'EmptyFile', reason: 'fine.' },
    },
    {
      ...{
        run_id: ids.corrected,
        status: 'loaded',
        standing: true,
        rows_read: 1,
        rows_rejected: 1,
        error: null,
      },
      location: `${made.lake.quarantine.uri}${lakePaths.quarantineSummary('t', ids.corrected)}`,
      report: { refused: [{ column: 'c', rule: 'type', rows: 1, values: [{ value: 'x0', rows: 1 }] }] },
    },
  ]);
  expect({ more, reports }).toEqual({ more: false, reports: 2 });
});

test('by dataset, key and run, with those that do not stand any more', async () => {
  expect(await named({ dataset: 'T' })).toEqual(['corrected']);
  expect(await named({ dataset: 'T', history: true })).toEqual(['corrected', 'first']);
  expect(await named({ key: 'u/b.csv' })).toEqual(['whole']);
  expect(await named({ run: ids.first })).toEqual(['first']);
  expect(await named({ run: ids.clean })).toEqual([]);
  expect(await named({ history: true })).toEqual(['whole', 'corrected', 'first']);
});

test('no more reports are read than runs are asked for', async () => {
  expect(await list({ history: true, limit: 1 })).toMatchObject({
    ...{ refusals: [{ run_id: ids.whole }], more: true, reports: 1 },
  });
});

test('a report that has expired, or cannot be read, hides no run', async () => {
  const { quarantine } = made.lake;
  await quarantine.remove(lakePaths.quarantineReport('t', ids.corrected));
  await quarantine.write(lakePaths.quarantineReport('u', ids.whole), '{"scope": "secret"}');
  const remarks: unknown[] = [];
  const { refusals } = await list({ observe: (event) => remarks.push(event) });
  expect(refusals.map(({ run_id, report }) => [run_id, report])).toEqual([
    ...[
      [ids.whole, null],
      [ids.corrected, null],
    ],
  ]);
  expect(remarks).toMatchObject([
    { type: 'remark', text: expect.stringContaining(`u/reports/${ids.whole}.json`) },
  ]);
  expect(JSON.stringify(remarks)).not.toContain('secret');
});
