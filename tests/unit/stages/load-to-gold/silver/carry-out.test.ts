import { lakePaths } from '../../../../../shared/lake/paths.ts';
import { metered } from '../../../../../shared/lake/storage/metered-store.ts';
import { Table } from '../../../../../shared/lake/table/commit/table.ts';
import { partitionBy, specOf } from '../../../../../shared/lake/table/commit/table-schema.ts';
import { SUMMARY } from '../../../../../shared/lake/table/properties.ts';
import { rewriteFiles } from '../../../../../shared/lake/table/write/rewrite.ts';
import { sourcesRoot } from '../../../../../shared/stages/load-to-gold/silver/sources.ts';
import { ROW_IDENTITY, silverSchema } from '../../../../../shared/stages/transform/silver-table.ts';
import { changeBy } from '../../../../helpers/increment.ts';
import { contractOf, rowsSql, runOf, SilverLake, testDb } from '../../../../helpers/silver-lake.ts';

const ID = '{ name: id, logicalType: integer, primaryKey: true }';
const PLAIN = '{ name: id, logicalType: integer }';
const V = '{ name: v, logicalType: string }';

const rows = (...values: string[]) => rowsSql('id, v', ...values);
const all = async (lake: SilverLake) =>
  (await lake.query('SELECT v FROM silver.t ORDER BY ALL')).map(({ v }) => v);

/** Writes all of the table's files into one, hidden rows as well, as compaction does. */
const compact = async (lake: SilverLake): Promise<void> => {
  const { contract, store } = lake;
  await testDb(async (db, scratch) => {
    await new Table(store, 't').commit(
      changeBy(async (base) => {
        if (base === undefined) return undefined;
        const columns = silverSchema(contract, base);
        const partitionedBy = partitionBy(columns.schema, contract.partitionedBy);
        const removed = await base.files();
        const rewritten = await rewriteFiles({ db, store, scratch }, removed, {
          schema: columns.schema,
          spec: specOf(partitionedBy),
          prefix: 'compacted',
          dataKey: (name) => lakePaths.data('t', name),
          deletesKey: (name) => lakePaths.deletes('t', name),
          uriOf: (key) => base.uriOf(key),
          identity: ROW_IDENTITY,
        });
        return {
          runId: 'compacted',
          operation: 'replace',
          title: 'compact',
          columns,
          partitionedBy,
          added: rewritten.map(({ file }) => file),
          removed,
          changedDeletes: rewritten,
          touched: [],
          properties: { [SUMMARY.sources]: sourcesRoot(base) ?? '' },
        };
      }),
    );
  });
};

const files = async (lake: SilverLake) => await (await lake.snapshot()).files();

/** Three files in one: b hides a row of a, and c stands for itself. */
const merged = async (): Promise<SilverLake> => {
  const lake = new SilverLake(await contractOf([ID, V]));
  await lake.upload('a', 1, rows("(1, 'a1')", "(2, 'a2')"));
  await lake.upload('b', 2, rows("(2, 'b2')", "(3, 'b3')"));
  await lake.upload('c', 3, rows("(4, 'c4')"));
  await compact(lake);
  expect(await files(lake)).toMatchObject([{ rows: 5, deletes: { rows: 1 } }]);
  expect(await all(lake)).toEqual(['a1', 'b2', 'b3', 'c4']);
  return lake;
};

