import type { Contract } from '../../../../../shared/contract/model.ts';
import { ContractInvalid, SchemaIncompatible } from '../../../../../shared/errors.ts';
import { nextSchema } from '../../../../../shared/lake/table/commit/table-schema.ts';
import { contractOf, rowsSql, SilverLake } from '../../../../helpers/silver-lake.ts';

const ID = '{ name: id, logicalType: integer, primaryKey: true }';
const I32 = 'logicalType: integer, logicalTypeOptions: { format: i32 }';

const lakeOf = async (...properties: string[]) => new SilverLake(await contractOf(properties));

/** All rows, without the lineage columns. */
const all = (lake: SilverLake) =>
  lake.query('SELECT * EXCLUDE (_run_id, _source_id, _row, _rescued) FROM silver.t ORDER BY id');

/** Field ids by the names of the newest schema. */
const ids = async (lake: SilverLake): Promise<Record<string, number>> =>
  Object.fromEntries(
    (await lake.snapshot()).schema.fields
      .filter(({ name }) => !name.startsWith('_'))
      .map(({ id, name }) => [name, id]),
  );

/** Replaces the lake's contract by one of these properties. */
const change = async (lake: SilverLake, ...properties: string[]): Promise<Contract> => {
  lake.contract = await contractOf(properties);
  return lake.contract;
};

test('a column of a type that Iceberg lacks is a mistake of the contract', () => {
  const wanted = [{ identity: 'h', name: 'h', type: 'HUGEINT', required: false }];
  const next = () => nextSchema(undefined, wanted, { where: 'gold table "t"', identifier: [] });
  expect(next).toThrow(ContractInvalid);
  expect(next).toThrow('gold table "t": Iceberg tables have no type for column "h" (HUGEINT).');
});

