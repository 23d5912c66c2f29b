import type { Db } from '../../../../../shared/engine/with-duckdb.ts';
import type { Evolved } from '../../../../../shared/lake/iceberg/evolve.ts';
import type { Transform } from '../../../../../shared/lake/iceberg/types.ts';
import { FolderStore } from '../../../../../shared/lake/storage/folder-store.ts';
import type { DataFile, TableColumn, ViewColumn } from '../../../../../shared/lake/table/data-file.ts';
import {
  createTableView,
  localPaths,
  readFiles,
  typed,
} from '../../../../../shared/lake/table/read/table-view.ts';
import { writeDeletes, writeFiles } from '../../../../../shared/lake/table/write/write-files.ts';
import { scratch } from '../../../../helpers/scratch.ts';
import { rowsSql, testDb } from '../../../../helpers/silver-lake.ts';
import { schemaFor, specFor } from '../../../../helpers/table-schema.ts';

/** A table in a folder whose schema follows what is written to it. */
class TestTable {
  readonly store: FolderStore;
  readonly files: DataFile[] = [];
  evolved: Evolved | undefined;

  constructor(root = scratch()) {
    this.store = new FolderStore(root);
  }

  /** A file per query (or per partition). `identities` are first names of renamed columns. */
  async write(
    query: string,
    identities: Record<string, string> = {},
    ...partitionedBy: (readonly [string, Transform])[]
  ): Promise<void> {
    await testDb(async (db, folder) => {
      this.evolved = await schemaFor(db, query, this.evolved, identities);
      const written = await writeFiles({ db, store: this.store, scratch: folder }, query, {
        keyOf: (file) => `t/data/${file}`,
        prefix: 'r',
        schema: this.evolved.schema,
        spec: specFor(this.evolved, ...partitionedBy),
      });
      this.files.push(...written);
    });
  }

  /** The files, without the rows at these positions of one of them. */
  async deleteRows(at: number, ...positions: number[]): Promise<DataFile> {
    return await this.deleteSelected(at, `SELECT unnest([${positions.join(', ')}])::BIGINT AS pos`);
  }

  /** The files, without the rows at the positions that a SELECT gives. */
  async deleteSelected(at: number, positions: string): Promise<DataFile> {
    const file = this.files[at] as DataFile;
    const deletes = await testDb((db, folder) =>
      writeDeletes({ db, store: this.store, scratch: folder }, `file:///lake/${file.key}`, positions, {
        keyOf: (name) => `t/deletes/${name}`,
        prefix: 'm',
      }),
    );
    if (deletes === undefined) throw new Error('no rows');
    return { ...file, deletes };
  }

  /** Columns as the view shows them: in the schema's stored types unless others are asked for. */
  columns(...columns: ViewColumn[]): TableColumn[] {
    return columns.map(({ name, type }) => ({
      name,
      type,
      field: this.evolved?.schema.fields.find((field) => field.name === name),
    }));
  }

  async view<T>(
    columns: readonly ViewColumn[],
    work: (db: Db) => Promise<T>,
    files: readonly DataFile[] = this.files,
    name = { schema: 's', table: 't' },
  ): Promise<T> {
    return await testDb(async (db, folder) => {
      await createTableView(
        { db, store: this.store, scratch: folder },
        name,
        this.columns(...columns),
        files,
      );
      return await work(db);
    });
  }

  async rows(columns: readonly ViewColumn[] = [A], files?: readonly DataFile[]): Promise<unknown[]> {
    return await this.view(columns, (db) => db.all('FROM s.t ORDER BY ALL'), files);
  }
}

const A: ViewColumn = { name: 'a', type: 'INTEGER' };

const tableOf = async (...queries: string[]): Promise<TestTable> => {
  const table = new TestTable();
  for (const query of queries) await table.write(query);
  return table;
};

test('all rows of all files', async () => {
  const table = await tableOf(rowsSql('a', '(1)', '(2)'), rowsSql('a', '(2)'));
  expect(await table.rows()).toEqual([{ a: 1 }, { a: 2 }, { a: 2 }]);
  expect(await table.rows([A], table.files.slice(1))).toEqual([{ a: 2 }]);
});

test('no files: an empty view with the right types', async () => {
  const table = await tableOf();
  expect(await table.rows()).toEqual([]);
  expect(await table.view([A, { name: 'b', type: 'DATE' }], (db) => db.describe('FROM s.t'))).toEqual([
    A,
    { name: 'b', type: 'DATE' },
  ]);
});

