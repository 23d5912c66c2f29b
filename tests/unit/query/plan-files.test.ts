import { FolderStore } from '../../../shared/lake/storage/folder-store.ts';
import { attachLake } from '../../../shared/query/attach.ts';
import { recording, type StoreCall } from '../../helpers/recording-store.ts';
import { scratch } from '../../helpers/scratch.ts';
import { contractOf, SilverLake, testDb } from '../../helpers/silver-lake.ts';

const by = (transform: string): string =>
  `partitioned: true, customProperties: [{ property: partitionTransform, value: "${transform}" }]`;

const COLUMNS = (split: string): string[] => [
  '{ name: id, logicalType: integer, primaryKey: true }',
  `{ name: seen, logicalType: timestamp, ${split} }`,
  '{ name: name, logicalType: string }',
];

const rows = (from: number, to: number): string =>
  `SELECT i AS id, TIMESTAMP '2024-01-01 06:00' + to_days(i::INTEGER) AS seen, 'name ' || lpad(i::VARCHAR, 3, '0') AS name FROM range(${from}, ${to}) r(i)`;

/** Twelve days in three uploads: one file per day, or one per upload. */
const lakeOf = async (split: string): Promise<SilverLake> => {
  const silver = new SilverLake(
    await contractOf(COLUMNS(split)),
    new FolderStore(scratch(), { name: 'silver' }),
  );
  for (const turn of [0, 1, 2]) await silver.upload(`f${turn}`, turn + 1, rows(turn * 4, turn * 4 + 4));
  return silver;
};

interface Asked {
  rows: number;
  /** Data files that were opened. */
  files: number;
  /** Manifests and lists of manifests that were read. */
  manifests: number;
}

const ask = async (silver: SilverLake, condition: string, pruned = true): Promise<Asked> => {
  const calls: StoreCall[] = [];
  const store = recording(silver.store, (call) => calls.push(call));
  const empty = new FolderStore(scratch());
  const sql = `SELECT count(*)::INTEGER AS n FROM silver.t${condition === '' ? '' : ` WHERE ${condition}`}`;
  const lake = { raw: empty, silver: store, gold: empty, quarantine: empty };
  const rows = await testDb(async (db, folder) => {
    await attachLake(db, lake, [silver.contract], [], folder, pruned ? { sql } : {});
    return await db.one<{ n: number }>(sql);
  });
  return {
    rows: rows.n,
    files: calls.filter(({ method, key }) => method === 'localPath' && key.startsWith('t/data/')).length,
    manifests: calls.filter(({ method, key }) => method === 'read' && key.endsWith('.avro')).length,
  };
};

test('a table that is partitioned by day does not open files and manifests of other days', async () => {
  const silver = await lakeOf(by('day'));
  const [list, each] = [1, 1];
  expect(await ask(silver, '')).toEqual({ rows: 12, files: 12, manifests: list + 3 * each });
  expect(await ask(silver, "seen >= '2024-01-05' AND seen < '2024-01-07'")).toEqual({
    rows: 2,
    files: 2,
    manifests: list + each,
  });
  expect(await ask(silver, "seen = '2024-01-04 06:00'")).toEqual({
    rows: 1,
    files: 1,
    manifests: list + each,
  });
  // The bounds of a column are narrower than the file's day.
  expect(await ask(silver, "seen = '2024-01-04 07:00'")).toEqual({
    rows: 0,
    files: 0,
    manifests: list + each,
  });
  expect(await ask(silver, "seen > '2030-01-01'")).toEqual({ rows: 0, files: 0, manifests: list });
});

test('a table without partitions skips files by the bounds of columns', async () => {
  const silver = await lakeOf('description: when');
  expect(await ask(silver, '')).toMatchObject({ rows: 12, files: 3 });
  expect(await ask(silver, 'id BETWEEN 1 AND 3')).toMatchObject({ rows: 3, files: 1 });
  expect(await ask(silver, 'id IN (0, 11)')).toMatchObject({ rows: 2, files: 2 });
  expect(await ask(silver, "name > 'name 006' AND id <> 9")).toMatchObject({ rows: 4, files: 2 });
  expect(await ask(silver, 'id < 0')).toMatchObject({ rows: 0, files: 0 });
});

test('buckets skip files only for equal values', async () => {
  const silver = new SilverLake(
    await contractOf([`{ name: id, logicalType: integer, primaryKey: true, ${by('bucket[4]')} }`]),
  );
  await silver.upload('a', 1, 'SELECT i AS id FROM range(100) r(i)');
  expect(await ask(silver, 'id = 42')).toMatchObject({ rows: 1, files: 1 });
  expect(await ask(silver, 'id >= 42')).toMatchObject({ rows: 58, files: 4 });
});

test('position deletes apply to the files that are opened', async () => {
  const silver = await lakeOf(by('day'));
  await silver.upload('again', 9, "SELECT 5 AS id, TIMESTAMP '2024-01-06 06:00' AS seen, 'newer' AS name");
  expect(await ask(silver, "seen >= '2024-01-06' AND seen < '2024-01-07'")).toMatchObject({
    rows: 1,
    files: 2,
  });
  expect(await ask(silver, "name = 'name 005'")).toMatchObject({ rows: 0, files: 1 });
});

test.each([
  ['a constant that is no value of the column', "seen > 'soon'"],
  ['a column that does not exist', 'nothing = 1'],
])('%s makes the query fail, not the plan', async (_, condition) => {
  const silver = await lakeOf(by('day'));
  await expect(ask(silver, condition)).rejects.toThrow(/^(Conversion|Binder) Error/);
});
