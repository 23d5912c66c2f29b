import { loadContract } from '../../../../../shared/contract/load.ts';
import { ModelFailed } from '../../../../../shared/errors.ts';
import type { GoldModel } from '../../../../../shared/stages/load-to-gold/gold/model-header.ts';
import { GoldLake, modelOf } from '../../../../helpers/gold-lake.ts';
import { datasets } from '../../../../helpers/pipeline.ts';
import { contractOf, contractYaml, rowsSql, SilverLake } from '../../../../helpers/silver-lake.ts';
import { keepLocksStill } from '../../../../helpers/still-locks.ts';

keepLocksStill();

const ID = '{ name: id, logicalType: integer, primaryKey: true }';
const YEAR = '{ name: year, logicalType: integer, partitioned: true }';
const V = '{ name: v, logicalType: integer }';

const BY_YEAR = `partitionedBy: [year]
columns:
  - { name: year, logicalType: integer }
  - { name: n, logicalType: integer }`;
const byYear = modelOf(BY_YEAR, 'select year, count(*) as n from silver.t group by year');

const rows = (...values: string[]) => rowsSql('id, v, year', ...values);

/** Silver `t` by year, with one row in each of these years. */
const lakeOf = async (...years: number[]) => {
  const silver = new SilverLake(await contractOf([ID, V, YEAR]));
  if (years.length > 0) await silver.upload('a', 1, rows(...years.map((year) => `(${year}, 1, ${year})`)));
  const gold = new GoldLake(silver.store);
  return { silver, gold, rebuild: (model: GoldModel = byYear) => gold.rebuild(model, silver.contract) };
};

const keysByYear = async (gold: GoldLake): Promise<Record<string, string>> =>
  Object.fromEntries(
    (await (await gold.snapshot()).files()).map(({ partition, key }) => [String(partition.year), key]),
  );

const failure = async (lake: Awaited<ReturnType<typeof lakeOf>>, model: GoldModel): Promise<string> => {
  const error: unknown = await lake.rebuild(model).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ModelFailed);
  return (error as ModelFailed).message;
};

