import { SchemaIncompatible } from '../../../../../shared/errors.ts';
import { metered } from '../../../../../shared/lake/storage/metered-store.ts';
import { contractOf, keysIn, latestBy, rowsSql, runOf, SilverLake } from '../../../../helpers/silver-lake.ts';
import { keepLocksStill } from '../../../../helpers/still-locks.ts';

keepLocksStill();

const ID = '{ name: id, logicalType: integer, primaryKey: true }';
const V = '{ name: v, logicalType: string }';

const lakeOf = async (properties = [ID, V], custom: string[] = []) =>
  new SilverLake(await contractOf(properties, custom));

const rows = (...values: string[]) => rowsSql('id, v', ...values);
const NONE = `${rows("(0::BIGINT, 'x')")} WHERE false`;
const all = (lake: SilverLake) => lake.query('SELECT id, v FROM silver.t ORDER BY ALL');

/** How many rows of each file are deleted by position, by the file’s source. */
const hidden = async (lake: SilverLake, ...files: string[]): Promise<(number | undefined)[]> =>
  await Promise.all(files.map(async (file) => (await lake.filesOf(file))[0]?.deletes?.rows));

test('the later upload wins, and the loser is deleted by position, not removed', async () => {
  const lake = await lakeOf();
  await lake.upload('a', 1, rows("(1, 'a1')", "(2, 'a2')"));
  await lake.upload('b', 2, rows("(2, 'b2')", "(3, 'b3')"));
  expect(await all(lake)).toEqual([
    { id: 1, v: 'a1' },
    { id: 2, v: 'b2' },
    { id: 3, v: 'b3' },
  ]);
  expect(await hidden(lake, 'a', 'b')).toEqual([1, undefined]);
  expect((await (await lake.snapshot()).files()).map((file) => file.rows)).toEqual([2, 2]);
});

test('position deletes go away when the winner is replaced without the key, and the other row is back', async () => {
  const lake = await lakeOf();
  await lake.upload('a', 1, rows("(1, 'a1')", "(2, 'a2')"));
  await lake.upload('b', 2, rows("(2, 'b2')"));
  await lake.upload('b', 3, rows("(3, 'b3')"));
  expect(await hidden(lake, 'a', 'b')).toEqual([undefined, undefined]);
  expect(await all(lake)).toEqual([
    { id: 1, v: 'a1' },
    { id: 2, v: 'a2' },
    { id: 3, v: 'b3' },
  ]);
});

test('position deletes go away when the winner is replaced by nothing at all', async () => {
  const lake = await lakeOf([ID, V], [latestBy('v desc')]);
  await lake.upload('a', 1, rows("(1, 'a1')"));
  await lake.upload('b', 2, rows("(1, 'b1')"));
  await lake.upload('b', 3, NONE);
  expect(await all(lake)).toEqual([{ id: 1, v: 'a1' }]);
  expect(await (await lake.snapshot()).files()).toHaveLength(1);
});

test('keys are compared with those of files that were split into another number of buckets', async () => {
  const split = (n: number) =>
    `${ID.slice(0, -2)}, partitioned: true, customProperties: [{ property: partitionTransform, value: 'bucket[${n}]' }] }`;
  const lake = await lakeOf([split(8), V]);
  const upload = (turn: number) => `SELECT i AS id, 'v${turn}' AS v FROM range(40) AS t(i)`;
  await lake.upload('a', 1, upload(1));
  lake.contract = await contractOf([split(16), V]);
  await lake.upload('b', 2, upload(2));
  expect(await lake.query('SELECT v, count(*) AS n FROM silver.t GROUP BY v')).toEqual([{ v: 'v2', n: 40 }]);
});

test('a key that the contract changes is compared with files that were written for another', async () => {
  const columns = (key: string) =>
    ['id', 'other'].map(
      (name) => `{ name: ${name}, logicalType: integer${name === key ? ', primaryKey: true' : ''} }`,
    );
  const lake = await lakeOf(columns('id'));
  await lake.upload('a', 1, rowsSql('id, other', '(1, 500)'));
  lake.contract = await contractOf(columns('other'));
  await lake.upload('b', 2, rowsSql('id, other', '(2, 500)'));
  expect(await lake.query('SELECT id, other FROM silver.t')).toEqual([{ id: 2, other: 500 }]);
});

