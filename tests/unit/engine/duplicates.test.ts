import fc from 'fast-check';
import { countDuplicates } from '../../../shared/engine/duplicates.ts';
import { testDb } from '../../helpers/silver-lake.ts';

const counted = async (sql: string, ...columns: string[]) =>
  await testDb(async (db) => {
    await db.run(`CREATE VIEW v AS ${sql}`);
    return await countDuplicates(db, 'v', columns);
  });

test.each([
  ['ids that lie close together', 'SELECT i % 900 AS id FROM range(1000) t(i)', 100, 'bitmap'],
  ['ids below zero', 'SELECT i % 900 - 450 AS id FROM range(1000) t(i)', 100, 'bitmap'],
  ['unsigned ids', 'SELECT (i % 900)::UBIGINT AS id FROM range(1000) t(i)', 100, 'bitmap'],
  ['small ids', 'SELECT (i % 100)::TINYINT AS id FROM range(1000) t(i)', 900, 'bitmap'],
  [
    'two bytes, far below and above zero',
    'SELECT (i % 900 * 44 - 20000)::SMALLINT AS id FROM range(1000) t(i)',
    100,
    'bitmap',
  ],
  [
    'one byte, below and above zero',
    'SELECT (i % 201 - 100)::TINYINT AS id FROM range(1000) t(i)',
    799,
    'bitmap',
  ],
  ['one value', 'SELECT 7 AS id FROM range(1000)', 999, 'bitmap'],
  ['no value', 'SELECT NULL::BIGINT AS id FROM range(10)', 0, 'bitmap'],
  ['no row', 'SELECT 1 AS id WHERE false', 0, 'bitmap'],
  ['values and none', 'SELECT nullif(i % 10, 0) AS id FROM range(100) t(i)', 81, 'bitmap'],
  ['ids far apart', 'SELECT (i % 900) * 1000000 AS id FROM range(1000) t(i)', 100, 'groups'],
  [
    'ids past 2^53',
    'SELECT 9007199254740993 + i % 2 AS id FROM range(10) t(i) UNION ALL SELECT 1',
    8,
    'groups',
  ],
  ['text', `SELECT 'a' || (i % 900) AS id FROM range(1000) t(i)`, 100, 'groups'],
  ['decimals', 'SELECT (i % 900)::DECIMAL(9, 2) AS id FROM range(1000) t(i)', 100, 'groups'],
])('of %s', async (_, sql, rows, strategy) => {
  expect(await counted(sql, 'id')).toEqual({ rows, strategy });
});

test('counts over several columns ignore rows with a NULL in any of them', async () => {
  const sql = 'SELECT i % 3 AS a, nullif(i % 2, 0) AS b FROM range(12) t(i)';
  expect(await counted(sql, 'a', 'b')).toEqual({ rows: 3, strategy: 'groups' });
});

test('bitmap and grouping count the same', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.option(fc.integer({ min: -300, max: 300 })), { minLength: 20 }),
      async (ids) => {
        const values = ids.map((id) => `(${id ?? 'NULL'}::BIGINT, ${id === null ? 'NULL' : `'${id}'`})`);
        const sql = `SELECT * FROM (VALUES ${values.join(', ')}) AS t(id, text)`;
        expect((await counted(sql, 'id')).rows).toBe((await counted(sql, 'text')).rows);
      },
    ),
    { numRuns: 20 },
  );
});
