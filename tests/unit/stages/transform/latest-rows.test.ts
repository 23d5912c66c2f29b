import fc from 'fast-check';
import type { Db } from '../../../../shared/engine/with-duckdb.ts';
import { latestRows } from '../../../../shared/stages/transform/latest-rows.ts';
import { contractOf, latestBy, NAMES_WITHIN, testDb } from '../../../helpers/silver-lake.ts';
import { casesOf } from '../../../helpers/stress.ts';

const COLUMNS = [
  '{ name: a, logicalType: string, primaryKey: true }',
  '{ name: v, logicalType: number, physicalType: DOUBLE }',
  '{ name: w, logicalType: string }',
];

/** The expected rows by a window function, which holds all rows of a key at once. */
const byWindow = (order: string): string =>
  `SELECT _row FROM _cleaned QUALIFY row_number() OVER (PARTITION BY a ORDER BY ${order}_row DESC) = 1 ORDER BY _row`;

const orders: [string, string[]][] = [
  ['', []],
  ['v DESC NULLS LAST, ', [latestBy('v desc')]],
  ['v ASC NULLS LAST, w DESC NULLS LAST, ', [latestBy('[v asc, w desc]')]],
];

test.each(orders)(
  'the latest rows by “%s”: those of a window, in one pass as in many',
  async (order, custom) => {
    const contract = await contractOf(COLUMNS, custom);
    const row = fc.tuple(
      fc.constantFrom('k', 'l', 'm', '', 'ä', "'"),
      fc.constantFrom('NULL', '0', '-0.0', '1.5', "'nan'", "'-inf'"),
      fc.constantFrom('NULL', "''", "'x'", "'xy'", "'é'"),
    );
    await testDb(async (db) => {
      const kept = async (over: Db): Promise<unknown> => {
        const { where, rows } = await latestRows(over, contract, '_cleaned');
        const left = await db.all<{ _row: number }>(`SELECT _row FROM _cleaned WHERE ${where} ORDER BY _row`);
        return { left, rows };
      };
      await fc.assert(
        fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 60 }), async (rows) => {
          const values = rows.map(
            ([a, v, w], i) => `('${a.replaceAll("'", "''")}', ${v}::DOUBLE, ${w}, ${i + 1}::BIGINT)`,
          );
          await db.run(
            `CREATE OR REPLACE TABLE _cleaned AS FROM (VALUES ${values.join(', ')}) AS t(a, v, w, _row)`,
          );
          const left = await db.all(byWindow(order));
          const expected = { left, rows: rows.length - left.length };
          expect(await kept(db)).toEqual(expected);
          expect(await kept({ ...db, memoryMb: 0.0005 })).toEqual(expected);
        }),
        { numRuns: casesOf({ quick: 3, stress: 25 }) },
      );
    });
  },
);

test.each([
  ['each key twice', 'i % 100000', 100_000],
  ['each key fifty times', 'i % 4000', 4_000],
  ['one key in all rows', '0', 1],
])('%s, where DuckDB has little memory', async (_, key, left) => {
  const contract = await contractOf(COLUMNS, [latestBy('v desc')]);
  await testDb(async (db) => {
    await db.run(
      `CREATE TABLE _cleaned AS SELECT 'key ' || (${key}) AS a, i % 1000 AS v, NULL::VARCHAR AS w, i + 1 AS _row FROM range(200000) AS t(i)`,
    );
    const { where, rows } = await latestRows({ ...db, memoryMb: 8 }, contract, '_cleaned');
    expect(
      await db.one(`SELECT count(*) AS rows, count(DISTINCT a) AS keys FROM _cleaned WHERE ${where}`),
    ).toEqual({
      rows: left,
      keys: left,
    });
    expect(rows).toBe(200_000 - left);
  });
});