test('position deletes move with the key', async () => {
  const lake = await lakeOf();
  await lake.upload('a', 1, rows("(1, 'a1')", "(2, 'a2')"));
  await lake.upload('b', 2, rows("(1, 'b1')"));
  await lake.upload('b', 3, rows("(2, 'b2')"));
  expect(await hidden(lake, 'a', 'b')).toEqual([1, undefined]);
  expect(await all(lake)).toEqual([
    { id: 1, v: 'a1' },
    { id: 2, v: 'b2' },
  ]);
});

test('an added row loses where the contract’s order says so, whenever it was uploaded', async () => {
  const lake = await lakeOf([ID, V], [latestBy('v desc')]);
  await lake.upload('a', 1, rows("(1, 'z')", "(2, 'a')"));
  await lake.upload('b', 2, rows("(1, 'y')", "(2, 'b')"));
  expect(await all(lake)).toEqual([
    { id: 1, v: 'z' },
    { id: 2, v: 'b' },
  ]);
  expect(await hidden(lake, 'a', 'b')).toEqual([1, 1]);
});

test.each(['asc', 'desc'])('a row without a value to order by (%s) is the oldest', async (direction) => {
  const lake = await lakeOf([ID, V], [latestBy(`v ${direction}`)]);
  await lake.upload('a', 1, rows("(1, 'a')", '(2, NULL)'));
  await lake.upload('b', 2, rows('(1, NULL)', "(2, 'b')"));
  expect(await all(lake)).toEqual([
    { id: 1, v: 'a' },
    { id: 2, v: 'b' },
  ]);
});

test('one key in three files shows once, the latest; each that goes uncovers the next', async () => {
  const lake = await lakeOf();
  const show = async () => (await all(lake)).map(({ v }) => v);
  await lake.upload('a', 1, rows("(1, 'a')"));
  await lake.upload('b', 2, rows("(1, 'b')"));
  await lake.upload('c', 3, rows("(1, 'c')"));
  expect(await show()).toEqual(['c']);
  await lake.upload('c', 4, NONE);
  expect(await show()).toEqual(['b']);
  await lake.upload('b', 5, NONE);
  expect(await show()).toEqual(['a']);
});

test('the order of commits does not decide, the order of uploads does', async () => {
  const lake = await lakeOf();
  await lake.upload('b', 2, rows("(1, 'b')"));
  await lake.upload('a', 1, rows("(1, 'a')"));
  expect(await all(lake)).toEqual([{ id: 1, v: 'b' }]);
  expect(await hidden(lake, 'a', 'b')).toEqual([1, undefined]);
});

test('later position deletes keep the earlier ones', async () => {
  const lake = await lakeOf();
  await lake.upload('a', 1, rows("(1, 'a1')", "(2, 'a2')", "(3, 'a3')"));
  await lake.upload('b', 2, rows("(1, 'b1')"));
  await lake.upload('c', 3, rows("(3, 'c3')"));
  expect(await hidden(lake, 'a')).toEqual([2]);
  expect(await all(lake)).toEqual([
    { id: 1, v: 'b1' },
    { id: 2, v: 'a2' },
    { id: 3, v: 'c3' },
  ]);
});

test('position deletes that do not change are not written again', async () => {
  const lake = await lakeOf();
  await lake.upload('a', 1, rows("(1, 'a1')", "(2, 'a2')"));
  await lake.upload('b', 2, rows("(2, 'b2')"));
  const [before] = await lake.filesOf('a');
  await lake.upload('b', 3, rows("(2, 'b2 again')"));
  expect(before?.deletes).toMatchObject({ rows: 1 });
  expect((await lake.filesOf('a'))[0]?.deletes).toEqual(before?.deletes);
  expect(await keysIn(lake.store, 't/deletes/')).toHaveLength(1);
});