describe('a contract changes over the data', () => {
  test('a column is added: older rows have NULL there', async () => {
    const lake = await lakeOf(ID);
    await lake.upload('a', 1, rowsSql('id', '(1)'));
    await change(lake, '{ name: note, logicalType: string, required: true }', ID);
    await lake.upload('b', 2, rowsSql('note, id', "('new', 2)"));
    expect(await all(lake)).toEqual([
      { note: null, id: 1 },
      { note: 'new', id: 2 },
    ]);
    // Older rows lack the column, so it is optional.
    expect((await lake.snapshot()).schema.fields[0]).toMatchObject({ name: 'note', id: 6, required: false });
  });

  test('a column is renamed by its id: no value is lost', async () => {
    const lake = await lakeOf(ID, '{ name: mail, id: contact, logicalType: string }');
    await lake.upload('a', 1, rowsSql('id, mail', "(1, 'a@x')"));
    const before = await ids(lake);
    await change(lake, ID, '{ name: email, id: contact, logicalType: string }');
    expect(await all(lake)).toEqual([{ id: 1, email: 'a@x' }]);
    await lake.upload('b', 2, rowsSql('id, email', "(2, 'b@x')"));
    expect(await all(lake)).toEqual([
      { id: 1, email: 'a@x' },
      { id: 2, email: 'b@x' },
    ]);
    expect(await ids(lake)).toEqual({ id: before.id, email: before.mail });
  });

  test('a primary key is renamed: files from before and after are compared by it', async () => {
    const lake = await lakeOf(
      '{ name: nr, id: key, logicalType: integer, primaryKey: true }',
      '{ name: v, logicalType: string }',
    );
    await lake.upload('a', 1, rowsSql('nr, v', "(1, 'a1')", "(2, 'a2')"));
    await change(
      lake,
      '{ name: id, id: key, logicalType: integer, primaryKey: true }',
      '{ name: v, logicalType: string }',
    );
    await lake.upload('b', 2, rowsSql('id, v', "(2, 'b2')", "(3, 'b3')"));
    expect((await all(lake)).map(({ v }) => v)).toEqual(['a1', 'b2', 'b3']);
    await lake.upload('b', 3, rowsSql('id, v', "(3, 'b3')"));
    expect((await all(lake)).map(({ v }) => v)).toEqual(['a1', 'a2', 'b3']);
  });

  test('two columns change names: each keeps its values', async () => {
    const lake = await lakeOf(
      ID,
      '{ name: x, id: one, logicalType: string }',
      '{ name: y, id: two, logicalType: string }',
    );
    await lake.upload('a', 1, rowsSql('id, x, y', "(1, 'x', 'y')"));
    await change(
      lake,
      ID,
      '{ name: y, id: one, logicalType: string }',
      '{ name: x, id: two, logicalType: string }',
    );
    await lake.upload('b', 2, rowsSql('id, x, y', "(2, 'x2', 'y2')"));
    expect(await all(lake)).toEqual([
      { id: 1, y: 'x', x: 'y' },
      { id: 2, y: 'y2', x: 'x2' },
    ]);
  });

  test('columns are widened and moved', async () => {
    const lake = await lakeOf(
      `{ name: id, ${I32}, primaryKey: true }`,
      '{ name: f, logicalType: number, logicalTypeOptions: { format: f32 } }',
      '{ name: d, logicalType: number, physicalType: "DECIMAL(6,2)" }',
    );
    await lake.upload('a', 1, rowsSql('id, f, d', '(1::INTEGER, 1.5::FLOAT, 1.25::DECIMAL(6,2))'));
    const before = await ids(lake);
    await change(
      lake,
      '{ name: d, logicalType: number, physicalType: "DECIMAL(20,2)" }',
      '{ name: f, logicalType: number }',
      ID,
    );
    await lake.upload('b', 2, rowsSql('d, f, id', '(123456789012345678.25, 1e300::DOUBLE, 3000000000)'));
    expect(await all(lake)).toEqual([
      { d: '1.25', f: 1.5, id: 1 },
      { d: '123456789012345678.25', f: 1e300, id: 3_000_000_000 },
    ]);
    const { schema } = await lake.snapshot();
    expect(schema.fields.slice(0, 3).map(({ type }) => type)).toEqual(['decimal(20, 2)', 'double', 'long']);
    expect(await ids(lake)).toEqual(before);
  });

  test('a required column becomes optional, and stays so', async () => {
    const [required, optional] = [
      '{ name: v, logicalType: string, required: true }',
      '{ name: v, logicalType: string }',
    ];
    const lake = await lakeOf(ID, required);
    await lake.upload('a', 1, rowsSql('id, v', "(1, 'a')"));
    const isRequired = async () => (await lake.snapshot()).schema.fields[1]?.required;
    expect(await isRequired()).toBe(true);
    await change(lake, ID, optional);
    await lake.upload('b', 2, rowsSql('id, v', '(2, NULL::VARCHAR)'));
    expect(await isRequired()).toBe(false);
    await change(lake, ID, required);
    await lake.upload('c', 3, rowsSql('id, v', "(3, 'c')"));
    expect(await isRequired()).toBe(false);
  });

  test('a dropped column is gone, and back with its values when a contract has it again', async () => {
    const [v, w] = ['{ name: v, logicalType: string }', '{ name: w, logicalType: string }'];
    const lake = await lakeOf(ID, v);
    await lake.upload('a', 1, rowsSql('id, v', "(1, 'a')"));
    const before = await ids(lake);
    await change(lake, ID, w);
    await lake.upload('b', 2, rowsSql('id, w', "(2, 'b')"));
    expect(await all(lake)).toEqual([
      { id: 1, w: null },
      { id: 2, w: 'b' },
    ]);
    expect((await lake.snapshot()).columnIds.retired).toMatchObject({ v: { id: before.v, type: 'string' } });
    await change(lake, ID, v);
    await lake.upload('c', 3, rowsSql('id, v', "(3, 'c')"));
    expect(await all(lake)).toEqual([
      { id: 1, v: 'a' },
      { id: 2, v: null },
      { id: 3, v: 'c' },
    ]);
    expect(await ids(lake)).toEqual(before);
    expect((await lake.snapshot()).metadata['last-column-id']).toBe(7);
  });

  test('a required column that was dropped comes back as optional: files in between lack it', async () => {
    const v = '{ name: v, logicalType: string, required: true }';
    const lake = await lakeOf(ID, v);
    await lake.upload('a', 1, rowsSql('id, v', "(1, 'a')"));
    await change(lake, ID);
    await lake.upload('b', 2, rowsSql('id', '(2)'));
    await change(lake, ID, v);
    await lake.upload('c', 3, rowsSql('id, v', "(3, 'c')"));
    expect(await all(lake)).toEqual([
      { id: 1, v: 'a' },
      { id: 2, v: null },
      { id: 3, v: 'c' },
    ]);
    expect((await lake.snapshot()).schema.fields.find(({ name }) => name === 'v')?.required).toBe(false);
  });

  test('a dropped column that comes back as something else is a new one', async () => {
    const lake = await lakeOf(ID, '{ name: v, logicalType: string }');
    await lake.upload('a', 1, rowsSql('id, v', "(1, 'a')"));
    await change(lake, ID);
    await lake.upload('b', 2, rowsSql('id', '(2)'));
    await change(lake, ID, '{ name: v, logicalType: integer }');
    await lake.upload('c', 3, rowsSql('id, v', '(3, 33)'));
    expect(await all(lake)).toEqual([
      { id: 1, v: null },
      { id: 2, v: null },
      { id: 3, v: 33 },
    ]);
    expect(await ids(lake)).toEqual({ id: 1, v: 7 });
  });

  test('an earlier snapshot has the columns of its time', async () => {
    const lake = await lakeOf(ID, '{ name: v, id: text, logicalType: string }');
    await lake.upload('a', 1, rowsSql('id, v', "(1, 'a')"));
    await change(lake, '{ name: words, id: text, logicalType: string }', ID);
    await lake.upload('b', 2, rowsSql('words, id', "('b', 2)"));
    const { history } = await lake.snapshot();
    expect(history.map(({ schema }) => schema.fields.slice(0, 2).map(({ name }) => name))).toEqual([
      ['words', 'id'],
      ['id', 'v'],
    ]);
  });
});

