import { existsSync } from 'node:fs';
import path from 'node:path';
import { ident, literal, literalList } from '../../../shared/engine/sql.ts';
import { withDuckDb } from '../../../shared/engine/with-duckdb.ts';
import { scratch } from '../../helpers/scratch.ts';

const settings = () => ({ memoryMb: 1024, threads: 2, scratch: scratch() });

describe('withDuckDb', () => {
  test('passes 55 % of the memory and the threads to DuckDB', async () => {
    const row = await withDuckDb(settings(), (db) =>
      db.one("SELECT current_setting('memory_limit') AS memory, current_setting('threads') AS threads"),
    );
    expect(row).toEqual({ memory: '563.0 MiB', threads: 2 });
  });

  test('spills to the scratch folder, and leaves part of the disk free', async () => {
    const given = settings();
    const row = await withDuckDb(given, (db) =>
      db.one<{ folder: string; most: string }>(
        "SELECT current_setting('temp_directory') AS folder, current_setting('max_temp_directory_size') AS most",
      ),
    );
    expect(row.folder).toBe(path.join(given.scratch, 'duckdb'));
    expect(row.most).toMatch(/^[1-9][\d.]* [KMGT]iB$/);
  });

  test('locks its settings, so that no SQL of a dataset can change them', async () => {
    await expect(withDuckDb(settings(), (db) => db.run("SET memory_limit = '10GB'"))).rejects.toThrow(
      /locked/,
    );
  });

  test('closes the database when the work throws', async () => {
    const folder = scratch();
    const database = path.join(folder, 'x.duckdb');
    const failing = withDuckDb({ ...settings(), database }, async (db) => {
      await db.run('CREATE TABLE t AS SELECT 1 AS a');
      throw new RangeError('boom');
    });
    await expect(failing).rejects.toThrow('boom');
    // A second instance could not open the file read-write if the first still held it.
    const row = await withDuckDb({ ...settings(), database }, (db) => db.one('SELECT a FROM t'));
    expect(row).toEqual({ a: 1 });
    expect(existsSync(database)).toBe(true);
  });

  test('converts values to JSON without BigInt', async () => {
    const row = await withDuckDb(settings(), (db) =>
      db.one(`SELECT 42::BIGINT AS small, 9007199254740993::BIGINT AS large, 1.50::DECIMAL(9,2) AS decimal,
        DATE '2024-02-29' AS day, TIMESTAMP '2024-02-29 12:00:00' AS moment, MAP {'a': 1} AS map,
        [1::BIGINT, NULL] AS list, {'k': 'v'} AS struct, NULL AS nothing`),
    );
    expect(row).toEqual({
      small: 42,
      large: '9007199254740993',
      decimal: '1.50',
      day: '2024-02-29',
      moment: '2024-02-29 12:00:00',
      map: { a: 1 },
      list: [1, null],
      struct: { k: 'v' },
      nothing: null,
    });
  });

  test('binds parameters', async () => {
    const row = await withDuckDb(settings(), (db) => db.one('SELECT $1 AS a, $2 AS b', ["it's", 7]));
    expect(row).toEqual({ a: "it's", b: 7 });
  });

  test('one() refuses none and several rows', async () => {
    await withDuckDb(settings(), async (db) => {
      await expect(db.one('SELECT 1 WHERE false')).rejects.toThrow('got 0');
      await expect(db.one('FROM range(2)')).rejects.toThrow('got 2');
    });
  });
});

describe('quoting', () => {
  test.each([
    ['plain', '"plain"'],
    ['a"b', '"a""b"'],
    ['drop table x; --', '"drop table x; --"'],
  ])('ident(%s)', (name, quoted) => {
    expect(ident(name)).toBe(quoted);
  });

  test.each(["it's", 'a"b', 'a\\b', 'x\0y', '\0', "';--", '', 'ü✓'])(
    'literal(%j) comes back as it was',
    async (text) => {
      const row = await withDuckDb(settings(), (db) =>
        db.one(`SELECT ${literal(text)} AS v, ${literalList([text])} AS l`),
      );
      expect(row).toEqual({ v: text, l: [text] });
    },
  );
});