test('a key moves from partition to partition; both are touched', async () => {
  const year = '{ name: year, logicalType: integer, partitioned: true }';
  const lake = await lakeOf([ID, V, year]);
  const dated = (...values: string[]) => rowsSql('id, v, year', ...values);
  await lake.upload('a', 1, dated("(1, 'a1', 2023)", "(2, 'a2', 2022)"));
  await lake.upload('b', 2, dated("(1, 'b1', 2024)"));
  expect((await lake.snapshot()).touched).toEqual([{ year: '2024' }, { year: '2023' }]);
  expect(await lake.query('SELECT id, year FROM silver.t ORDER BY ALL')).toEqual([
    { id: 1, year: 2024 },
    { id: 2, year: 2022 },
  ]);
  await lake.upload('b', 3, dated("(3, 'b3', 2025)"));
  const { touched } = await lake.snapshot();
  expect((touched as unknown[]).length).toBe(3);
  expect(touched).toEqual(expect.arrayContaining([{ year: '2023' }, { year: '2024' }, { year: '2025' }]));
  expect(await lake.query('SELECT id, year FROM silver.t ORDER BY ALL')).toEqual([
    { id: 1, year: 2023 },
    { id: 2, year: 2022 },
    { id: 3, year: 2025 },
  ]);
});

test('a composite key is equal when all of its columns are', async () => {
  const lake = await lakeOf([
    '{ name: shop, logicalType: string, primaryKey: true }',
    '{ name: id, logicalType: integer, primaryKey: true }',
    V,
  ]);
  const keyed = (...values: string[]) => rowsSql('shop, id, v', ...values);
  await lake.upload('a', 1, keyed("('x', 1, 'a')", "('y', 1, 'a')", "('x', 2, 'a')"));
  await lake.upload('b', 2, keyed("('x', 1, 'b')", "('y', 2, 'b')"));
  expect(await lake.query('SELECT shop, id, v FROM silver.t ORDER BY ALL')).toEqual([
    { shop: 'x', id: 1, v: 'b' },
    { shop: 'x', id: 2, v: 'a' },
    { shop: 'y', id: 1, v: 'a' },
    { shop: 'y', id: 2, v: 'b' },
  ]);
});

test('columns may be called as the merge calls its own, or as SQL does', async () => {
  const lake = await lakeOf(
    [
      '{ name: file, logicalType: string, primaryKey: true }',
      '{ name: latest, logicalType: integer, primaryKey: true }',
      '{ name: pos, logicalType: integer }',
      '{ name: select, logicalType: integer }',
    ],
    [latestBy('pos desc')],
  );
  const named = (...values: string[]) => rowsSql('file, latest, "select", pos', ...values);
  await lake.upload('a', 1, named("('k', 1, 0, 2)", "('l', 1, 0, 2)"));
  await lake.upload('b', 2, named("('k', 1, 0, 1)", "('l', 1, 0, 3)"));
  expect(await lake.query('SELECT file, pos FROM silver.t ORDER BY ALL')).toEqual([
    { file: 'k', pos: 2 },
    { file: 'l', pos: 3 },
  ]);
});

test('keys past 2^53 are told apart', async () => {
  const lake = await lakeOf();
  await lake.upload('a', 1, rows("(9007199254740992, 'a')", "(9007199254740994, 'a')"));
  await lake.upload('b', 2, rows("(9007199254740993, 'b')"));
  expect(await all(lake)).toHaveLength(3);
});

test('without a primary key nothing is compared: every row of every file shows', async () => {
  const lake = await lakeOf(['{ name: id, logicalType: integer }', V]);
  await lake.upload('a', 1, rows("(1, 'x')"));
  await lake.upload('b', 2, rows("(1, 'x')"));
  expect(await all(lake)).toHaveLength(2);
});

