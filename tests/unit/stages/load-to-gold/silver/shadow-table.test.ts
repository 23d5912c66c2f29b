import type { Contract } from '../../../../../shared/contract/model.ts';
import { ContractChanged } from '../../../../../shared/errors.ts';
import { Table } from '../../../../../shared/lake/table/commit/table.ts';
import {
  beginShadow,
  shadowOf,
  swapIn,
} from '../../../../../shared/stages/load-to-gold/silver/shadow-table.ts';
import {
  type CommittedSource,
  sourcesRoot,
  sourceTree,
} from '../../../../../shared/stages/load-to-gold/silver/sources.ts';
import { contractOf, keysIn, rowsSql, runOf, SilverLake } from '../../../../helpers/silver-lake.ts';

const ID = '{ name: id, logicalType: integer, primaryKey: true }';
const V = '{ name: v, logicalType: string }';
const KEYED = [ID, V];

const rows = (...values: string[]) => rowsSql('id, v', ...values);
const values = async (lake: SilverLake) =>
  (await lake.query('SELECT v FROM silver.t ORDER BY ALL')).map(({ v }) => v);

/** The rebuilt table of a lake, as a lake. */
const begin = async (lake: SilverLake, contract: Contract = lake.contract): Promise<SilverLake> => {
  await beginShadow(lake.store, contract, 'r1');
  return new SilverLake(contract, shadowOf(lake.store, 't', 'r1'));
};
const swap = async (lake: SilverLake, leftOut: ReadonlyMap<string, CommittedSource> = new Map()) =>
  await swapIn(lake.store, lake.contract, 'r1', leftOut);
const entryOf = async (lake: SilverLake, file: string): Promise<CommittedSource> => {
  const root = sourcesRoot(await lake.snapshot());
  const entry = await sourceTree(lake.store, 't').get(root, runOf(file, 0).source_id);
  if (entry === undefined) throw new Error(`silver does not know ${file}`);
  return entry;
};

test('nobody sees the rebuilt rows before the swap, and everybody after it', async () => {
  const lake = new SilverLake(await contractOf(KEYED));
  await lake.upload('a', 1, rows("(1, 'wrong')"));
  await lake.upload('b', 2, rows("(2, 'wrong')"));
  const before = await lake.snapshot();
  const shadow = await begin(lake);
  expect(await values(shadow)).toEqual([]);
  await shadow.upload('a', 1, rows("(1, 'a')"));
  await shadow.upload('b', 2, rows("(2, 'b')", "(1, 'b')"));
  expect(await values(lake)).toEqual(['wrong', 'wrong']);
  expect((await lake.snapshot()).id).toBe(before.id);

  expect(await swap(lake)).toMatchObject({ status: 'swapped' });
  expect(await values(lake)).toEqual(['b', 'b']);
  const after = await lake.snapshot();
  expect(after).toMatchObject({ operation: 'rebuild', touched: 'all' });
  expect(after.history.map(({ operation }) => operation)).toEqual(['rebuild', 'append', 'append']);
  expect(after.properties['total-records']).toBe('3');
});

test('the table goes on as before: late versions change nothing, later ones load', async () => {
  const lake = new SilverLake(await contractOf(KEYED));
  await lake.upload('a', 2, rows("(1, 'a')"));
  await (await begin(lake)).upload('a', 2, rows("(1, 'again')"));
  await swap(lake);
  expect(await lake.upload('a', 1, rows("(1, 'old')"))).toMatchObject({ status: 'superseded' });
  expect(await lake.upload('a', 3, rows("(1, 'new')", "(2, 'new')"))).toMatchObject({ status: 'loaded' });
  expect(await values(lake)).toEqual(['new', 'new']);
});