describe('deleted rows', () => {
  test('are not shown, each in its own file', async () => {
    const table = await tableOf(
      rowsSql('a', '(1)', '(2)', '(3)'),
      rowsSql('a', '(11)', '(12)', '(13)'),
      rowsSql('a', '(21)', '(22)'),
    );
    const withDeletes = [
      await table.deleteRows(0, 0),
      await table.deleteRows(1, 1, 2),
      ...table.files.slice(2),
    ];
    expect(await table.rows([A], withDeletes)).toEqual([{ a: 2 }, { a: 3 }, { a: 11 }, { a: 21 }, { a: 22 }]);
    expect(await table.rows()).toHaveLength(8);
  });

  test('are those of the position deletes that a file names, no others', async () => {
    const table = await tableOf(rowsSql('a', '(1)', '(2)'), rowsSql('a', '(11)', '(12)'));
    const [first, second] = table.files as [DataFile, DataFile];
    const withDeletes = await table.deleteRows(0, 0);
    await table.deleteRows(1, 0);
    const newer = await table.deleteRows(1, 1);
    expect(await table.rows([A], [withDeletes, newer])).toEqual([{ a: 2 }, { a: 11 }]);
    expect(await table.rows([A], [withDeletes, second])).toEqual([{ a: 2 }, { a: 11 }, { a: 12 }]);
    expect(await table.rows([A], [first, newer])).toEqual([{ a: 1 }, { a: 2 }, { a: 11 }]);
  });

  test('may be hundreds of thousands, of several files, and of several snapshots at once', async () => {
    const table = await tableOf(
      rowsSql('a', '(-1)', '(-2)'),
      'SELECT range::INTEGER AS a FROM range(400000)',
      'SELECT (1000000 + range)::INTEGER AS a FROM range(300000)',
      'SELECT (2000000 + range)::INTEGER AS a FROM range(10)',
    );
    const few = [await table.deleteRows(0, 1), ...table.files.slice(3)];
    const odd = [
      ...few,
      await table.deleteSelected(1, 'SELECT range AS pos FROM range(1, 400000, 2)'),
      await table.deleteSelected(2, 'SELECT range AS pos FROM range(1, 300000, 2)'),
    ];
    const late = [...few, await table.deleteSelected(1, 'SELECT range AS pos FROM range(10, 400000)')];
    const sums = (view: string) =>
      `SELECT count(*) AS rows, sum(a)::BIGINT AS total, count(*) FILTER (a < 0) AS few FROM ${view}`;
    await testDb(async (db, folder) => {
      for (const [name, files] of Object.entries({ odd, late }))
        await createTableView(
          { db, store: table.store, scratch: `${folder}/${name}` },
          { schema: 's', table: name },
          table.columns(A),
          files,
        );
      const tens = 10 * 2_000_000 + 45;
      expect(await db.one(sums('s.odd'))).toEqual({
        rows: 1 + 10 + 200_000 + 150_000,
        total: -1 + tens + 200_000 * 199_999 + 150_000 * (1_000_000 + 149_999),
        few: 1,
      });
      expect(await db.one(sums('s.late'))).toEqual({ rows: 1 + 10 + 10, total: -1 + tens + 45, few: 1 });
    });
  });

  test('may be all rows', async () => {
    const table = await tableOf(rowsSql('a', '(1)'));
    expect(await table.rows([A], [await table.deleteRows(0, 0)])).toEqual([]);
  });
});

test('columns are found by id, cast to the wanted type, and NULL if a file or the table lacks them', async () => {
  const table = await tableOf(rowsSql('b, a', "('x', 1)"), rowsSql('a, b', '(2, NULL::VARCHAR)'));
  await table.write(rowsSql('a', '(3)'));
  await table.write("SELECT 4 AS a, 'y' AS b");
  const columns = [
    { name: 'a', type: 'UTINYINT' },
    { name: 'b', type: 'VARCHAR' },
    { name: 'c', type: 'DATE' },
  ];
  expect(await table.rows(columns)).toEqual([
    // The column `b` that came last has nothing to do with the one that was dropped.
    { a: 1, b: null, c: null },
    { a: 2, b: null, c: null },
    { a: 3, b: null, c: null },
    { a: 4, b: 'y', c: null },
  ]);
  expect(await table.rows(columns.slice(2))).toEqual(Array(4).fill({ c: null }));
});