describe('a partitioned model', () => {
  test('is built whole at first', async () => {
    const { gold, rebuild } = await lakeOf(2022, 2023, 2024);
    expect(await rebuild()).toMatchObject({ version: 1, partitions: 3 });
    expect(await gold.rows(byYear)).toEqual([2022, 2023, 2024].map((year) => ({ year, n: 1 })));
  });

  test('is rebuilt where silver was touched, from the files of those partitions', async () => {
    const { silver, gold, rebuild } = await lakeOf(2021, 2022, 2023, 2024);
    await rebuild();
    const before = await keysByYear(gold);
    await silver.upload('b', 2, rows('(1, 1, 2024)'));
    const { partitions, counted } = await rebuild();
    expect(partitions).toBe(1);
    const { 2024: changed, ...rest } = await keysByYear(gold);
    const { 2024: old, ...untouched } = before;
    expect(rest).toEqual(untouched);
    expect(changed).not.toBe(old);
    // Of silver: hint, metadata, list of manifests, two manifests, and the two files of 2024. To gold: the lock, a
    // file, a manifest, their list, the metadata, the hint.
    expect(counted.silver.requests).toMatchObject({ get: 7, put: 0 });
    expect(counted.gold.requests.put).toBe(6);
    expect(await gold.rows(byYear)).toContainEqual({ year: 2024, n: 2 });
  });

  test('catches up on everybody’s commits since it was built', async () => {
    const { silver, gold, rebuild } = await lakeOf(2021, 2022, 2023);
    await rebuild();
    await silver.upload('b', 2, rows('(1, 1, 2022)'));
    await silver.upload('c', 3, rows('(2, 1, 2023)'));
    expect((await rebuild()).partitions).toBe(2);
    expect(await gold.rows(byYear)).toEqual([
      { year: 2021, n: 1 },
      { year: 2022, n: 2 },
      { year: 2023, n: 2 },
    ]);
    const { partitions, version, counted } = await rebuild();
    expect({ partitions, version }).toEqual({ partitions: 0, version: 2 });
    expect(counted.gold.requests.put).toBe(0);
  });

  test('loses a partition that silver no longer has', async () => {
    const { silver, gold, rebuild } = await lakeOf(2023);
    await silver.upload('b', 2, rows('(1, 1, 2024)'));
    await rebuild();
    await silver.upload('b', 3, rows('(1, 1, 2025)'));
    expect((await rebuild()).partitions).toBe(2);
    expect(Object.keys(await keysByYear(gold))).toEqual(['2023', '2025']);
  });

  test('has a partition for NULL', async () => {
    const { silver, gold, rebuild } = await lakeOf(2023);
    await rebuild();
    await silver.upload('b', 2, rows('(1, 1, NULL)'));
    expect((await rebuild()).partitions).toBe(1);
    await silver.upload('c', 3, rows('(2, 1, NULL)'));
    await rebuild();
    expect(await gold.rows(byYear)).toEqual([
      { year: 2023, n: 1 },
      { year: null, n: 2 },
    ]);
  });

  test('that makes rows of partitions it was not asked for is refused', async () => {
    const lake = await lakeOf(2022, 2023);
    const model = modelOf(
      BY_YEAR,
      'select (year + v)::bigint as year, count(*) as n from silver.t group by all',
    );
    await lake.rebuild(model);
    await lake.silver.upload('b', 2, rows('(1, 5, 2023)'));
    expect(await failure(lake, model)).toContain('not partition-local');
    expect((await lake.gold.snapshot()).version).toBe(1);
  });

  test('is rebuilt whole while silver has files from before it was partitioned', async () => {
    const silver = new SilverLake(await contractOf([ID, V, '{ name: year, logicalType: integer }']));
    await silver.upload('a', 1, rows('(1, 1, 2023)', '(2, 1, 2024)'));
    const gold = new GoldLake(silver.store);
    silver.contract = await contractOf([ID, V, YEAR]);
    await gold.rebuild(byYear, silver.contract);
    await silver.upload('b', 2, rows('(3, 1, 2024)'));
    await gold.rebuild(byYear, silver.contract);
    expect(await gold.rows(byYear)).toEqual([
      { year: 2023, n: 1 },
      { year: 2024, n: 2 },
    ]);
    await silver.upload('a', 3, rows('(1, 1, 2023)', '(2, 1, 2025)'));
    await gold.rebuild(byYear, silver.contract);
    expect(await gold.rows(byYear)).toEqual([2023, 2024, 2025].map((year) => ({ year, n: 1 })));
  });
});

describe('a model without partitions', () => {
  const total = modelOf('columns: [{ name: n, logicalType: integer }]', 'select count(*) as n from silver.t');

  test('is rebuilt whole when anything changed, and not at all when nothing did', async () => {
    const { silver, gold, rebuild } = await lakeOf(2023, 2024);
    expect(await rebuild(total)).toMatchObject({ version: 1, partitions: 1 });
    await silver.upload('b', 2, rows('(1, 1, 2024)'));
    expect(await rebuild(total)).toMatchObject({ version: 2, partitions: 1 });
    expect(await gold.rows(total)).toEqual([{ n: 3 }]);
    expect(await rebuild(total)).toMatchObject({ version: 2, partitions: 0 });
  });

  test('is not rebuilt for a version of a file with the same rows', async () => {
    const { silver, rebuild } = await lakeOf(2024);
    await rebuild(total);
    await silver.upload('a', 2, rows('(2024, 1, 2024)'));
    expect((await silver.snapshot()).version).toBe(2);
    expect(await rebuild(total)).toMatchObject({ version: 1, partitions: 0 });
  });

  test('may be empty', async () => {
    const { gold, rebuild } = await lakeOf(2024);
    const none = modelOf(
      'columns: [{ name: id, logicalType: integer }]',
      'select id from silver.t where false',
    );
    expect(await rebuild(none)).toMatchObject({ version: 1, partitions: 1 });
    expect(await (await gold.snapshot()).files()).toEqual([]);
  });
});

