import { ConservationBroken } from '../../../../../shared/errors.ts';
import { lakePaths } from '../../../../../shared/lake/paths.ts';
import { metered } from '../../../../../shared/lake/storage/metered-store.ts';
import type { ObjectStore } from '../../../../../shared/lake/storage/object-store.ts';
import { Table } from '../../../../../shared/lake/table/commit/table.ts';
import { SUMMARY } from '../../../../../shared/lake/table/properties.ts';
import { type CompactOptions, compactTable } from '../../../../../shared/lake/table/upkeep/compact.ts';
import { type CompactionPolicy, THOROUGH } from '../../../../../shared/lake/table/upkeep/compaction.ts';
import { compactSilver } from '../../../../../shared/stages/load-to-gold/silver/compact-silver.ts';
import { ROW_IDENTITY } from '../../../../../shared/stages/transform/silver-table.ts';
import { contractOf, rowsSql, SilverLake, testDb } from '../../../../helpers/silver-lake.ts';

const POLICY: CompactionPolicy = { ...THOROUGH, minFiles: 2 };

const ID = '{ name: id, logicalType: integer, primaryKey: true, primaryKeyPosition: 1 }';
const DAY =
  '{ name: day, logicalType: string, partitioned: true, partitionKeyPosition: 1, primaryKey: true, primaryKeyPosition: 2 }';
const NAME = '{ name: name, logicalType: string }';

const compact = async (
  lake: SilverLake,
  { store = lake.store, ...options }: Partial<CompactOptions> & { store?: ObjectStore } = {},
) =>
  await testDb(async (db, scratch) =>
    compactTable({ db, store, scratch }, new Table(lake.store, 't'), {
      runId: 'compaction',
      identity: ROW_IDENTITY,
      policy: POLICY,
      ...options,
    }),
  );

const rows = (...values: string[]): string => rowsSql('id, name', ...values);

const filesOf = async (lake: SilverLake) => (await lake.snapshot()).files();

const SHOWN = 'SELECT id, name FROM silver.t ORDER BY id';

/** Three files of one table: the second supersedes a row of the first, the third one of the second. */
const overlapping = async (): Promise<SilverLake> => {
  const lake = new SilverLake(await contractOf([ID, NAME]));
  await lake.upload('a.csv', 1, rows("(1, 'a')", "(2, 'a')"));
  await lake.upload('b.csv', 2, rows("(2, 'b')", "(3, 'b')"));
  await lake.upload('c.csv', 3, rows("(3, 'c')", "(4, 'c')"));
  return lake;
};

