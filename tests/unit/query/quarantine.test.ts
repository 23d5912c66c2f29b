import type { Row } from '../../../shared/engine/values.ts';
import { lakePaths } from '../../../shared/lake/paths.ts';
import { attachLake } from '../../../shared/query/attach.ts';
import { mentions } from '../../../shared/query/mentions.ts';
import { parseWhen } from '../../../shared/query/when.ts';
import { recording, type StoreCall } from '../../helpers/recording-store.ts';
import { type Refusing, RefusingLake } from '../../helpers/refusing-lake.ts';
import { contractOf, testDb } from '../../helpers/silver-lake.ts';

interface Asked {
  rows: Row[];
  /** Objects that were fetched to be read by DuckDB. */
  refused: string[];
  records: number;
  listed: number;
}

const ask = async ({ lake }: RefusingLake, sql: string, at?: string): Promise<Asked> => {
  const calls: StoreCall[] = [];
  const watched = {
    ...lake,
    gold: recording(lake.gold, (call) => calls.push(call)),
    quarantine: recording(lake.quarantine, (call) => calls.push(call)),
  };
  const contracts = [await contractOf(['{ name: id, logicalType: integer }'])];
  const rows = await testDb(async (db, folder) => {
    const options = {
      ...{ sql, wanted: (name: string) => mentions(sql, name) },
      ...(at !== undefined && { at: parseWhen(at) }),
    };
    await attachLake(db, watched, contracts, [], folder, options);
    return await db.all(sql);
  });
  const fetched = calls.flatMap(({ method, key }) => (method === 'localPath' ? [key] : []));
  return {
    rows,
    refused: fetched.filter((key) => !key.startsWith(lakePaths.runs)).toSorted(),
    records: fetched.filter((key) => key.startsWith(lakePaths.runs)).length,
    listed: calls.filter(({ method }) => method === 'list').length,
  };
};

const NOW = 'SELECT raw FROM quarantine.t ORDER BY raw';
const EVER = 'SELECT raw, standing FROM quarantine_history.t ORDER BY raw';

/** The rows of both views: those that stand, and those that do not. */
const shown = async (runs: readonly Refusing[], at?: string) => {
  const lake = new RefusingLake();
  for (const run of runs) await lake.run(run);
  const [now, ever] = [await ask(lake, NOW, at), await ask(lake, EVER, at)];
  const standing = ever.rows.filter((row) => row.standing === true).map(({ raw }) => raw);
  expect(now.rows.map(({ raw }) => raw)).toEqual(standing);
  return { now: standing, past: ever.rows.filter((row) => row.standing === false).map(({ raw }) => raw) };
};

test.each<[string, Refusing[], { now: string[]; past: string[] }]>([
  [
    'a newer version',
    [{ uploaded: 1, rows: 2 }, { uploaded: 2 }],
    { now: ['t/a.csv 2 1'], past: ['t/a.csv 1 1', 't/a.csv 1 2'] },
  ],
  [
    'a newer version without refused rows',
    [{ uploaded: 1 }, { uploaded: 2, rows: 0 }],
    { now: [], past: ['t/a.csv 1 1'] },
  ],
  [
    'a replay that loads what was refused',
    [
      { uploaded: 1, status: 'quarantined' },
      { uploaded: 1, finished: 5, contract: 'fixed', rows: 0 },
    ],
    { now: [], past: ['t/a.csv 1 1'] },
  ],
  [
    'a repetition of the same run that loads all rows, as earlier releases made it',
    [{ uploaded: 1, status: 'loaded', record: { rows_rejected: 0 } }],
    { now: [], past: ['t/a.csv 1 1'] },
  ],
  ['a removed file', [{ uploaded: 1, status: 'removed' }], { now: [], past: ['t/a.csv 1 1'] }],
  [
    'an older version that came late',
    [{ uploaded: 2 }, { uploaded: 1, finished: 3, status: 'superseded' }],
    { now: ['t/a.csv 2 1'], past: ['t/a.csv 1 1'] },
  ],
  [
    'other files',
    [
      { uploaded: 1 },
      { uploaded: 2, key: 't/b.csv' },
      { uploaded: 3, key: 'T/c.csv', status: 'quarantined' },
    ],
    { now: ['T/c.csv 3 1', 't/a.csv 1 1', 't/b.csv 2 1'], past: [] },
  ],
  [
    'a run without a record, where an older version stands',
    [{ uploaded: 1 }, { uploaded: 2, record: null }],
    { now: ['t/a.csv 1 1', 't/a.csv 2 1'], past: [] },
  ],
  [
    'a run without a record, where a newer version stands',
    [{ uploaded: 1, record: null }, { uploaded: 2 }],
    { now: ['t/a.csv 2 1'], past: ['t/a.csv 1 1'] },
  ],
  [
    'a run without a record, of the version that stands',
    [
      { uploaded: 1, rows: 0 },
      { uploaded: 1, contract: 'new', record: null },
    ],
    { now: ['t/a.csv 1 1'], past: [] },
  ],
  ['a run without a record, alone', [{ uploaded: 1, record: null }], { now: ['t/a.csv 1 1'], past: [] }],
])('quarantine shows what stands: %s', async (_, runs, expected) => {
  expect(await shown(runs)).toEqual(expected);
});

