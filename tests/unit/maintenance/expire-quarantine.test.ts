import { utimesSync } from 'node:fs';
import path from 'node:path';
import { DAY_MS } from '../../../shared/base/time.ts';
import { lakePaths } from '../../../shared/lake/paths.ts';
import { expireQuarantine } from '../../../shared/maintenance/expire-quarantine.ts';
import { MemoryStore, requestsOf } from '../../helpers/memory-store.ts';
import { RefusingLake } from '../../helpers/refusing-lake.ts';
import { runCommand } from '../../helpers/run-command.ts';

const ROWS = (run: number): string => lakePaths.quarantinedRows('t', String(run));

/** A zone with the rows of runs that were written on these days, and an object that is not duckstep's. */
const written = async (...days: number[]): Promise<MemoryStore> => {
  const store = new MemoryStore();
  await store.write('t/notes.txt', 'mine');
  for (const [run, day] of days.entries()) {
    store.clock.now = day * DAY_MS;
    await store.write(ROWS(run), 'rows');
  }
  return store;
};

const now = 100 * DAY_MS;

test('what is older than the days is removed, and nothing that duckstep does not write', async () => {
  const store = await written(10, 69, 71, 99);
  await store.write(lakePaths.quarantineReport('u', '9'), '{}');
  store.clock.now = 0;
  await store.write(lakePaths.quarantineSummary('u', '9'), 'text');
  const expected = [
    { zone: 'quarantine', table: 't', objects_expired: 2, bytes_freed: 8 },
    { zone: 'quarantine', table: 'u', objects_expired: 1, bytes_freed: 4 },
  ];
  expect(await expireQuarantine(store, { days: 30, now, dryRun: true })).toEqual(expected);
  expect(store.objects.size).toBe(7);
  expect(await expireQuarantine(store, { days: 30, now })).toEqual(expected);
  expect([...store.objects.keys()].toSorted()).toEqual([
    ...['t/notes.txt', ROWS(2), ROWS(3), lakePaths.quarantineReport('u', '9')],
  ]);
  expect(await expireQuarantine(store, { days: 30, now })).toEqual([]);
});

test('rows that a repeated run writes again meanwhile are kept', async () => {
  const store = await written(10, 11);
  const repeated = store.watched(async (kind, key) => {
    if (kind !== 'head' || key !== ROWS(0)) return;
    store.clock.now = now;
    await store.write(key, 'again');
  });
  expect(await expireQuarantine(repeated, { days: 30, now })).toMatchObject([{ objects_expired: 1 }]);
  expect(store.objects.has(ROWS(0))).toBe(true);
});

test('a thousand objects are removed with one request', async () => {
  const store = await written(...Array.from({ length: 1_500 }, () => 1));
  store.pageSize = 1_000;
  expect(await requestsOf(store, (counted) => expireQuarantine(counted, { days: 1, now }))).toMatchObject({
    ...{ list: 2, head: 1_500, delete: 2, get: 0, put: 0 },
  });
});

test('maintain --quarantine-days removes it, and the runs stay', async () => {
  const lake = new RefusingLake();
  const { run_id } = await lake.run({ uploaded: 1 });
  const rows = path.join(lake.folder, 'quarantine', lakePaths.quarantinedRows('t', run_id));
  utimesSync(rows, 1, 1);
  const maintain = (...args: string[]) => runCommand({}, '--lake', lake.folder, 'maintain', ...args);
  expect((await maintain()).out).not.toContain('quarantine');
  expect(await maintain('--quarantine-days', '30')).toMatchObject({
    ...{
      code: 0,
      err: '',
      out: expect.stringMatching(/\nquarantine\.t: 1 object expired, [\d,]+ bytes freed$/),
    },
  });
  const [refusal] = JSON.parse(
    (await runCommand({}, '--lake', lake.folder, 'quarantine', '--json')).out,
  ) as unknown[];
  expect(refusal).toMatchObject({ run_id, standing: true, rows_rejected: 1 });
  expect(await maintain('--quarantine-days', '0')).toMatchObject({
    ...{ code: 64, err: expect.stringContaining('--quarantine-days takes a number above 0, not "0".') },
  });
});