describe('contracts change while files stay', () => {
  test('keys are compared in today’s types', async () => {
    const narrow =
      '{ name: id, logicalType: integer, logicalTypeOptions: { format: i32 }, primaryKey: true }';
    const lake = await lakeOf([narrow, V]);
    await lake.upload('a', 1, rows("(1::INTEGER, 'a')", "(2::INTEGER, 'a')"));
    lake.contract = await contractOf([ID, V]);
    await lake.upload('b', 2, rows("(1, 'b')", "(3000000000, 'b')"));
    expect(await all(lake)).toEqual([
      { id: 1, v: 'b' },
      { id: 2, v: 'a' },
      { id: 3_000_000_000, v: 'b' },
    ]);
  });

  test('texts cannot become numbers, and nothing is committed: a cast may fail, and readers would differ', async () => {
    const lake = await lakeOf(['{ name: id, logicalType: string, primaryKey: true }', V]);
    await lake.upload('a', 1, rows("('01', 'a')", "('2', 'a')"));
    const before = lake.contract;
    lake.contract = await contractOf([ID, V]);
    await expect(lake.upload('b', 2, rows("(1, 'b')"))).rejects.toThrow(SchemaIncompatible);
    expect((await lake.snapshot()).version).toBe(1);
    lake.contract = before;
    expect(await all(lake)).toHaveLength(2);
  });

  test('a column to order by that no file has yet decides nothing', async () => {
    const lake = await lakeOf();
    await lake.upload('a', 1, rows("(1, 'a')"));
    await lake.upload('b', 2, rows("(1, 'b')"));
    lake.contract = await contractOf(
      [ID, V, '{ name: updated, logicalType: timestamp }'],
      [latestBy('updated desc')],
    );
    await lake.upload('b', 3, `SELECT *, NULL::TIMESTAMP AS updated FROM (${NONE})`);
    expect(await all(lake)).toEqual([{ id: 1, v: 'a' }]);
  });
});

describe('what a commit asks of the store', () => {
  /** Requests and bytes of one more file's commit to a table of `count` files. */
  const costOf = async (count: number, id: (file: number) => string) => {
    const lake = await lakeOf();
    const rowsOf = (file: number) => `SELECT ${id(file)} AS id, 'v${file}' AS v FROM range(100) AS r(r)`;
    for (let file = 0; file < count; file += 1) await lake.upload(`f${file}`, file, rowsOf(file));
    const run = runOf('one more', count);
    const staged = await lake.stage(run, rowsOf(count));
    const counted = metered(lake.store);
    await new SilverLake(lake.contract, counted).load(run, staged);
    return counted.usage;
  };
  // Reading: the hint, a look for the next version, the metadata, what is committed of the source, the list of
  // manifests. Writing: the lock, a node of the sources' tree, a manifest, their list, the metadata, the hint. And a
  // look for who waits, and the lock away.
  const COMMIT = { get: 4, head: 1, put: 6, list: 1, delete: 1 };

  // One manifest for each commit; the ninth merges those before.
  test.each([
    [3, 3],
    [9, 1],
  ])('of %d files whose keys cannot be its own: their manifests', async (count, manifests) => {
    const { requests } = await costOf(count, (file) => `${file} * 1000 + r`);
    expect(requests).toEqual({ ...COMMIT, get: COMMIT.get + manifests });
  });

  test.each([
    [3, 3],
    [9, 1],
  ])('of %d files whose keys may be its own: each of them, and its own', async (count, manifests) => {
    const { requests } = await costOf(count, (file) => `r * 1000 + ${file}`);
    expect(requests).toEqual({ ...COMMIT, get: COMMIT.get + manifests + count + 1 });
  });

  test('without a primary key: no manifest either', async () => {
    const lake = await lakeOf(['{ name: id, logicalType: integer }', V]);
    for (let file = 0; file < 4; file += 1) await lake.upload(`f${file}`, file, rows("(1, 'x')"));
    const run = runOf('one more', 4);
    const staged = await lake.stage(run, rows("(1, 'x')"));
    const counted = metered(lake.store);
    await new SilverLake(lake.contract, counted).load(run, staged);
    expect(counted.usage.requests).toEqual(COMMIT);
  });
});