test('with a time, what stood then', async () => {
  const runs: Refusing[] = [
    { uploaded: 1 },
    { uploaded: 3, rows: 0 },
    { uploaded: 2, record: null, key: 't/open.csv' },
  ];
  expect(await shown(runs, '2026-01-02T03:01:30Z')).toEqual({ now: ['t/a.csv 1 1'], past: [] });
  expect(await shown(runs, '2026-01-02T03:02:30Z')).toEqual({
    now: ['t/a.csv 1 1', 't/open.csv 2 1'],
    past: [],
  });
  expect(await shown(runs, '2026-01-02T03:03:30Z')).toEqual({
    now: ['t/open.csv 2 1'],
    past: ['t/a.csv 1 1'],
  });
});

test('a dataset may have the name of a schema', async () => {
  const lake = new RefusingLake();
  await lake.run({ uploaded: 1, key: 'quarantine_history/a.csv' });
  for (const schema of ['quarantine', 'quarantine_history'])
    expect((await ask(lake, `SELECT raw FROM ${schema}.quarantine_history`)).rows).toEqual([
      { raw: 'quarantine_history/a.csv 1 1' },
    ]);
});

describe('what is fetched', () => {
  const lake = new RefusingLake();
  const ids: string[] = [];
  beforeAll(async () => {
    for (let uploaded = 1; uploaded <= 4; uploaded += 1) ids.push((await lake.run({ uploaded })).run_id);
    await lake.run({ uploaded: 1, key: 'other/a.csv' });
  });
  const keyOf = (id: string | undefined): string => lakePaths.quarantinedRows('t', id ?? '');

  test('the rows that stand, and not those of earlier runs', async () => {
    expect(await ask(lake, NOW)).toMatchObject({ refused: [keyOf(ids[3])], records: 5, listed: 3 });
  });

  test('each object once, where both views are asked', async () => {
    const sql =
      'SELECT (SELECT count(*) FROM quarantine.t) + (SELECT count(*) FROM quarantine_history.t) AS n';
    expect(await ask(lake, sql)).toMatchObject({ rows: [{ n: 5 }], refused: ids.map(keyOf).toSorted() });
  });

  test('of the history, the runs that are asked for', async () => {
    const sql = `SELECT raw, standing FROM quarantine_history.t WHERE run_id IN ('${ids[1]}', 'none')`;
    expect(await ask(lake, sql)).toMatchObject({
      rows: [{ raw: 't/a.csv 2 1', standing: false }],
      refused: [keyOf(ids[1])],
    });
    expect(await ask(lake, `FROM quarantine.t WHERE run_id = '${ids[1]}'`)).toMatchObject({
      ...{ rows: [], refused: [] },
    });
  });

  test('nothing, not even a listing, for a query about another zone', async () => {
    expect(await ask(lake, 'FROM silver.t')).toEqual({ rows: [], refused: [], records: 0, listed: 0 });
  });
});