test('a renamed column keeps its values, also when two columns swap their names', async () => {
  const table = await tableOf(rowsSql('a, b', "(1, 'x')"));
  await table.write(rowsSql('c, b', "(2, 'y')"), { c: 'a' });
  await table.write(rowsSql('b, a', "(3, 'z')"), { b: 'a', a: 'b' });
  const columns = [
    { name: 'b', type: 'INTEGER' },
    { name: 'a', type: 'VARCHAR' },
  ];
  const rows = [
    { b: 1, a: 'x' },
    { b: 2, a: 'y' },
    { b: 3, a: 'z' },
  ];
  expect(await table.rows(columns)).toEqual(rows);
  const withDeletes = [await table.deleteRows(0, 0), ...table.files.slice(1)];
  expect(await table.rows(columns, withDeletes)).toEqual(rows.slice(1));
});

test('widened columns have the values of all files', async () => {
  const table = await tableOf('SELECT 1::INTEGER AS i, 0.5::FLOAT AS f, 1.25::DECIMAL(5, 2) AS d');
  await table.write(
    "SELECT 9007199254740993 AS i, 0.1::DOUBLE AS f, '12345678901234567890.12'::DECIMAL(38, 2) AS d",
  );
  const columns = [
    { name: 'i', type: 'BIGINT' },
    { name: 'f', type: 'DOUBLE' },
    { name: 'd', type: 'DECIMAL(38,2)' },
  ];
  expect(await table.rows(columns)).toEqual([
    { i: 1, f: 0.5, d: '1.25' },
    { i: '9007199254740993', f: 0.1, d: '12345678901234567890.12' },
  ]);
});

/** DuckDB type and values, NULL aside. */
const TYPES: [type: string, ...values: string[]][] = [
  ['BOOLEAN', 'true', 'false'],
  ['TINYINT', '-128', '127'],
  ['SMALLINT', '-32768', '32767'],
  ['INTEGER', '-2147483648', '2147483647'],
  ['BIGINT', '-9223372036854775808', '9223372036854775807'],
  ['UTINYINT', '0', '255'],
  ['USMALLINT', '65535'],
  ['UINTEGER', '4294967295'],
  ['UBIGINT', '0', '18446744073709551615'],
  ['FLOAT', '0.1', "'-inf'", "'nan'"],
  ['DOUBLE', '0.1', '1e308', "'nan'"],
  ['DECIMAL(4,1)', '-999.9', '0.1'],
  ['DECIMAL(9,9)', '0.123456789'],
  ['DECIMAL(18,3)', '-123456789012345.678'],
  ['DECIMAL(38,10)', "'1234567890123456789012345678.0123456789'", "'-0.0000000001'"],
  ['DECIMAL(38,38)', "'0.99999999999999999999999999999999999999'"],
  ['VARCHAR', "''", "'é 😀'", "'a' || chr(0) || 'b'"],
  ['BLOB', "'\\x00\\xFF'", "''"],
  ['UUID', "'6b0c7c3e-95a1-4d3c-8f0e-000000000001'"],
  ['JSON', `'{"a": [1, null]}'`, "'null'"],
  ['DATE', "'0001-01-01'", "'9999-12-31'"],
  ['TIME', "'23:59:59.999999'"],
  ['TIMESTAMP', "'1969-12-31 23:59:59.999999'", "'9999-12-31 23:59:59'"],
  ['TIMESTAMP_S', "'2024-02-29 01:02:03'"],
  ['TIMESTAMP_MS', "'2024-02-29 01:02:03.004'"],
  ['TIMESTAMP_NS', "'2024-02-29 01:02:03.004005'"],
  ['TIMESTAMP WITH TIME ZONE', "'2024-02-29 01:02:03.004005+05'"],
  ["ENUM('x', 'y')", "'y'"],
  ['INTEGER[]', '[1, NULL]', '[]'],
  ['UBIGINT[][]', '[[18446744073709551615], [], NULL]'],
  ['DECIMAL(20,2)[3]', '[1.25, NULL, 3]'],
  [
    'STRUCT(a UTINYINT, "b c" STRUCT(d DATE[]))',
    "{'a': 255, 'b c': {'d': ['2024-02-29', NULL]}}",
    "{'a': NULL, 'b c': NULL}",
  ],
  ['MAP(VARCHAR, BIGINT)', "MAP {'k': 1, 'l': NULL}", 'MAP {}'],
  ['MAP(INTEGER, STRUCT(x VARCHAR, y JSON)[])', `MAP {1: [{'x': 'é', 'y': '[1]'}, NULL], 2: []}`],
];

