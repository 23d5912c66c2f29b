import { UsageError } from '../../../../../shared/errors.ts';
import { Table } from '../../../../../shared/lake/table/commit/table.ts';
import { compactTable } from '../../../../../shared/lake/table/upkeep/compact.ts';
import { THOROUGH } from '../../../../../shared/lake/table/upkeep/compaction.ts';
import { rollbackSilver } from '../../../../../shared/stages/load-to-gold/silver/rollback.ts';
import { ROW_IDENTITY } from '../../../../../shared/stages/transform/silver-table.ts';
import { contractOf, rowsSql, runOf, SilverLake, testDb } from '../../../../helpers/silver-lake.ts';

const KEYED = ['{ name: id, logicalType: integer, primaryKey: true }', '{ name: v, logicalType: string }'];
const PARTITIONED = [
  '{ name: id, logicalType: integer, primaryKey: true }',
  '{ name: v, logicalType: string, partitioned: true }',
];
const AT = '2024-01-02T00:00:00.000Z';

const rows = (...values: string[]) => rowsSql('id, v', ...values);
const values = async (lake: SilverLake) =>
  (await lake.query('SELECT v FROM silver.t ORDER BY ALL')).map(({ v }) => v);
const rollback = async (lake: SilverLake, to: number, at = AT) =>
  await rollbackSilver(lake.store, 't', { to, at });
const sourceOf = (file: string): string => runOf(file, 0).source_id;

test('the rows of later files leave, and rows that they superseded show again', async () => {
  const lake = new SilverLake(await contractOf(KEYED));
  await lake.upload('a', 1, rows("(1, 'a1')", "(2, 'a2')"));
  const { id } = await lake.snapshot();
  await lake.upload('b', 2, rows("(2, 'b2')", "(3, 'b3')"));
  await lake.upload('a', 3, rows("(1, 'corrected')"));
  expect(await values(lake)).toEqual(['b2', 'b3', 'corrected']);

  const { version, sources } = await rollback(lake, id);
  expect(version).toBe(4);
  expect(sources).toEqual({ gone: [sourceOf('b')], earlier: [sourceOf('a')] });
  expect(await values(lake)).toEqual(['a1', 'a2']);
  expect(await lake.snapshot()).toMatchObject({
    operation: 'rollback',
    properties: { 'total-records': '2', 'total-data-files': '1', 'total-position-deletes': '0' },
  });
});

test('a repetition changes nothing, even after later commits', async () => {
  const lake = new SilverLake(await contractOf(KEYED));
  await lake.upload('a', 1, rows("(1, 'a1')"));
  const { id } = await lake.snapshot();
  await lake.upload('b', 2, rows("(2, 'b2')"));
  const first = await rollback(lake, id);
  await lake.upload('c', 9, rows("(3, 'c3')"));
  expect(await rollback(lake, id)).toMatchObject({ version: 4, sources: first.sources });
  expect(await values(lake)).toEqual(['a1', 'c3']);
});

test('a rollback can be rolled back', async () => {
  const lake = new SilverLake(await contractOf(KEYED));
  await lake.upload('a', 1, rows("(1, 'a1')"));
  const first = await lake.snapshot();
  await lake.upload('a', 2, rows("(1, 'new')"));
  const second = await lake.snapshot();
  await rollback(lake, first.id);
  await rollback(lake, second.id, '2024-01-03T00:00:00.000Z');
  expect(await values(lake)).toEqual(['new']);
});

test('files that were merged since come back as they were, and only changed partitions are touched', async () => {
  const lake = new SilverLake(await contractOf(PARTITIONED));
  await lake.upload('a', 1, rows("(1, 'x')", "(2, 'y')"));
  await lake.upload('b', 2, rows("(3, 'x')"));
  const { id } = await lake.snapshot();
  await lake.upload('c', 3, rows("(4, 'z')"));
  await testDb((db, scratch) =>
    compactTable({ db, store: lake.store, scratch }, new Table(lake.store, 't'), {
      runId: 'merge',
      identity: ROW_IDENTITY,
      policy: { ...THOROUGH, minFiles: 2 },
    }),
  );
  await rollback(lake, id);
  expect(await values(lake)).toEqual(['x', 'x', 'y']);
  const { touched, properties } = await lake.snapshot();
  expect(touched).toEqual(expect.arrayContaining([{ v: 'x' }, { v: 'z' }]));
  expect(touched).toHaveLength(2);
  expect(properties).toMatchObject({ 'total-data-files': '3', 'total-records': '3' });
});

test('columns stay those of the newest contract', async () => {
  const lake = new SilverLake(await contractOf(KEYED));
  await lake.upload('a', 1, rows("(1, 'a1')"));
  const { id } = await lake.snapshot();
  lake.contract = await contractOf([...KEYED, '{ name: w, logicalType: string }']);
  await lake.upload('b', 2, rowsSql('id, v, w', "(2, 'b2', 'w')"));
  await rollback(lake, id);
  expect(await lake.query('SELECT id, v, w FROM silver.t')).toEqual([{ id: 1, v: 'a1', w: null }]);
  await lake.upload('c', 3, rowsSql('id, v, w', "(3, 'c3', 'w3')"));
  expect(await lake.query('SELECT w FROM silver.t ORDER BY id')).toEqual([{ w: null }, { w: 'w3' }]);
});

test('a snapshot that the table does not have is refused', async () => {
  const lake = new SilverLake(await contractOf(KEYED));
  await expect(rollback(lake, 7)).rejects.toThrow('silver.t has no commit yet');
  await lake.upload('a', 1, rows("(1, 'a1')"));
  await expect(rollback(lake, 7)).rejects.toThrow(UsageError);
});
