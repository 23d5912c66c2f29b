import { CommitConflict, ObjectMissing } from '../../../../../shared/errors.ts';
import { lakePaths } from '../../../../../shared/lake/paths.ts';
import { Table } from '../../../../../shared/lake/table/commit/table.ts';
import { contractOf, keysIn, rowsSql, runOf, SilverLake } from '../../../../helpers/silver-lake.ts';

const KEYED = ['{ name: id, logicalType: integer, primaryKey: true }', '{ name: v, logicalType: string }'];
const rows = (...values: string[]) => rowsSql('id, v', ...values);

const newLake = async () => new SilverLake(await contractOf(KEYED));
const values = async (lake: SilverLake) =>
  (await lake.query('SELECT v FROM silver.t ORDER BY ALL')).map(({ v }) => v);

test('a run commits once, however often it comes', async () => {
  const lake = await newLake();
  const run = runOf('a', 1);
  const staged = await lake.stage(run, rows("(1, 'x')"));
  expect(await lake.load(run, staged)).toEqual({ status: 'loaded', version: 1 });
  expect(await lake.load(run, staged)).toEqual({ status: 'loaded', version: 1 });
  expect((await lake.snapshot()).version).toBe(1);
});

test('the same run ten times at once commits once', async () => {
  const lake = await newLake();
  const run = runOf('a', 1);
  const staged = await lake.stage(run, rows("(1, 'x')"));
  const commits = await Promise.all(Array.from({ length: 10 }, () => lake.load(run, staged)));
  expect(commits).toEqual(Array(10).fill({ status: 'loaded', version: 1 }));
  expect(await values(lake)).toEqual(['x']);
});

test('a run that is started again with other rows, after its contract was corrected, replaces its own', async () => {
  const lake = await newLake();
  const run = runOf('a', 1);
  await lake.load(run, await lake.stage(run, rows("(1, 'x')")));
  const corrected = await lake.stage(run, rows("(1, 'x')", "(2, 'y')"));
  expect(await lake.load(run, corrected)).toEqual({ status: 'loaded', version: 2 });
  expect(await lake.load(run, corrected)).toEqual({ status: 'loaded', version: 2 });
  expect(await values(lake)).toEqual(['x', 'y']);
});

test('a re-upload replaces what its source brought, and nothing else', async () => {
  const lake = await newLake();
  await lake.upload('a', 1, rows("(1, 'a1')", "(2, 'a2')"));
  await lake.upload('b', 2, rows("(3, 'b3')"));
  expect(await lake.upload('a', 3, rows("(1, 'new')"))).toEqual({ status: 'loaded', version: 3 });
  expect(await values(lake)).toEqual(['b3', 'new']);
  expect(await lake.snapshot()).toMatchObject({ operation: 'replace source', runId: runOf('a', 3).run_id });
});

test('files that maintenance has removed before a late redrive are not committed', async () => {
  const lake = new SilverLake(await contractOf(['{ name: id, logicalType: integer }']));
  const run = runOf('a', 1);
  const staged = await lake.stage(run, rowsSql('id', '(1)'));
  for (const { key } of staged.files) await lake.store.remove(key);
  const late = { ...staged, stagedAt: new Date(Date.now() - 16 * 86_400_000).toISOString() };
  const refused = expect(lake.load(run, late)).rejects;
  await refused.toThrow(ObjectMissing);
  await refused.toThrow('Replay the file');
  expect(await new Table(lake.store, 't').current()).toBeUndefined();
});

test('nor by others who take along what waits', async () => {
  const lake = new SilverLake(await contractOf(['{ name: id, logicalType: integer }']));
  const run = runOf('a', 1);
  const staged = await lake.stage(run, rowsSql('id', '(1)'));
  for (const { key } of staged.files) await lake.store.remove(key);
  await lake.store.write(lakePaths.locks('t', 'v00000001-0'), 'another');
  await expect(lake.load(run, { ...staged, stagedAt: '2024-01-01T00:00:00.000Z' })).rejects.toThrow(
    ObjectMissing,
  );
  expect(await keysIn(lake.store, '_commits/t/intents/')).toEqual([]);
});

test('who redrives late what is committed already needs no file of its own', async () => {
  const lake = new SilverLake(await contractOf(['{ name: id, logicalType: integer }']));
  const run = runOf('a', 1);
  const staged = await lake.stage(run, rowsSql('id', '(1)'));
  await lake.load(run, staged);
  for (const { key } of staged.files) await lake.store.remove(key);
  const late = { ...staged, stagedAt: '2024-01-01T00:00:00.000Z' };
  expect(await lake.load(run, late)).toEqual({ status: 'loaded', version: 1 });
});

test('an older version that arrives late changes nothing', async () => {
  const lake = await newLake();
  await lake.upload('a', 2, rows("(1, 'new')"));
  expect(await lake.upload('a', 1, rows("(1, 'old')"))).toEqual({ status: 'superseded', version: 1 });
  expect(await values(lake)).toEqual(['new']);
});

test('versions of one source in any order: the newest is left', async () => {
  const lake = await newLake();
  await Promise.all([3, 5, 1, 4, 2].map((turn) => lake.upload('a', turn, rows(`(1, 'v${turn}')`))));
  expect(await values(lake)).toEqual(['v5']);
});

