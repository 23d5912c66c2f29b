import { openLake } from '../../../operate/local/lake.ts';
import { attachLake } from '../../../shared/query/attach.ts';
import { writeRunRecord } from '../../../shared/run/run-record.ts';
import { recording } from '../../helpers/recording-store.ts';
import { finishedAt, fold, recordOf } from '../../helpers/run-records.ts';
import { scratch } from '../../helpers/scratch.ts';
import { testDb } from '../../helpers/silver-lake.ts';

/** Runs 500, 1500 and 2500, each of which finished on another day, in the table; run 2600 of the last day is not there yet. */
const lake = openLake(scratch());
beforeAll(async () => {
  for (const n of [500, 1500, 2500]) await writeRunRecord(lake, recordOf(n));
  await fold(lake);
  await writeRunRecord(lake, recordOf(2600));
});

/** The answer of a query, and how many data files and records were opened for it. */
const ask = async (sql: string): Promise<{ rows: unknown[]; files: number; records: number }> => {
  const opened: string[] = [];
  const gold = recording(lake.gold, ({ method, key }) => {
    if (method === 'read' || method === 'localPath') opened.push(key);
  });
  return await testDb(async (db, folder) => {
    await attachLake(db, { ...lake, gold }, [], [], folder, { sql });
    const rows = (await db.all<{ n: string }>(sql)).map(({ n }) => n);
    const count = (prefix: string): number => opened.filter((key) => key.startsWith(prefix)).length;
    expect(count('_runs/')).toBe(0);
    return { rows, files: count('runs-folded/data/'), records: count('runs-newest/') };
  });
};

const N = "replace(source_key, 't/', '') AS n";
const AFTER = `finished_at > '${finishedAt(1600).slice(0, 19)}'`;

test('a query opens no record that is in the table, and only files of the table that can matter to it', async () => {
  expect(await ask(`SELECT ${N} FROM runs`)).toMatchObject({ files: 3, records: 1 });
  expect(await ask(`SELECT ${N} FROM runs WHERE ${AFTER}`)).toEqual({
    ...{ rows: ['2500.csv', '2600.csv'], files: 1, records: 1 },
  });
  expect(await ask(`SELECT ${N} FROM runs WHERE source_key = 't/500.csv'`)).toEqual({
    ...{ rows: ['500.csv'], files: 1, records: 1 },
  });
  expect(await ask(`SELECT ${N} FROM runs WHERE status = 'quarantined'`)).toMatchObject({
    rows: [],
    files: 0,
  });
});

test('a query that names the view twice, in either way, sees all rows', async () => {
  const both = `SELECT count(*)::VARCHAR AS n FROM main.runs UNION ALL SELECT ${N} FROM runs WHERE ${AFTER}`;
  expect((await ask(both)).rows).toEqual(['4', '2500.csv', '2600.csv']);
  const twice = `SELECT ${N} FROM runs WHERE ${AFTER} AND (SELECT count(*) FROM runs) = 4`;
  expect((await ask(twice)).rows).toEqual(['2500.csv', '2600.csv']);
});

test('all columns of a record are there, whether it is in the table or not', async () => {
  await testDb(async (db, folder) => {
    await attachLake(db, lake, [], [], folder);
    const rows = await db.all('SELECT * REPLACE (1 AS duration_ms) FROM runs');
    const same = (n: number) => ({
      contract_version: '1.0.0',
      execution: `e${n}`,
      strategies: { silver: 'groups' },
    });
    expect(rows).toMatchObject([500, 1500, 2500, 2600].map(same));
    expect(rows[0]?.scores).toEqual(rows[3]?.scores);
  });
});