describe('everything is rebuilt when its definition changes', () => {
  test('by its SQL', async () => {
    const { gold, rebuild } = await lakeOf(2023, 2024);
    await rebuild();
    const doubled = modelOf(BY_YEAR, 'select year, 2 * count(*) as n from silver.t group by year');
    expect((await rebuild(doubled)).partitions).toBe(2);
    expect(await gold.rows(doubled)).toEqual([2023, 2024].map((year) => ({ year, n: 2 })));
  });

  test('by a contract that it reads', async () => {
    const { silver, gold, rebuild } = await lakeOf(2023, 2024);
    await rebuild();
    silver.contract = await contractOf([ID, V, YEAR, '{ name: more, logicalType: string }']);
    expect((await rebuild()).partitions).toBe(2);
    expect((await gold.snapshot()).operation).toBe('replace table');
  });
});

test('a dropped column comes back with the values of old rows: in all partitions, once silver has it', async () => {
  const W = '{ name: w, logicalType: string }';
  const silver = new SilverLake(await contractOf([ID, W, YEAR]));
  const gold = new GoldLake(silver.store);
  const byW = modelOf(BY_YEAR, 'select year, count(w) as n from silver.t group by year');
  const year = (value: number) => rowsSql('id, w, year', `(${value}, 'w', ${value})`);
  await silver.upload('a', 1, `${year(2022)} UNION ALL ${year(2023)}`);
  silver.contract = await contractOf([ID, YEAR]);
  await silver.upload('b', 2, rowsSql('id, year', '(2024, 2024)'));
  silver.contract = await contractOf([ID, W, YEAR]);
  // As the file of another dataset that the model reads would have it.
  await gold.rebuild(byW, silver.contract);
  expect((await gold.rows(byW)).map(({ n }) => n)).toEqual([0, 0, 0]);
  await silver.upload('c', 3, year(2025));
  await gold.rebuild(byW, silver.contract);
  expect((await gold.rows(byW)).map(({ n }) => n)).toEqual([1, 1, 0, 1]);
});

test('a table that is replaced may be split by other columns, or have other ones altogether', async () => {
  const { silver, gold, rebuild } = await lakeOf(2023, 2024);
  await rebuild();
  const other = modelOf(
    `partitionedBy: [v]
columns:
  - { name: v, logicalType: string }
  - { name: years, logicalType: integer }`,
    'select v::varchar as v, count(*) as years from silver.t group by all',
  );
  silver.contract = await contractOf([
    ID,
    '{ name: v, logicalType: integer, partitioned: true }',
    '{ name: year, logicalType: integer }',
  ]);
  expect((await rebuild(other)).partitions).toBe(1);
  expect(await gold.rows(other)).toEqual([{ v: '1', years: 2 }]);
  expect((await gold.snapshot()).properties).toMatchObject({ 'total-data-files': '1', 'total-records': '1' });
  await silver.upload('b', 2, rows('(5, 7, 2025)'));
  await rebuild(other);
  expect(await gold.rows(other)).toEqual([
    { v: '1', years: 2 },
    { v: '7', years: 1 },
  ]);
  // Of the first build nothing is left: engines refuse a table with a partitioning that its columns do not explain.
  const { metadata, history } = await gold.snapshot();
  expect(history.map(({ version }) => version)).toEqual([3, 2]);
  expect(metadata['partition-specs'].map(({ fields }) => fields.map(({ name }) => name))).toEqual([['v']]);
});