describe('merged files', () => {
  test('have the same rows, and the same deleted rows', async () => {
    const lake = await overlapping();
    const before = await lake.query(SHOWN);
    const compacted = await compact(lake);
    expect(compacted).toMatchObject({ before: 3, after: 1 });
    expect(await lake.query(SHOWN)).toEqual(before);
    const files = await filesOf(lake);
    expect(files).toMatchObject([{ rows: 6, deletes: { rows: 2 } }]);
    const snapshot = await lake.snapshot();
    expect(snapshot).toMatchObject({ version: 4, operation: 'compact', runId: 'compaction', touched: [] });
    expect(snapshot.properties).toMatchObject({
      operation: 'replace',
      'total-data-files': '1',
      'total-records': '6',
      'total-delete-files': '1',
      'total-position-deletes': '2',
    });
  });

  test('restore a row when the row that superseded it is removed', async () => {
    const lake = await overlapping();
    await compact(lake);
    await lake.upload('b.csv', 4, rows("(9, 'b')"));
    expect(await lake.query(SHOWN)).toEqual([
      { id: 1, name: 'a' },
      { id: 2, name: 'a' },
      { id: 3, name: 'c' },
      { id: 4, name: 'c' },
      { id: 9, name: 'b' },
    ]);
    // Merging is also correct after rows were restored and deleted again.
    expect(await compact(lake)).toMatchObject({ after: 1 });
    await lake.upload('c.csv', 5, rows("(4, 'c')"));
    await lake.upload('a.csv', 6, rows("(1, 'a6')", "(4, 'a6')"));
    expect(await lake.query(SHOWN)).toEqual([
      { id: 1, name: 'a6' },
      { id: 4, name: 'a6' },
      { id: 9, name: 'b' },
    ]);
  });

  test('still belong to their sources: old or equal uploads change nothing', async () => {
    const lake = await overlapping();
    const { properties } = await lake.snapshot();
    await compact(lake);
    expect((await lake.snapshot()).properties[SUMMARY.sources]).toBe(properties[SUMMARY.sources]);
    expect(await lake.upload('a.csv', 0, rows("(1, 'old')"))).toMatchObject({ status: 'superseded' });
    expect(await lake.upload('a.csv', 1, rows("(1, 'a')", "(2, 'a')"))).toMatchObject({ status: 'loaded' });
    expect((await lake.snapshot()).version).toBe(4);
  });

  test('are not in older snapshots', async () => {
    const lake = await overlapping();
    await compact(lake);
    const before = await new Table(lake.store, 't').at(3);
    expect(await before?.files()).toHaveLength(3);
  });

  test('keep the values of a column that the contract dropped, for when it comes back', async () => {
    const lake = new SilverLake(await contractOf([ID, NAME]));
    await lake.upload('a.csv', 1, rows("(1, 'a')"));
    await lake.upload('b.csv', 2, rows("(2, 'b')"));
    // Another column of that name, which is not that column.
    const other = '{ name: name, id: other, logicalType: integer }';
    lake.contract = await contractOf([ID, other]);
    await lake.upload('c.csv', 3, 'SELECT 3 AS id, 33 AS name');
    expect(await compact(lake)).toMatchObject({ before: 3, after: 1 });
    expect(await lake.query(SHOWN)).toEqual([
      { id: 1, name: null },
      { id: 2, name: null },
      { id: 3, name: 33 },
    ]);
    // One of the sources comes again, so that the rest of the merged file is written once more.
    await lake.upload('b.csv', 4, 'SELECT 22 AS id, 5 AS name');
    lake.contract = await contractOf([ID, NAME]);
    await lake.upload('d.csv', 5, rows("(4, 'd')"));
    expect(await lake.query(SHOWN)).toEqual([
      { id: 1, name: 'a' },
      { id: 3, name: null },
      { id: 4, name: 'd' },
      { id: 22, name: null },
    ]);
  });

  test('lie in the partition of their files; files of an earlier partitioning stay', async () => {
    const lake = new SilverLake(await contractOf([ID, '{ name: day, logicalType: string }']));
    const days = (...values: string[]): string => rowsSql('id, day', ...values);
    await lake.upload('old1.csv', 1, days("(1, 'x')"));
    await lake.upload('old2.csv', 2, days("(2, 'y')"));
    lake.contract = await contractOf([ID, DAY]);
    await lake.upload('a.csv', 3, days("(3, 'x')", "(4, 'y')"));
    await lake.upload('b.csv', 4, days("(5, 'x')", '(6, NULL)'));
    await lake.upload('c.csv', 5, days("(7, 'y')", '(8, NULL)'));
    const before = await lake.query('FROM silver.t ORDER BY id');
    expect(await compact(lake, { partitions: [{ day: 'x' }] })).toMatchObject({ before: 2, after: 1 });
    expect(await compact(lake)).toMatchObject({ before: 4, after: 2 });
    const files = await filesOf(lake);
    expect(files.map(({ partition }) => partition.day).toSorted()).toEqual([
      null,
      'x',
      'y',
      undefined,
      undefined,
    ]);
    expect(await lake.query('FROM silver.t ORDER BY id')).toEqual(before);
    expect(await compact(lake)).toBeUndefined();
  });
});

test('rows without an identity are not merged with their position deletes: nothing is committed', async () => {
  const lake = await overlapping();
  await expect(compact(lake, { identity: ['_row'] })).rejects.toThrow(ConservationBroken);
  expect((await lake.snapshot()).version).toBe(3);
});

test('files that are partitioned alike are merged, whatever the names of the partition fields', async () => {
  const bucket =
    '{ name: id, logicalType: integer, partitioned: true, customProperties: [{ property: partitionTransform, value: "bucket[1]" }] }';
  const lake = new SilverLake(await contractOf([bucket, NAME]));
  await lake.upload('a.csv', 1, rows("(1, 'a')"));
  const called = (name: string) => {
    const { contract } = lake;
    lake.contract = { ...contract, partitionedBy: contract.partitionedBy.map((by) => ({ ...by, name })) };
  };
  called('id_bucket');
  await lake.upload('b.csv', 2, rows("(2, 'b')"));
  expect((await filesOf(lake)).map(({ specId }) => specId).toSorted()).toEqual([0, 1]);
  expect(await compact(lake)).toMatchObject({ before: 2, after: 1 });
  expect(await lake.query(SHOWN)).toEqual([
    { id: 1, name: 'a' },
    { id: 2, name: 'b' },
  ]);
});