test('versions that were loaded meanwhile are named, and the live table stays until they are rebuilt', async () => {
  const lake = new SilverLake(await contractOf(KEYED));
  await lake.upload('a', 1, rows("(1, 'a')"));
  const shadow = await begin(lake);
  await shadow.upload('a', 1, rows("(1, 'a')"));
  await lake.upload('b', 2, rows("(2, 'b')"));
  await lake.upload('a', 3, rows("(1, 'new')"));
  const [a, b] = [runOf('a', 0).source_id, runOf('b', 0).source_id];
  const behind = await swap(lake);
  expect(behind).toEqual({ status: 'behind', sources: expect.arrayContaining([a, b]) });
  expect(await values(lake)).toEqual(['b', 'new']);
  await shadow.upload('a', 3, rows("(1, 'new')"));
  await shadow.upload('b', 2, rows("(2, 'b')"));
  expect(await swap(lake)).toMatchObject({ status: 'swapped' });
  expect(await values(lake)).toEqual(['b', 'new']);
});

test('a source that has no rows on purpose keeps its entry, so that its versions stay out', async () => {
  const lake = new SilverLake(await contractOf(KEYED));
  await lake.upload('a', 1, rows("(1, 'a')"));
  await lake.upload('refused', 2, rows("(2, 'refused')"));
  await (await begin(lake)).upload('a', 1, rows("(1, 'a')"));
  const id = runOf('refused', 0).source_id;
  const entry = { ...(await entryOf(lake, 'refused')), content: '', partitions: [] };
  expect(await swap(lake, new Map([[id, entry]]))).toMatchObject({ status: 'swapped' });
  expect(await values(lake)).toEqual(['a']);
  expect(await entryOf(lake, 'refused')).toEqual(entry);
});

test('a swap that is repeated, and one that follows a kill, find their own commit', async () => {
  const lake = new SilverLake(await contractOf(KEYED));
  await lake.upload('a', 1, rows("(1, 'a')"));
  await (await begin(lake)).upload('a', 1, rows("(1, 'rebuilt')"));
  await begin(lake);
  const first = await swap(lake);
  await lake.upload('c', 5, rows("(3, 'c')"));
  expect(await swap(lake)).toMatchObject({ status: 'swapped' });
  expect(first).toMatchObject({ status: 'swapped' });
  expect(await values(lake)).toEqual(['c', 'rebuilt']);
});

test('the key, the partitions and the types of columns may change', async () => {
  const lake = new SilverLake(await contractOf(KEYED));
  await lake.upload('a', 1, rows("(1, 'x')", "(2, 'x')"));
  const changed = await contractOf([
    '{ name: id, logicalType: string }',
    '{ name: v, logicalType: string, primaryKey: true, partitioned: true }',
  ]);
  const shadow = await begin(lake, changed);
  await shadow.upload('a', 1, rows("('one', 'x')"));
  lake.contract = changed;
  await swap(lake);
  expect(await lake.query('SELECT * EXCLUDE (_run_id, _source_id, _row, _rescued) FROM silver.t')).toEqual([
    { id: 'one', v: 'x' },
  ]);
  await lake.upload('b', 2, rows("('two', 'x')", "('three', 'y')"));
  expect(await lake.query('SELECT id FROM silver.t ORDER BY v')).toEqual([{ id: 'two' }, { id: 'three' }]);
});

test('a table whose columns changed meanwhile is not swapped', async () => {
  const lake = new SilverLake(await contractOf(KEYED));
  await lake.upload('a', 1, rows("(1, 'a')"));
  await (await begin(lake)).upload('a', 1, rows("(1, 'a')"));
  const wider = await contractOf([...KEYED, '{ name: w, logicalType: string }']);
  const other = new SilverLake(wider, lake.store);
  await other.upload('b', 2, rowsSql('id, v, w', "(2, 'b', 'w')"));
  await expect(swap(lake)).rejects.toThrow(ContractChanged);
  expect((await new Table(lake.store, 't').current())?.operation).toBe('append');
});

test('a table that was lost is made again', async () => {
  const lake = new SilverLake(await contractOf(KEYED));
  const shadow = await begin(lake);
  await shadow.upload('a', 1, rows("(1, 'a')"));
  await swap(lake);
  expect(await values(lake)).toEqual(['a']);
  expect(await keysIn(lake.store, 't/metadata/v')).toEqual([
    't/metadata/v1.metadata.json',
    't/metadata/version-hint.text',
  ]);
});