describe('a model that does not keep its promise is refused, and nothing is committed', () => {
  test.each([
    [
      'columns missing and surplus',
      'select year, 1 as extra from silver.t',
      /declared but not produced \[n\], produced but not declared \[extra\]/,
    ],
    ['SQL that fails', 'select year, nope as n from silver.t', /Binder Error: .*nope/],
  ])('%s', async (_, sql, message) => {
    const lake = await lakeOf(2024);
    expect(await failure(lake, modelOf(BY_YEAR, sql))).toMatch(message);
    await expect(lake.gold.snapshot()).rejects.toThrow('nothing is committed');
  });

  test('a value that a cast fails on is not said', async () => {
    const message = await failure(
      await lakeOf(2024),
      modelOf(BY_YEAR, `select year, 'secret' || id as n from silver.t`),
    );
    expect(message).toContain('Conversion Error');
    expect(message).not.toContain('secret');
  });

  test('a required column with NULLs', async () => {
    const model = modelOf(
      'columns: [{ name: v, logicalType: integer, required: true }]',
      'select nullif(v, 1) as v from silver.t',
    );
    expect(await failure(await lakeOf(2023, 2024), model)).toContain('2 rows have no v, which is required');
  });

  test('a primary key that repeats', async () => {
    const model = modelOf(
      'columns: [{ name: v, logicalType: integer, primaryKey: true }]',
      'select v from silver.t',
    );
    expect(await failure(await lakeOf(2023, 2024), model)).toContain('share a primary key (v)');
  });
});

describe('a model over two datasets', () => {
  const both = modelOf(
    BY_YEAR,
    'select year, count(*) as n from (select year from silver.t union all select year from silver.u) group by year',
  );
  const setUp = async () => {
    const sqlDir = datasets({
      't/contract.yaml': contractYaml('t', [ID, V, YEAR]),
      'u/contract.yaml': contractYaml('u', [ID, V, YEAR]),
    });
    const t = new SilverLake(await loadContract(sqlDir, 't'));
    const u = new SilverLake(await loadContract(sqlDir, 'u'), t.store);
    const gold = new GoldLake(t.store);
    return { t, u, gold, rebuild: () => gold.rebuild(both, t.contract, u.contract) };
  };

  test('takes the one that has not arrived yet as empty, and catches up once it has', async () => {
    const { t, u, gold, rebuild } = await setUp();
    await t.upload('a', 1, rows('(1, 1, 2023)'));
    await rebuild();
    expect(await gold.rows(both)).toEqual([{ year: 2023, n: 1 }]);
    await u.upload('b', 2, rows('(1, 1, 2023)', '(2, 1, 2024)'));
    expect((await rebuild()).partitions).toBe(2);
    expect(await gold.rows(both)).toEqual([
      { year: 2023, n: 2 },
      { year: 2024, n: 1 },
    ]);
  });

  test('is rebuilt where either was touched', async () => {
    const { t, u, gold, rebuild } = await setUp();
    await t.upload('a', 1, rows('(1, 1, 2022)', '(2, 1, 2023)'));
    await u.upload('b', 2, rows('(1, 1, 2023)', '(2, 1, 2024)'));
    await rebuild();
    const before = await keysByYear(gold);
    await u.upload('c', 3, rows('(3, 1, 2024)'));
    expect((await rebuild()).partitions).toBe(1);
    expect(await keysByYear(gold)).toMatchObject({ 2022: before[2022], 2023: before[2023] });
    expect((await gold.snapshot()).properties).toMatchObject({ 'duckstep.silver': '{"t":1,"u":2}' });
  });
});

test('twelve runs at once: the last one has seen everybody’s rows', async () => {
  const { silver, gold, rebuild } = await lakeOf(2023);
  await Promise.all(
    Array.from({ length: 12 }, async (_, i) => {
      await silver.upload(`f${i}`, i + 2, rows(`(${i + 1}, 1, ${2023 + (i % 2)})`));
      await rebuild();
    }),
  );
  expect(await gold.rows(byYear)).toEqual([
    { year: 2023, n: 7 },
    { year: 2024, n: 6 },
  ]);
});