test.each(TYPES)('values of %s come back as they were', async (type, ...values) => {
  const query = `SELECT i, v::${type} AS v FROM (${values.map((value, i) => `SELECT ${i} AS i, CAST(${value} AS ${type}) AS v`).join(' UNION ALL ')} UNION ALL SELECT 99, NULL)`;
  const table = await tableOf(query, `${query} ORDER BY i DESC`);
  const columns = [
    { name: 'i', type: 'INTEGER' },
    { name: 'v', type },
  ];
  await table.view(columns, async (db) => {
    expect(
      await db.one(
        `SELECT count(*) AS n FROM (${query}) AS a JOIN s.t AS b USING (i) WHERE a.v IS DISTINCT FROM b.v`,
      ),
    ).toEqual({ n: 0 });
    expect(await db.one('SELECT count(*) AS n FROM s.t')).toEqual({ n: 2 * (values.length + 1) });
    expect(await db.describe('SELECT v FROM s.t')).toEqual(await db.describe(`SELECT v FROM (${query})`));
  });
});

describe('members of structs', () => {
  const S = (type: string): ViewColumn[] => [{ name: 's', type }];

  test('that were added are NULL in older files', async () => {
    const table = await tableOf("SELECT {'x': 1} AS s UNION ALL SELECT NULL");
    await table.write("SELECT {'y': 'new', 'x': 2} AS s");
    expect(await table.rows(S('STRUCT(x INTEGER, y VARCHAR)'))).toEqual([
      { s: { x: 1, y: null } },
      { s: { x: 2, y: 'new' } },
      { s: null },
    ]);
  });

  test('that replace dropped ones of the same name do not have their values', async () => {
    const table = await tableOf("SELECT {'x': 'old', 'y': 1} AS s");
    await table.write("SELECT {'y': 2} AS s");
    await table.write("SELECT {'y': 3, 'X': DATE '2024-02-29'} AS s");
    expect(await table.rows(S('STRUCT(y INTEGER, "X" DATE)'))).toEqual([
      { s: { y: 1, X: null } },
      { s: { y: 2, X: null } },
      { s: { y: 3, X: '2024-02-29' } },
    ]);
  });

  test('may all differ from those of older files', async () => {
    const table = await tableOf("SELECT {'x': {'z': [1]}} AS s UNION ALL SELECT NULL");
    await table.write("SELECT {'x': {'z': [2]}, 'y': 1} AS s");
    await table.write("SELECT {'y': 2} AS s");
    expect(await table.rows(S('STRUCT(y INTEGER)'))).toEqual([
      { s: { y: 1 } },
      { s: { y: 2 } },
      { s: { y: null } },
      { s: null },
    ]);
  });

  test('are found by id at every depth, without deleted rows', async () => {
    const table = await tableOf(
      "SELECT [{'m': MAP {'k': {'old': 1, 'n': 1::INTEGER}}}, NULL] AS s UNION ALL SELECT [{'m': NULL}] UNION ALL SELECT NULL UNION ALL SELECT []",
    );
    // A member's id stays when any program renames it.
    const renamed = JSON.parse(JSON.stringify(table.evolved).replace('"old"', '"new"')) as Evolved;
    table.evolved = renamed;
    await table.write("SELECT [{'m': MAP {'k': {'new': 2, 'n': 5000000000, 'more': true}}}] AS s");
    const columns = S('STRUCT(m MAP(VARCHAR, STRUCT("new" INTEGER, n BIGINT, more BOOLEAN)))[]');
    const rows = [
      { s: [] },
      { s: [{ m: { k: { new: 1, n: 1, more: null } } }, null] },
      { s: [{ m: { k: { new: 2, n: 5_000_000_000, more: true } } }] },
      { s: [{ m: null }] },
      { s: null },
    ];
    expect(await table.rows(columns)).toEqual(rows);
    const withDeletes = [await table.deleteRows(0, 0, 3), ...table.files.slice(1)];
    expect(await table.rows(columns, withDeletes)).toEqual(rows.slice(2));
  });
});