test.each([
  ['close together', 'BIGINT', 0, 1],
  ['close together and below zero', 'BIGINT', -150, 1],
  ['close together, in one byte', 'TINYINT', -128, 1],
  ['close together, up to the largest safe number', 'UBIGINT', 9_007_199_254_740_691, 1],
  ['with gaps that blocks of them would waste', 'INTEGER', 0, 30],
  ['far apart', 'BIGINT', -1_000_000_000, 1_000_003],
])('the latest rows of ids %s: those of a window', async (_, type, least, step) => {
  const contract = await contractOf([
    `{ name: a, logicalType: integer, physicalType: ${type}, primaryKey: true }`,
  ]);
  await testDb(async (db) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 250 }), { minLength: 1, maxLength: 300 }),
        // Rows of one key only, so that many rows and few share their keys.
        fc.integer({ min: 0, max: 250 }),
        async (drawn, single) => {
          const ids = [...drawn, ...Array.from({ length: single }, (_, i) => i)];
          const values = ids.map((id, i) => `(CAST(${least + id * step} AS ${type}), ${i + 1}::BIGINT)`);
          await db.run(
            `CREATE OR REPLACE TABLE _cleaned AS FROM (VALUES ${values.join(', ')}) AS t(a, _row)`,
          );
          const { where, rows } = await latestRows(db, contract, '_cleaned');
          const left = await db.all(`SELECT _row FROM _cleaned WHERE ${where} ORDER BY _row`);
          const expected = await db.all(byWindow(''));
          expect({ left, rows }).toEqual({ left: expected, rows: ids.length - expected.length });
        },
      ),
      { numRuns: casesOf({ quick: 5, stress: 40 }) },
    );
  });
});

test.each(NAMES_WITHIN)('another column may be called %s', async (name) => {
  for (const type of ['integer', 'string']) {
    const contract = await contractOf(
      [`{ name: a, logicalType: ${type}, primaryKey: true }`, `{ name: ${name}, logicalType: integer }`],
      [latestBy(`${name} desc`)],
    );
    await testDb(async (db) => {
      await db.run(`CREATE TABLE _cleaned AS SELECT CAST(i % 300 AS ${type === 'string' ? 'VARCHAR' : 'BIGINT'}) AS a,
        -i AS "${name}", i + 1 AS _row FROM range(400) AS t(i)`);
      const { where, rows } = await latestRows(db, contract, '_cleaned');
      const left = await db.one(`SELECT count(*) AS rows, max(_row) AS last FROM _cleaned WHERE ${where}`);
      expect({ rows, left }).toEqual({ rows: 100, left: { rows: 300, last: 300 } });
    });
  }
});

test('long texts that decide on the latest row count as memory', async () => {
  const contract = await contractOf(COLUMNS, [latestBy('w desc')]);
  await testDb(async (db) => {
    await db.run(`CREATE TABLE _cleaned AS SELECT 'key ' || i % 10000 AS a, 1.5::DOUBLE AS v,
      repeat('x', 1000) || i AS w, i + 1 AS _row FROM range(20000) AS t(i)`);
    const { rows, strategy } = await latestRows({ ...db, memoryMb: 16 }, contract, '_cleaned');
    expect(rows).toBe(10_000);
    expect(strategy).toMatch(/^[2-5] buckets$/);
  });
});

test('a few duplicates of many ids are found without a group for each id', async () => {
  const contract = await contractOf(['{ name: a, logicalType: integer, primaryKey: true }']);
  await testDb(async (db) => {
    await db.run(
      'CREATE TABLE _cleaned AS SELECT i - (i % 1000 = 999)::INT AS a, i + 1 AS _row FROM range(100000) AS t(i)',
    );
    const read: string[] = [];
    const watched: Db = {
      ...db,
      run: async (sql) => {
        read.push(sql);
        await db.run(sql);
      },
    };
    const { where, rows, strategy } = await latestRows(watched, contract, '_cleaned');
    expect({ rows, strategy }).toEqual({ rows: 100, strategy: 'bitmap' });
    expect(read.filter((sql) => /FROM _cleaned\b.*GROUP BY "a"/.test(sql))).toEqual([]);
    // A hundred blocks of 64 ids, the last of which is only half there.
    expect(await db.one('SELECT count(*) AS rows FROM _suspected')).toEqual({ rows: 6368 });
    expect(
      await db.one(`SELECT count(*) AS rows, count(DISTINCT a) AS keys FROM _cleaned WHERE ${where}`),
    ).toEqual({ rows: 99_900, keys: 99_900 });
  });
});