describe('a source whose rows lie with others’ in one file', () => {
  test('is replaced: its rows are taken out, the others stay', async () => {
    const lake = await merged();
    expect(await lake.upload('c', 4, rows("(5, 'c5')"))).toEqual({ status: 'loaded', version: 5 });
    expect(await all(lake)).toEqual(['a1', 'b2', 'b3', 'c5']);
    expect((await files(lake)).map(({ rows: count, deletes }) => [count, deletes?.rows])).toEqual([
      [1, undefined],
      [4, 1],
    ]);
    expect(await lake.snapshot()).toMatchObject({
      operation: 'replace source',
      properties: { operation: 'overwrite', 'total-records': '5', 'total-position-deletes': '1' },
    });
  });

  test('goes, and what its rows hid is back', async () => {
    const lake = await merged();
    await lake.upload('b', 4, rows("(3, 'new')"));
    expect(await all(lake)).toEqual(['a1', 'a2', 'c4', 'new']);
    expect((await files(lake)).map(({ rows: count, deletes }) => [count, deletes?.rows])).toEqual([
      [1, undefined],
      [3, undefined],
    ]);
  });

  test('goes with the rows of its own that were hidden', async () => {
    const lake = await merged();
    await lake.upload('a', 4, rows("(7, 'a7')"));
    expect(await all(lake)).toEqual(['a7', 'b2', 'b3', 'c4']);
    const { properties } = await lake.snapshot();
    expect(properties).toMatchObject({ 'total-records': '4', 'total-position-deletes': '0' });
  });

  test('is replaced by rows that others hide, and that hide others’', async () => {
    const lake = await merged();
    await lake.upload('c', 1, rows("(9, 'late')"));
    await lake.upload('a', 5, rows("(3, 'a3')", "(4, 'a4')"));
    expect(await all(lake)).toEqual(['a3', 'a4', 'b2']);
    await lake.upload('a', 6, `${rows("(0::BIGINT, 'x')")} WHERE false`);
    expect(await all(lake)).toEqual(['b2', 'b3', 'c4']);
  });

  test('is replaced by nothing, with all others of the file', async () => {
    const lake = await merged();
    for (const [i, file] of ['a', 'b', 'c'].entries())
      await lake.upload(file, 10 + i, `${rows("(0::BIGINT, 'x')")} WHERE false`);
    expect(await files(lake)).toEqual([]);
    expect(await all(lake)).toEqual([]);
    expect((await lake.snapshot()).properties).toMatchObject({
      operation: 'delete',
      'total-data-files': '0',
      'total-delete-files': '0',
      'total-records': '0',
      'total-files-size': '0',
    });
  });

  test('and whose new rows are the same stays where it is', async () => {
    const lake = await merged();
    expect(await lake.upload('c', 4, rows("(4, 'c4')"))).toMatchObject({ status: 'unchanged' });
    expect(await files(lake)).toHaveLength(1);
  });

  test('is replaced in a table without a key as well', async () => {
    const lake = new SilverLake(await contractOf([PLAIN, V]));
    await lake.upload('a', 1, rows("(1, 'a')", "(2, 'aa')"));
    await lake.upload('b', 2, rows("(1, 'b')"));
    await compact(lake);
    await lake.upload('c', 3, rows("(1, 'c')"));
    await lake.upload('a', 4, rows("(1, 'new')"));
    expect(await all(lake)).toEqual(['b', 'c', 'new']);
    expect((await files(lake)).map((file) => file.rows).toSorted()).toEqual([1, 1, 1]);
  });

  test('is replaced in each partition where it has rows', async () => {
    const YEAR = '{ name: year, logicalType: integer, partitioned: true }';
    const lake = new SilverLake(await contractOf([ID, YEAR, V]));
    const dated = (...values: string[]) => rowsSql('id, year, v', ...values);
    await lake.upload('a', 1, dated("(1, 2023, 'a1')", "(2, 2024, 'a2')"));
    await lake.upload('b', 2, dated("(3, 2023, 'b3')", "(4, 2025, 'b4')"));
    await compact(lake);
    expect(await files(lake)).toHaveLength(3);
    await lake.upload('a', 3, dated("(1, 2025, 'new')"));
    expect(await all(lake)).toEqual(['b3', 'b4', 'new']);
    const { touched } = await lake.snapshot();
    expect((touched as { year: string }[]).map(({ year }) => year).toSorted()).toEqual([
      '2023',
      '2024',
      '2025',
    ]);
  });
});

describe('where the files of a source are looked for', () => {
  const setUp = async (partitions: number, ...properties: string[]) => {
    const lake = new SilverLake(await contractOf(properties));
    const row = (id: number, day: number) => `(${id}, ${day}, 'v')`;
    for (let i = 0; i < 6; i += 1) await lake.upload(`f${i}`, i, rowsSql('id, day, v', row(i, i)));
    const own = Array.from({ length: partitions }, (_, i) => row(100 + i, 1_000 + i));
    await lake.upload('own', 7, rowsSql('id, day, v', ...own));
    const run = runOf('own', 8);
    const staged = await lake.stage(run, rowsSql('id, day, v', row(100, 1_000)));
    const store = metered(lake.store);
    await new SilverLake(lake.contract, store).load(run, staged);
    return { lake, gets: store.usage.requests.get };
  };
  const DAY = '{ name: day, logicalType: integer, partitioned: true }';
  // The hint, the metadata, the source's state, the list of manifests.
  const COMMIT = 4;

  test('in its partitions, which its state names: their manifest alone is read', async () => {
    expect((await setUp(2, PLAIN, DAY, V)).gets).toBe(COMMIT + 1);
  });

  test('where a key may lie anywhere, in all partitions', async () => {
    // Seven manifests, and no file: the keys' bounds tell that none can hold one of them.
    const { gets } = await setUp(2, ID, DAY, V);
    expect(gets).toBe(COMMIT + 7);
  });

  test('everywhere, where they are more than a state names', async () => {
    const { lake, gets } = await setUp(65, PLAIN, DAY, V);
    expect(gets).toBe(COMMIT + 7);
    expect(await lake.query('SELECT count(*)::INTEGER AS n FROM silver.t')).toEqual([{ n: 7 }]);
  });
});
