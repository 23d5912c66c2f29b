import fc from 'fast-check';
import { countDuplicates } from '../../../shared/engine/duplicates.ts';
import { chooseStrategy, passesOf, planGrouping } from '../../../shared/engine/strategy.ts';
import type { Db } from '../../../shared/engine/with-duckdb.ts';
import { testDb } from '../../helpers/silver-lake.ts';

/** The same connection, as if its function had another size. */
const withMemory = (db: Db, memoryMb: number): Db => ({ ...db, memoryMb });

test.each([
  // Ten million texts of 17 bytes: 697 MB of groups, of which a quarter of the function may be used at a time.
  [10_000_000, 33, 1024, '3 buckets'],
  [10_000_000, 33, 1769, '2 buckets'],
  [10_000_000, 33, 3538, 'groups'],
  // Numbers.
  [10_000_000, 16, 1024, '2 buckets'],
  [1_000_000, 33, 1024, 'groups'],
  [50_000_000, 33, 2048, '7 buckets'],
  [0, 16, 128, 'groups'],
  // Beyond some number of passes DuckDB spills.
  [1e12, 33, 1024, '64 buckets'],
])('%d groups with keys of %d bytes in %d MB: %s', (groups, bytes, memoryMb, strategy) => {
  const chosen = chooseStrategy(groups, bytes, memoryMb);
  expect(chosen).toEqual({ strategy, passes: Number.parseInt(strategy, 10) || 1 });
});

test('more memory never takes more passes, and more groups never fewer', () => {
  const amount = fc.integer({ min: 1, max: 1e9 });
  fc.assert(
    fc.property(amount, amount, fc.integer({ min: 128, max: 10_240 }), (a, b, memoryMb) => {
      const [few, many] = [Math.min(a, b), Math.max(a, b)];
      const passes = (groups: number, mb: number) => chooseStrategy(groups, 33, mb).passes;
      expect(passes(few, memoryMb)).toBeLessThanOrEqual(passes(many, memoryMb));
      expect(passes(many, memoryMb * 2)).toBeLessThanOrEqual(passes(many, memoryMb));
    }),
  );
});

test('the plan depends on the keys of the relation: their number, their bytes, and how often they repeat', async () => {
  await testDb(async (db) => {
    await db.run(`CREATE TABLE t AS SELECT i AS id, i % 100 AS few, 'key ' || i AS text, repeat('x', 1000) || i AS long
      FROM range(20000) AS t(i)`);
    const strategyIn = async (mb: number, ...columns: string[]) =>
      (await planGrouping(withMemory(db, mb), 't', columns)).strategy;
    expect(await strategyIn(1024, 'id')).toBe('groups');
    expect(await strategyIn(1, 'id')).toBe('4 buckets');
    expect(await strategyIn(1, 'text')).toBe('5 buckets');
    expect(await strategyIn(1, 'id', 'text')).toMatch(/^[67] buckets$/);
    expect(await strategyIn(8, 'long')).toMatch(/^1\d buckets$/);
    expect(await strategyIn(1, 'few')).toBe('groups');
  });
});

test('every row is in exactly one pass, and equal keys are in the same pass', async () => {
  await testDb(async (db) => {
    await db.run(
      `CREATE TABLE t AS SELECT i % 500 AS a, nullif('k' || (i % 7), 'k3') AS b FROM range(5000) AS t(i)`,
    );
    const passes = passesOf(['a', 'b'], 5);
    const cases = passes.map(({ where }, pass) => `CASE WHEN ${where} THEN [${pass}] ELSE [] END`);
    const { most, least, split } = await db.one(`
      WITH row AS (SELECT a, b, list_concat(${cases.join(', ')}) AS passes FROM t)
      SELECT max(len(passes)) AS most, min(len(passes)) AS least,
        (SELECT count(*) FROM (SELECT 1 FROM row GROUP BY a, b HAVING count(DISTINCT passes) > 1)) AS split FROM row`);
    expect({ most, least, split }).toEqual({ most: 1, least: 1, split: 0 });
  });
});

test('all strategies count the same duplicates', async () => {
  const value = fc.option(fc.integer({ min: -20, max: 20 }));
  await testDb(async (db) => {
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 200 }), async (drawn) => {
        const ids = [...drawn, 1];
        const rows = ids.map((id) => `(${id ?? 'NULL'}::BIGINT, ${id === null ? 'NULL' : `'k${id}'`})`);
        await db.run(`CREATE OR REPLACE TABLE t AS FROM (VALUES ${rows.join(', ')}) AS t(id, text)`);
        const present = ids.filter((id) => id !== null);
        const expected = present.length - new Set(present).size;
        // A thousandth of a MB: a few rows are too many for one table.
        const little = withMemory(db, 0.001);
        const counted = [
          await countDuplicates(db, 't', ['id']),
          await countDuplicates(db, 't', ['text']),
          await countDuplicates(little, 't', ['text']),
          await countDuplicates(little, 't', ['id', 'text']),
        ];
        expect(counted.map(({ rows }) => rows)).toEqual(counted.map(() => expected));
        expect(counted.slice(0, 2).map(({ strategy }) => strategy)).toEqual(['bitmap', 'groups']);
        if (new Set(present).size > 20) expect(counted[2]?.strategy).toMatch(/buckets/);
      }),
      { numRuns: 30 },
    );
  });
});
