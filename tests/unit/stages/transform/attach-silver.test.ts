import { contractOf, rowsSql, SilverLake } from '../../../helpers/silver-lake.ts';

const ID = '{ name: id, logicalType: integer, logicalTypeOptions: { format: i32 } }';

test('before the first commit the view is empty, and has the contract’s columns', async () => {
  const lake = new SilverLake(await contractOf([ID]));
  expect(await lake.query('SELECT * FROM silver.t')).toEqual([]);
  expect(await lake.query('DESCRIBE silver.t')).toMatchObject([
    { column_name: 'id', column_type: 'INTEGER' },
    { column_name: '_run_id' },
    { column_name: '_source_id' },
    { column_name: '_row', column_type: 'BIGINT' },
    { column_name: '_rescued' },
  ]);
});

test('files of an older contract are read by name, in today’s types and order', async () => {
  const lake = new SilverLake(await contractOf([ID, '{ name: gone, logicalType: string }']));
  await lake.upload('a', 1, rowsSql('id, gone', "(1::INTEGER, 'x')"));
  lake.contract = await contractOf([
    '{ name: note, logicalType: string }',
    '{ name: id, logicalType: integer }',
  ]);
  await lake.upload('b', 2, rowsSql('note, id', "('new', 3000000000)"));
  expect(
    await lake.query('SELECT * EXCLUDE (_run_id, _source_id, _row, _rescued) FROM silver.t ORDER BY id'),
  ).toEqual([
    { note: null, id: 1 },
    { note: 'new', id: 3_000_000_000 },
  ]);
  expect(await lake.query('DESCRIBE SELECT id FROM silver.t')).toMatchObject([{ column_type: 'BIGINT' }]);
});

test('a masked file of an older contract is read by name as well', async () => {
  const key = '{ name: id, logicalType: integer, primaryKey: true }';
  const lake = new SilverLake(await contractOf([key]));
  await lake.upload('a', 1, rowsSql('id', '(1)', '(2)'));
  lake.contract = await contractOf(['{ name: note, logicalType: string }', key]);
  await lake.upload('b', 2, rowsSql('note, id', "('new', 2)"));
  expect(await lake.query('SELECT id, note FROM silver.t ORDER BY id')).toEqual([
    { id: 1, note: null },
    { id: 2, note: 'new' },
  ]);
});