describe.each([
  ['narrowed', ID, `{ name: id, ${I32}, primaryKey: true }`, '1::INTEGER'],
  ['made text', ID, '{ name: id, logicalType: string, primaryKey: true }', "'1'"],
  [
    'made a date',
    '{ name: id, logicalType: timestamp, primaryKey: true }',
    '{ name: id, logicalType: date, primaryKey: true }',
    "DATE '2024-01-01'",
  ],
  [
    'given another scale',
    '{ name: id, logicalType: number, physicalType: "DECIMAL(6,2)", primaryKey: true }',
    '{ name: id, logicalType: number, physicalType: "DECIMAL(9,3)", primaryKey: true }',
    '1.5',
  ],
])('a column that is %s', (_, before, after, value) => {
  test('is refused, and nothing is committed', async () => {
    const lake = await lakeOf(before);
    const type = lake.contract.columns[0]?.silverType;
    await lake.upload('a', 1, `SELECT CAST(${type === 'TIMESTAMP' ? "'2024-01-01'" : '1'} AS ${type}) AS id`);
    await change(lake, after);
    const attempt = lake.upload('b', 2, `SELECT ${value} AS id`);
    await expect(attempt).rejects.toThrow(SchemaIncompatible);
    await expect(attempt).rejects.toThrow(
      'silver.t: the table\'s data cannot take the wanted types: column "id" is',
    );
    expect((await lake.snapshot()).version).toBe(1);
  });
});

