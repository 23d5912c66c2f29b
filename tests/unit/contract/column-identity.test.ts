import { loadContract } from '../../../shared/contract/load.ts';
import { contractYaml, sqlDirWith } from '../../helpers/contracts.ts';

const load = (...properties: string[]): ReturnType<typeof loadContract> =>
  loadContract(
    sqlDirWith({ 'orders/contract.yaml': contractYaml(`properties: [${properties.join(', ')}]`) }),
    'orders',
  );

test('a column is identified by its id, else by its name; case is ignored', async () => {
  const { columns } = await load(
    '{ name: Shop, logicalType: string }',
    '{ name: net, id: Total, logicalType: number }',
    '{ name: total, id: total-2, logicalType: number }',
  );
  expect(columns.map(({ name, identity }) => ({ name, identity }))).toEqual([
    { name: 'Shop', identity: 'shop' },
    { name: 'net', identity: 'total' },
    { name: 'total', identity: 'total-2' },
  ]);
});

test('two columns may swap their names', async () => {
  const { columns } = await load(
    '{ name: a, id: b, logicalType: date }',
    '{ name: b, id: a, logicalType: date }',
  );
  expect(columns.map(({ identity }) => identity)).toEqual(['b', 'a']);
});

test.each([
  [
    '{ name: a, id: x, logicalType: date }, { name: b, id: X, logicalType: date }',
    /:8 schema\[0\]\.properties\[1\]\.id: duplicate id "x": it identifies column a; use an id that no column ever had$/m,
  ],
  [
    '{ name: net, id: total, logicalType: date }, { name: total, logicalType: date }',
    /properties\[1\]\.id: duplicate id "total": it identifies column net; use an id that no column ever had$/m,
  ],
  [
    '{ name: total, logicalType: date }, { name: net, id: total, logicalType: date }',
    /properties\[0\]\.id: duplicate id "total": it identifies column net; use an id that no column ever had$/m,
  ],
  ['{ name: a, id: _run_id, logicalType: date }', /\.id: "_run_id" begins with "_", which is reserved/],
  ['{ name: a, id: "the total", logicalType: date }', /\.id: expected letters, digits, _ and -, found/],
  ['{ name: a, id: "", logicalType: date }', /\.id: expected letters, digits, _ and -, found ""/],
  ['{ name: a, id: 7, logicalType: date }', /\.id: expected a string, found 7/],
])('%s', async (properties, expected) => {
  await expect(load(properties)).rejects.toThrow(expected);
  await expect(load(properties)).rejects.toThrow(/^1 problem to fix/);
});

test('columns of the same name are reported once', async () => {
  await expect(
    load('{ name: a, logicalType: date }', '{ name: A, id: a, physicalName: b, logicalType: date }'),
  ).rejects.toThrow(/^1 problem .*\n.*properties\[1\]\.name: duplicate name "A"/);
});
