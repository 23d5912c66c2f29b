import { openLake } from '../../../operate/local/lake.ts';
import { loadContract } from '../../../shared/contract/load.ts';
import type { Contract } from '../../../shared/contract/model.ts';
import type { Row } from '../../../shared/engine/values.ts';
import { Table } from '../../../shared/lake/table/commit/table.ts';
import { attachLake } from '../../../shared/query/attach.ts';
import { historyOf } from '../../../shared/query/history.ts';
import { parseWhen } from '../../../shared/query/when.ts';
import { datasets } from '../../helpers/pipeline.ts';
import { scratch } from '../../helpers/scratch.ts';
import { contractOf, contractYaml, rowsSql, SilverLake, testDb } from '../../helpers/silver-lake.ts';

const KEY = '{ name: id, logicalType: integer, logicalTypeOptions: { format: i32 }, primaryKey: true }';
const DAY = (day: number): string => `2026-01-0${day}T12:00:00.000Z`;

/** Commits at noon of a day. */
const on = async <T>(day: number, work: () => Promise<T>): Promise<T> => {
  const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.parse(DAY(day)));
  try {
    return await work();
  } finally {
    clock.mockRestore();
  }
};

const lakeOf = async (): Promise<{
  silver: SilverLake;
  query: (sql: string, at?: string, contracts?: Contract[]) => Promise<Row[]>;
  remarks: string[];
}> => {
  const lake = openLake(scratch());
  const silver = new SilverLake(await contractOf([KEY, '{ name: name, logicalType: string }']), lake.silver);
  const remarks: string[] = [];
  return {
    silver,
    remarks,
    query: async (sql, at, contracts = [silver.contract]) =>
      await testDb(async (db, folder) => {
        await attachLake(db, lake, contracts, [], folder, {
          sql,
          wanted: (table) => sql.includes(table),
          remark: (text) => remarks.push(text),
          ...(at !== undefined && { at: parseWhen(at) }),
        });
        return await db.all(sql);
      }),
  };
};

/** Three days: two rows; one of them replaced; a contract with other columns, and a row. */
const threeDays = async () => {
  const made = await lakeOf();
  const { silver } = made;
  await on(1, () => silver.upload('a', 1, rowsSql('id, name', "(1, 'one')", "(2, 'two')")));
  await on(2, () => silver.upload('b', 2, rowsSql('id, name', "(2, 'zwei')")));
  silver.contract = await contractOf([
    '{ name: city, logicalType: string }',
    '{ name: full_name, id: name, logicalType: string }',
    '{ name: id, logicalType: integer, primaryKey: true }',
  ]);
  await on(3, () => silver.upload('c', 3, rowsSql('city, full_name, id', "('Bonn', 'three', 3)")));
  return made;
};

const OF_THEN = 'SELECT * EXCLUDE (_run_id, _source_id, _row, _rescued) FROM silver.t ORDER BY id';

test('a table is shown as it was, with the columns that it had', async () => {
  const { query, remarks } = await threeDays();
  expect(await query(OF_THEN, DAY(1))).toEqual([
    { id: 1, name: 'one' },
    { id: 2, name: 'two' },
  ]);
  expect(await query(OF_THEN, '2026-01-02')).toEqual([
    { id: 1, name: 'one' },
    { id: 2, name: 'zwei' },
  ]);
  expect(await query('DESCRIBE SELECT id FROM silver.t', '2026-01-02')).toMatchObject([
    { column_type: 'INTEGER' },
  ]);
  expect(await query(OF_THEN, '2030-01-01')).toEqual(await query(OF_THEN));
  expect(remarks).toEqual([]);
});

test('a snapshot id selects the lake at the time of its commit', async () => {
  const { silver, query } = await threeDays();
  const [, second] = historyOf(await silver.snapshot());
  expect(await query(OF_THEN, String(second?.snapshot_id))).toEqual(await query(OF_THEN, DAY(2)));
  await expect(query(OF_THEN, '12345')).rejects.toThrow(
    'No table has a snapshot 12345: the id is wrong, or the snapshot has expired. `duckstep history TABLE` lists the snapshots of silver.t.',
  );
});