describe('a new version with the same rows', () => {
  test('keeps the files, and counts as the later upload: its rows win', async () => {
    const lake = await newLake();
    await lake.upload('a', 1, rows("(1, 'a')", "(2, 'a')"));
    await lake.upload('b', 2, rows("(1, 'b')"));
    const before = await (await lake.snapshot()).files();
    expect(await lake.upload('a', 3, rows("(1, 'a')", "(2, 'a')"))).toEqual({
      status: 'unchanged',
      version: 3,
    });
    expect(await values(lake)).toEqual(['a', 'a']);
    const after = await lake.snapshot();
    expect(after).toMatchObject({ touched: [{}], operation: 'confirm source' });
    expect(after.properties.operation).toBe('overwrite');
    const keys = (files: typeof before) => files.map(({ key }) => key).toSorted();
    expect(keys(await after.files())).toEqual(keys(before));
  });

  test('changes no file where no row of another file has its keys', async () => {
    const lake = await newLake();
    await lake.upload('a', 1, rows("(1, 'a')"));
    await lake.upload('b', 2, rows("(2, 'b')"));
    const before = await (await lake.snapshot()).files();
    await lake.upload('a', 3, rows("(1, 'a')"));
    const after = await lake.snapshot();
    expect(after).toMatchObject({ touched: [], operation: 'confirm source' });
    expect(after.properties.operation).toBe('replace');
    expect(await after.files()).toEqual(before);
  });

  test('still makes versions before it out of date', async () => {
    const lake = await newLake();
    await lake.upload('a', 1, rows("(1, 'same')"));
    await lake.upload('a', 3, rows("(1, 'same')"));
    expect(await lake.upload('a', 2, rows("(1, 'between')"))).toMatchObject({ status: 'superseded' });
    expect(await values(lake)).toEqual(['same']);
  });

  test('commits once', async () => {
    const lake = await newLake();
    await lake.upload('a', 1, rows("(1, 'same')"));
    await lake.upload('a', 2, rows("(1, 'same')"));
    expect(await lake.upload('a', 2, rows("(1, 'same')"))).toEqual({ status: 'unchanged', version: 2 });
  });

  test('is a change again once another version came between', async () => {
    const lake = await newLake();
    await lake.upload('a', 1, rows("(1, 'x')"));
    await lake.upload('a', 2, rows("(1, 'y')"));
    expect(await lake.upload('a', 3, rows("(1, 'x')"))).toMatchObject({ status: 'loaded' });
    expect(await values(lake)).toEqual(['x']);
  });
});

describe('a run that leaves because others are at work for too long', () => {
  const LOCK = lakePaths.locks('t', 'v00000001-0');
  const intentsOf = (lake: SilverLake) => keysIn(lake.store, '_commits/t/intents/');

  /** A lake in which the first upload of `a` has left, and the others are at work no more. */
  const afterLeaving = async () => {
    const lake = await newLake();
    const run = runOf('a', 1);
    const staged = await lake.stage(run, rows("(1, 'a1')"));
    await lake.store.write(LOCK, 'another');
    await expect(lake.load(run, staged, { patienceMs: 50 })).rejects.toThrow(CommitConflict);
    expect(await intentsOf(lake)).toEqual([lakePaths.intents('t', `${run.run_id}.json`)]);
    expect(await new Table(lake.store, 't').current()).toBeUndefined();
    await lake.store.remove(LOCK);
    return { lake, again: () => lake.load(run, staged, { patienceMs: 50 }) };
  };

  test('is taken along by another, finds itself committed when it is tried again, and leaves nothing behind', async () => {
    const { lake, again } = await afterLeaving();
    expect(await lake.upload('b', 2, rows("(2, 'b1')"))).toEqual({ status: 'loaded', version: 1 });
    expect(await values(lake)).toEqual(['a1', 'b1']);
    expect(await again()).toEqual({ status: 'loaded', version: 1 });
    expect(await intentsOf(lake)).toEqual([]);
    expect((await lake.snapshot()).version).toBe(1);
  });

  test('commits itself when it is tried again before anybody else, and leaves nothing behind', async () => {
    const { lake, again } = await afterLeaving();
    expect(await again()).toEqual({ status: 'loaded', version: 1 });
    expect(await values(lake)).toEqual(['a1']);
    expect(await intentsOf(lake)).toEqual([]);
  });

  test('is superseded by a newer version of its file that commits meanwhile', async () => {
    const { lake, again } = await afterLeaving();
    expect(await lake.upload('a', 2, rows("(1, 'a2')"))).toEqual({ status: 'loaded', version: 1 });
    expect(await again()).toEqual({ status: 'superseded', version: 1 });
    expect(await values(lake)).toEqual(['a2']);
    expect(await intentsOf(lake)).toEqual([]);
  });

  test('is committed by the next commit where it never comes back, and its intent goes with the one after', async () => {
    const { lake } = await afterLeaving();
    await lake.upload('b', 2, rows("(2, 'b1')"));
    await lake.upload('c', 3, rows("(3, 'c1')"));
    expect(await values(lake)).toEqual(['a1', 'b1', 'c1']);
    expect(await intentsOf(lake)).toEqual([]);
  });
});