describe('a column that the table is partitioned by', () => {
  const YEAR = '{ name: year, logicalType: integer, partitioned: true }';
  const rows = (columns: string, ...values: string[]) => rowsSql(columns, ...values);

  const DAY = '{ name: day, logicalType: date, partitioned: true }';
  const MONTH = `${DAY.slice(0, -2)}, customProperties: [{ property: partitionTransform, value: month }] }`;
  const AT = '{ name: at, id: day, logicalType: date, partitioned: true }';

  test.each([
    ['its transform was another', MONTH, DAY, 'day', 'day_month'],
    ['it was renamed', DAY, AT, 'at', 'day'],
  ])('leaves its name to no other, where %s', async (_, before, now, column, name) => {
    const day = (n: number): string => `SELECT ${n} AS id, DATE '2024-01-02' AS `;
    const lake = await lakeOf(ID, before);
    await lake.upload('a', 1, `${day(1)} day`);
    await change(lake, ID, now);
    await lake.upload('b', 2, `${day(2)} ${column}`);
    await change(lake, ID, now, `{ name: ${name}, id: other, logicalType: integer }`);
    const attempt = lake.upload('c', 3, `${day(3)} ${column}, 4 AS ${name}`);
    await expect(attempt).rejects.toThrow(SchemaIncompatible);
    await expect(attempt).rejects.toThrow(`silver.t: a column cannot be called "${name}"`);
    expect((await lake.snapshot()).version).toBe(2);
  });

  test('cannot be dropped: older files are partitioned by it', async () => {
    const lake = await lakeOf(ID, YEAR);
    await lake.upload('a', 1, rows('id, year', '(1, 2024)'));
    await change(lake, ID);
    const attempt = lake.upload('b', 2, rows('id', '(2)'));
    await expect(attempt).rejects.toThrow(SchemaIncompatible);
    await expect(attempt).rejects.toThrow('silver.t: column "year" cannot be dropped');
    expect((await lake.snapshot()).version).toBe(1);
  });

  test('nor when the table is no longer partitioned by it', async () => {
    const lake = await lakeOf(ID, YEAR);
    await lake.upload('a', 1, rows('id, year', '(1, 2024)'));
    await change(lake, ID, '{ name: year, logicalType: integer }');
    await lake.upload('b', 2, rows('id, year', '(2, 2024)'));
    expect((await lake.snapshot()).metadata['partition-specs']).toHaveLength(2);
    expect(await lake.query('SELECT id, year FROM silver.t ORDER BY id')).toEqual([
      { id: 1, year: 2024 },
      { id: 2, year: 2024 },
    ]);
    await change(lake, ID);
    await expect(lake.upload('c', 3, rows('id', '(3)'))).rejects.toThrow(SchemaIncompatible);
  });

  test('may be renamed: rows that were deleted before stay deleted, in their partition', async () => {
    const lake = await lakeOf(ID, '{ name: year, id: y, logicalType: integer, partitioned: true }');
    await lake.upload('a', 1, rows('id, year', '(1, 2023)', '(2, 2024)'));
    await change(lake, ID, '{ name: yr, id: y, logicalType: integer, partitioned: true }');
    await lake.upload('b', 2, rows('id, yr', '(2, 2025)'));
    expect(await lake.query('SELECT id, yr FROM silver.t ORDER BY id')).toEqual([
      { id: 1, yr: 2023 },
      { id: 2, yr: 2025 },
    ]);
    const snapshot = await lake.snapshot();
    expect(
      (await snapshot.files())
        .map(({ partition }) => partition)
        .toSorted((a, b) => Number(a.yr) - Number(b.yr)),
    ).toEqual([{ yr: '2023' }, { yr: '2024' }, { yr: '2025' }]);
    const entries = (
      await Promise.all((await snapshot.manifests()).map((manifest) => manifest.entries()))
    ).flat();
    const deletes = entries.filter(({ file }) => file.content === 'position-deletes');
    expect(deletes.map(({ file }) => file.partition)).toEqual([['2024']]);
    expect(await snapshot.files([{ yr: '2024' }])).toMatchObject([{ deletes: { rows: 1 } }]);
  });
});

test.each(['constructor', 'tostring', 'hasownproperty'])('a column may be called %s', async (name) => {
  const lake = await lakeOf(ID, `{ name: ${name}, logicalType: string }`);
  await lake.upload('a', 1, rowsSql(`id, "${name}"`, "(1, 'a')"));
  await change(lake, ID);
  await lake.upload('b', 2, rowsSql('id', '(2)'));
  await change(lake, ID, `{ name: ${name}, logicalType: string }`);
  expect(await all(lake)).toEqual([
    { id: 1, [name]: null },
    { id: 2, [name]: null },
  ]);
  await lake.upload('c', 3, rowsSql(`id, "${name}"`, "(3, 'c')"));
  expect((await all(lake)).map((row) => row[name])).toEqual(['a', null, 'c']);
});
