import { chooseStrategy } from '../../../../../shared/engine/strategy.ts';
import { withDuckDb } from '../../../../../shared/engine/with-duckdb.ts';
import { Table } from '../../../../../shared/lake/table/commit/table.ts';
import { compactTable } from '../../../../../shared/lake/table/upkeep/compact.ts';
import { INLINE } from '../../../../../shared/lake/table/upkeep/compaction.ts';
import { Intents } from '../../../../../shared/stages/load-to-gold/silver/intents.ts';
import { ROW_IDENTITY } from '../../../../../shared/stages/transform/silver-table.ts';
import { scratch } from '../../../../helpers/scratch.ts';
import { contractOf, latestBy, rowsSql, runOf, SilverLake, testDb } from '../../../../helpers/silver-lake.ts';
import { keepLocksStill } from '../../../../helpers/still-locks.ts';

keepLocksStill();

const ID = '{ name: id, logicalType: integer, primaryKey: true }';
const V = '{ name: v, logicalType: string }';
const rows = (...values: string[]) => rowsSql('id, v', ...values);
const lakeOf = async (custom: string[] = []) => new SilverLake(await contractOf([ID, V], custom));

test('a file that meets no other counts nothing', async () => {
  const lake = await lakeOf();
  expect(await lake.counts('a', 1, rows("(1, 'a')", "(2, 'a')"))).toEqual([0, 0]);
  expect(await lake.counts('b', 2, rows("(3, 'b')"))).toEqual([0, 0]);
});

test('a later file supersedes rows that showed before; a row that was hidden already is not counted again', async () => {
  const lake = await lakeOf();
  await lake.upload('a', 1, rows("(1, 'a')", "(2, 'a')", "(3, 'a')"));
  expect(await lake.counts('b', 2, rows("(2, 'b')", "(3, 'b')", "(4, 'b')"))).toEqual([2, 0]);
  expect(await lake.counts('c', 3, rows("(1, 'c')", "(2, 'c')"))).toEqual([2, 0]);
  // Its next version hides the same row of b, which does not show, and one more.
  expect(await lake.counts('c', 4, rows("(2, 'C')", "(3, 'C')"))).toEqual([1, 0]);
});

test('rows of an older file that comes late are superseded', async () => {
  const lake = await lakeOf();
  await lake.upload('b', 2, rows("(1, 'b')", "(2, 'b')"));
  expect(await lake.counts('a', 1, rows("(1, 'a')", "(2, 'a')", "(3, 'a')"))).toEqual([0, 2]);
});

test('by a column a file may win one key and lose another', async () => {
  const lake = await lakeOf([latestBy('v desc')]);
  await lake.upload('a', 1, rows("(1, 'z')", "(2, 'a')"));
  expect(await lake.counts('b', 2, rows("(1, 'y')", "(2, 'b')"))).toEqual([1, 1]);
});

test('a version that goes uncovers a row, which is no row that this version supersedes', async () => {
  const lake = await lakeOf();
  await lake.upload('a', 1, rows("(1, 'a')"));
  await lake.upload('b', 2, rows("(1, 'b')"));
  expect(await lake.counts('b', 3, rows("(2, 'b')"))).toEqual([0, 0]);
});

test('a file that is uploaded again with the same rows counts as one that is loaded', async () => {
  const lake = await lakeOf();
  await lake.upload('a', 1, rows("(1, 'a')", "(2, 'a')"));
  await lake.upload('b', 2, rows("(1, 'b')"));
  expect(await lake.counts('a', 3, rows("(1, 'a')", "(2, 'a')"))).toEqual([1, 0]);
});

test('each run is told its own counts, however late it asks', async () => {
  const lake = await lakeOf();
  const first = runOf('a', 2);
  const staged = await lake.stage(first, rows("(1, 'a')", "(2, 'a')"));
  await lake.upload('x', 1, rows("(1, 'x')"));
  await lake.upload('y', 3, rows("(2, 'y')"));
  const told = { superseding: 1, superseded: 1 };
  expect((await lake.commit(first, staged)).rows).toEqual(told);
  expect((await lake.commit(first, staged)).rows).toEqual(told);
  // The same rows again win over y. The run that brought them first keeps its counts.
  const again = runOf('a', 4);
  expect((await lake.commit(again, staged)).rows).toEqual({ superseding: 1, superseded: 0 });
  expect((await lake.commit(again, staged)).rows).toEqual({ superseding: 1, superseded: 0 });
  expect((await lake.commit(first, staged)).rows).toEqual(told);
  // An older version changes nothing.
  const late = runOf('a', 1);
  expect(await lake.commit(late, await lake.stage(late, rows("(9, 'late')")))).toMatchObject({
    status: 'superseded',
    rows: { superseding: 0, superseded: 0 },
  });
});

test('one commit takes others along: each is told its own counts', async () => {
  const lake = await lakeOf();
  await lake.upload('a', 1, rows("(1, 'a')", "(2, 'a')", "(3, 'a')"));
  const intents = new Intents(lake.store, 't');
  const group = await Promise.all(
    (
      [
        ['b', 2, rows("(1, 'b')", "(2, 'b')")],
        ['c', 3, rows("(2, 'c')", "(4, 'c')")],
        ['d', 4, rows("(4, 'd')", "(3, 'd')")],
      ] as const
    ).map(async ([file, turn, sql]) => {
      const run = runOf(file, turn);
      return { run, staged: await lake.stage(run, sql), fingerprint: lake.contract.fingerprint };
    }),
  );
  for (const waiting of group.slice(1)) await intents.write(waiting);
  const told = [];
  for (const { run, staged } of group) told.push((await lake.commit(run, staged)).rows);
  expect((await lake.snapshot()).version).toBe(2);
  expect(told).toEqual([
    // b wins key 1, and loses key 2 to c.
    { superseding: 1, superseded: 1 },
    // Of key 2, only a's row showed before. Key 4 goes to d.
    { superseding: 1, superseded: 1 },
    { superseding: 1, superseded: 0 },
  ]);
});

test('rows in a file that compaction has merged count as any others', async () => {
  const lake = await lakeOf();
  await lake.upload('a', 1, rows("(1, 'a')", "(2, 'a')"));
  await lake.upload('b', 2, rows("(1, 'b')", "(3, 'b')"));
  await testDb((db, folder) =>
    compactTable({ db, store: lake.store, scratch: folder }, new Table(lake.store, 't'), {
      runId: 'compacted',
      identity: ROW_IDENTITY,
      policy: { ...INLINE, minFiles: 2 },
    }),
  );
  expect(await (await lake.snapshot()).files()).toHaveLength(1);
  expect(await lake.counts('a', 3, rows("(1, 'a')", "(2, 'a')"))).toEqual([1, 0]);
  expect(await lake.counts('b', 4, rows("(1, 'B')", "(2, 'B')"))).toEqual([2, 0]);
});

test('keys that need several passes are counted once', async () => {
  const memoryMb = 128;
  // As many groups, each with what the merge keeps of a key at least.
  expect(chooseStrategy(200_000, 272, memoryMb).passes).toBeGreaterThan(1);
  const lake = new SilverLake(await contractOf([ID, V]), undefined, async (work) => {
    const folder = scratch();
    return await withDuckDb({ memoryMb, threads: 1, scratch: folder }, (db) => work(db, folder));
  });
  const many = (v: string, from: number) =>
    `SELECT i AS id, '${v}' AS v FROM range(${from}, ${from + 150_000}) AS t(i)`;
  await lake.upload('a', 1, many('a', 0));
  expect(await lake.counts('b', 2, many('b', 50_000))).toEqual([100_000, 0]);
});