test('conditions apply to the columns of that time', async () => {
  const { query } = await threeDays();
  expect(await query("SELECT id FROM silver.t WHERE name = 'zwei'", DAY(2))).toEqual([{ id: 2 }]);
  await expect(query("SELECT id FROM silver.t WHERE full_name = 'zwei'", DAY(2))).rejects.toThrow(
    /full_name/,
  );
});

test('a time before the first snapshot of a table gives no rows, and one before all tables is an error', async () => {
  const { query, silver } = await threeDays();
  await expect(query(OF_THEN, '2025-12-31')).rejects.toThrow(
    /^Nothing was committed by 2025-12-31T23:59:59\.999Z: the first snapshot is \d+ of silver\.t, committed at 2026-01-01T12:00:00\.000Z\./,
  );
  const early = await loadContract(
    datasets({ 'early/contract.yaml': contractYaml('early', [KEY]) }),
    'early',
  );
  const other = new SilverLake(early, silver.store);
  const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.parse('2025-06-01T00:00Z'));
  await other.upload('e', 1, rowsSql('id', '(7)'));
  clock.mockRestore();
  const both = [silver.contract, early];
  expect(await query(OF_THEN, '2025-12-31', both)).toEqual([]);
  expect(await query('DESCRIBE SELECT full_name FROM silver.t', '2025-12-31', both)).toHaveLength(1);
});

test('a time whose snapshots have expired is an error', async () => {
  const { query, silver, remarks } = await threeDays();
  const keep = async (newest: number): Promise<number> =>
    await new Table(silver.store, 't', { retention: { newest, hours: 0, days: 0 } }).expire();
  await on(3, async () => expect(await keep(1)).toBe(2));
  await expect(query(OF_THEN, DAY(2))).rejects.toThrow(
    /^silver\.t cannot be read as of 2026-01-02T12:00:00\.000Z: its snapshots of that time have expired\. The oldest that is kept is \d+, committed at 2026-01-03T12:00:00\.000Z; `duckstep history silver\.t` lists all\.$/,
  );
  expect(remarks).toEqual([]);
});

test('a remark is made where snapshots between have expired', async () => {
  const { query, silver, remarks } = await lakeOf();
  const upload = (day: number, id: number) =>
    on(day, () => silver.upload('a', id, rowsSql('id, name', `(${id}, 'x')`)));
  for (const [day, id] of [
    [1, 1],
    [2, 2],
    [2, 3],
    [3, 4],
  ] as const)
    await upload(day, id);
  const retention = { newest: 1, hours: 0, days: 3 };
  expect(await on(3, () => new Table(silver.store, 't', { retention }).expire())).toBe(1);
  expect(await query('SELECT id FROM silver.t', DAY(2))).toEqual([{ id: 3 }]);
  expect(remarks).toEqual([]);
  expect(await query('SELECT id FROM silver.t', DAY(1))).toEqual([{ id: 1 }]);
  expect(remarks).toEqual([
    `silver.t is shown as of ${DAY(1)}: the snapshots between that and ${DAY(2)} have expired.`,
  ]);
});

test('runs that finished later are not shown', async () => {
  const lake = openLake(scratch());
  const record = (id: string, at: string) =>
    lake.gold.write(`_runs/${id}.json`, JSON.stringify({ run_id: id, finished_at: at }));
  await record('a', '2026-01-01T11:59:59.999Z');
  await record('b', '2026-01-01T12:00:00.000Z');
  await record('c', '2026-01-01T12:00:00.001Z');
  await testDb(async (db, folder) => {
    await attachLake(db, lake, [], [], folder, { at: parseWhen(DAY(1)) });
    expect(await db.all('SELECT run_id FROM runs')).toEqual([{ run_id: 'a' }, { run_id: 'b' }]);
  });
});