test('names may hold quotes, and keys whatever a partition value holds', async () => {
  const odd = `it's "odd"`;
  const table = new TestTable();
  const query = `SELECT 1 AS a, p AS "it's ""odd""" FROM (${rowsSql('p', "('*')", "('[x]')", `('''"')`, "('a/b')")})`;
  await table.write(query, {}, [odd, 'identity']);
  expect(table.files).toHaveLength(4);
  const columns = [{ name: odd, type: 'VARCHAR' }];
  const read = (db: Db) => db.all(`FROM "it's ""odd"""."it's ""odd""" ORDER BY ALL`);
  const rows = await table.view(columns, read, undefined, { schema: odd, table: odd });
  expect(rows.map((row) => row[odd])).toEqual([`'"`, '*', '[x]', 'a/b']);
});

test('columns may be called as DuckDB calls its own', async () => {
  const query =
    "SELECT 1 AS filename, 2 AS file_row_number, 3 AS _path, {'f1': 4} AS f1, 5 AS pair, 6 AS deletes";
  const table = await tableOf(`${query} UNION ALL ${query}`);
  const names = ['filename', 'file_row_number', '_path', 'pair', 'deletes'];
  const columns = [
    ...names.map((name) => ({ name, type: 'INTEGER' })),
    { name: 'f1', type: 'STRUCT(f1 INTEGER)' },
  ];
  const row = { filename: 1, file_row_number: 2, _path: 3, pair: 5, deletes: 6, f1: { f1: 4 } };
  expect(await table.rows(columns)).toEqual([row, row]);
  expect(await table.rows(columns, [await table.deleteRows(0, 1)])).toEqual([row]);
});

test('a lake may lie in a folder with any name', async () => {
  const table = new TestTable(`${scratch()}/it's [my] *?`);
  await table.write(rowsSql('a', "({'x': 1})", "({'x': 2})"));
  await table.write(rowsSql('a', "({'x': 3, 'y': 3})"));
  const withDeletes = [await table.deleteRows(0, 0), ...table.files.slice(1)];
  expect(await table.rows([{ name: 'a', type: 'STRUCT(x INTEGER, y INTEGER)' }], withDeletes)).toEqual([
    { a: { x: 2, y: null } },
    { a: { x: 3, y: 3 } },
  ]);
});

test('filters and projections reach the files, with and without deletes', async () => {
  const table = await tableOf(
    ...[0, 1].map((i) => `SELECT i AS a, i::VARCHAR AS b, ${i} AS c FROM range(9) r(i)`),
  );
  const columns = [
    { name: 'a', type: 'BIGINT' },
    { name: 'b', type: 'VARCHAR' },
    { name: 'c', type: 'INTEGER' },
  ];
  for (const files of [table.files, [await table.deleteRows(0, 0), ...table.files.slice(1)]]) {
    const plan = await table.view(
      columns,
      (db) =>
        db.all<{ explain_value: string }>("EXPLAIN (FORMAT json) SELECT c FROM s.t WHERE a > 5 AND b = '7'"),
      files,
    );
    const scans = scansIn(JSON.parse(plan[0]?.explain_value ?? '')).filter(
      ({ Filters }) => Filters !== undefined,
    );
    expect(scans).toHaveLength(files === table.files ? 1 : 2);
    for (const { Filters, Projections } of scans) {
      expect([Filters].flat().toSorted()).toEqual(['f1>5', "f2='7'"]);
      expect([Projections].flat()).not.toContain('f2');
    }
  }
});

interface Plan {
  name: string;
  extra_info: Record<string, string | string[]>;
  children: Plan[];
}

const scansIn = (plans: Plan[]): Plan['extra_info'][] =>
  plans.flatMap(({ name, extra_info, children }) => [
    ...(name.trim() === 'READ_PARQUET' ? [extra_info] : []),
    ...scansIn(children),
  ]);

test('rows of files with their positions, by the current names of columns', async () => {
  const table = await tableOf(rowsSql('a, b', '(1, 2)', '(3, 4)'));
  await table.write(rowsSql('c, a', '(5, 6)'), { c: 'b' });
  const paths = [
    ...(
      await localPaths(
        { store: table.store, scratch: '' },
        table.files.map(({ key }) => key),
      )
    ).values(),
  ];
  const fields = (table.evolved?.schema.fields ?? []).filter(({ name }) => name === 'c');
  const rows = await testDb((db) =>
    db.all(`FROM (${readFiles(paths, fields, { positions: true })}) ORDER BY c`),
  );
  expect(rows).toEqual([
    { c: 2, _path: paths[0], file_row_number: 0 },
    { c: 4, _path: paths[0], file_row_number: 1 },
    { c: 5, _path: paths[1], file_row_number: 0 },
  ]);
});

test('rows without field ids are typed by name', async () => {
  const columns = [A, { name: 'b', type: 'VARCHAR' }];
  await testDb(async (db) => {
    expect(await db.all(typed(columns, "SELECT '2' AS a"))).toEqual([{ a: 2, b: null }]);
    expect(await db.all(typed(columns, undefined))).toEqual([]);
  });
});

test('local paths by key, however many', async () => {
  const store = new FolderStore(scratch());
  const keys = Array.from({ length: 20 }, (_, i) => `k${i}`);
  for (const key of keys) await store.write(key, 'x');
  const paths = await localPaths({ store, scratch: scratch() }, keys);
  expect([...paths.keys()]).toEqual(keys);
  for (const [key, path] of paths) expect(path.endsWith(`/${key}`)).toBe(true);
});