describe('with other writers at work', () => {
  test('without patience it does nothing while another is at work', async () => {
    const lake = await overlapping();
    await lake.store.write(lakePaths.locks('t', 'v00000004-0'), 'another');
    expect(await compact(lake)).toBeUndefined();
    expect((await lake.snapshot()).version).toBe(3);
  });

  /** The same store, where something happens when the first merged file is written, before the commit. */
  const during = (lake: SilverLake, happen: () => Promise<unknown>): ObjectStore => {
    let happened = false;
    return new Proxy(lake.store, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return async (...args: unknown[]) => {
          if (name === 'upload' && !happened) {
            happened = true;
            await happen();
          }
          return await (member as (...args: unknown[]) => Promise<unknown>).apply(target, args);
        };
      },
    }) as ObjectStore;
  };

  test('a table that is partitioned differently meanwhile is not changed', async () => {
    const lake = new SilverLake(await contractOf([ID, NAME]));
    await lake.upload('a.csv', 1, rows("(1, 'a')"));
    await lake.upload('b.csv', 2, rows("(2, 'b')"));
    const split = async (): Promise<void> => {
      lake.contract = await contractOf([ID, '{ name: name, logicalType: string, partitioned: true }']);
      await lake.upload('c.csv', 3, rows("(3, 'c')"));
    };
    expect(await compact(lake, { store: during(lake, split), patient: true })).toBeUndefined();
    const partitions = (await filesOf(lake)).map(({ partition }) => JSON.stringify(partition));
    expect(partitions.toSorted()).toEqual(['{"name":"c"}', '{}', '{}']);
  });

  test('a table whose partition field was renamed meanwhile is not changed', async () => {
    const region = (name: string): string =>
      `{ name: ${name}, id: region, logicalType: string, partitioned: true }`;
    const lake = new SilverLake(await contractOf([ID, region('region')]));
    await lake.upload('a.csv', 1, rowsSql('id, region', "(1, 'x')"));
    await lake.upload('b.csv', 2, rowsSql('id, region', "(2, 'x')"));
    const rename = async (): Promise<void> => {
      lake.contract = await contractOf([ID, region('area')]);
      await lake.upload('c.csv', 3, rowsSql('id, area', "(3, 'x')"));
    };
    expect(await compact(lake, { store: during(lake, rename), patient: true })).toBeUndefined();
    expect((await filesOf(lake)).map(({ partition }) => partition)).toEqual([
      { area: 'x' },
      { area: 'x' },
      { area: 'x' },
    ]);
    expect(await compact(lake, { patient: true })).toMatchObject({ before: 3, after: 1 });
    expect((await filesOf(lake)).map(({ partition }) => partition)).toEqual([{ area: 'x' }]);
  });

  test('groups that another writer changed meanwhile are skipped, and the rest is merged', async () => {
    const lake = new SilverLake(await contractOf([ID, DAY]));
    const days = (...values: string[]): string => rowsSql('id, day', ...values);
    await lake.upload('a.csv', 1, days("(1, 'x')", "(2, 'y')"));
    await lake.upload('b.csv', 2, days("(3, 'x')", "(4, 'y')"));
    const racing = during(lake, () => lake.upload('c.csv', 3, days("(1, 'x')")));
    expect(await compact(lake, { store: racing, patient: true })).toMatchObject({
      before: 2,
      after: 1,
    });
    expect((await filesOf(lake)).map(({ partition }) => partition.day).toSorted()).toEqual([
      'x',
      'x',
      'x',
      'y',
    ]);
    expect((await lake.query('SELECT id FROM silver.t ORDER BY id')).map(({ id }) => id)).toEqual([
      1, 2, 3, 4,
    ]);
  });
});

describe('after a run', () => {
  /** Commits files of one row each, and compacts after each as LoadToGold does. */
  const load = async (lake: SilverLake, from: number, count: number) => {
    const requests: number[] = [];
    for (let n = from; n < from + count; n += 1) {
      await lake.upload(`${n}.csv`, n, rows(`(${n}, 'n')`));
      const table = await new Table(lake.store, 't').newest();
      const silver = metered(lake.store);
      const runId = table?.snapshot?.runId ?? '';
      await testDb((db, scratch) => compactSilver({ db, store: silver, scratch }, table, runId));
      requests.push(Object.values(silver.usage.requests).reduce((a, b) => a + b, 0));
    }
    return requests;
  };

  test('seven of eight ask for nothing, the eighth merges', async () => {
    const lake = new SilverLake(await contractOf([NAME, '{ name: id, logicalType: integer }']));
    const requests = await load(lake, 1, 8);
    expect(requests.slice(0, 7)).toEqual(Array(7).fill(0));
    expect(requests[7]).toBeGreaterThan(8);
    expect(await lake.snapshot()).toMatchObject({ version: 9, operation: 'compact' });
    expect(await filesOf(lake)).toHaveLength(1);
    expect((await lake.query('SELECT count(*) AS n FROM silver.t'))[0]).toEqual({ n: 8 });
  });

  test('another run’s commit is checked by that run', async () => {
    const lake = new SilverLake(await contractOf([NAME, '{ name: id, logicalType: integer }']));
    await load(lake, 1, 7);
    await lake.upload('8.csv', 8, rows("(8, 'n')"));
    const table = await new Table(lake.store, 't').newest();
    const silver = metered(lake.store);
    await testDb((db, scratch) => compactSilver({ db, store: silver, scratch }, table, 'other'));
    expect(silver.usage.requests).toEqual({ head: 0, get: 0, put: 0, list: 0, delete: 0 });
  });
});
