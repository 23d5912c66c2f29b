import type { Transform } from '../../../../../shared/lake/iceberg/types.ts';
import { FolderStore } from '../../../../../shared/lake/storage/folder-store.ts';
import type { DataFile } from '../../../../../shared/lake/table/data-file.ts';
import type { Workbench } from '../../../../../shared/lake/table/workbench.ts';
import {
  type WriteOptions,
  writeDeletes,
  writeFiles,
} from '../../../../../shared/lake/table/write/write-files.ts';
import { scratch } from '../../../../helpers/scratch.ts';
import { keysIn, rowsSql, testDb } from '../../../../helpers/silver-lake.ts';
import { longTest } from '../../../../helpers/stress.ts';
import { schemaFor, specFor } from '../../../../helpers/table-schema.ts';

interface Options extends Partial<Omit<WriteOptions, 'spec'>> {
  partitionedBy?: readonly (readonly [string, Transform] | string)[];
}

const write = async (
  query: string,
  { partitionedBy = [], ...options }: Options = {},
  store = new FolderStore(scratch()),
): Promise<{
  files: DataFile[];
  stored: string[];
  left: string[];
  read: () => Promise<unknown[]>;
  types: () => Promise<unknown[]>;
}> => {
  const { files, left } = await testDb(async (db, folder) => {
    const evolved = await schemaFor(db, query);
    const fields = partitionedBy.map((field) =>
      typeof field === 'string' ? ([field, 'identity'] as const) : field,
    );
    const files = await writeFiles({ db, store, scratch: `${folder}/scratch` }, query, {
      keyOf: (file) => `t/data/${file}`,
      prefix: 'run',
      schema: evolved.schema,
      spec: specFor(evolved, ...fields),
      ...options,
    });
    return { files, left: await keysIn(new FolderStore(`${folder}/scratch`), '') };
  });
  const paths = await Promise.all(files.map(({ key }) => store.localPath(key, scratch())));
  const read = async (): Promise<unknown[]> =>
    await testDb((db) =>
      db.all('SELECT * FROM read_parquet($1, hive_partitioning = false) ORDER BY ALL', [paths[0] ?? '']),
    );
  const types = async (): Promise<unknown[]> =>
    await testDb((db) =>
      db.all('SELECT name, type, converted_type, logical_type, field_id FROM parquet_schema($1)', [
        paths[0] ?? '',
      ]),
    );
  return { files, left, stored: await keysIn(store, ''), read, types };
};

test('one file without partitions, named after its run and its content', async () => {
  const { files, stored, left, read } = await write(rowsSql('a', '(1)', '(2)'));
  expect(files).toEqual([
    {
      key: expect.stringMatching(/^t\/data\/run-[0-9a-f]{16}\.parquet$/),
      specId: 0,
      partition: {},
      rows: 2,
      bytes: expect.any(Number),
      columns: { 1: { size: expect.any(Number), values: 2, nulls: 0, lower: '1', upper: '2' } },
    },
  ]);
  expect(stored).toEqual(files.map(({ key }) => key));
  expect(left).toEqual([]);
  expect(await read()).toEqual([{ a: 1 }, { a: 2 }]);
});

test('the same content has the same key; other content, or another run’s, another', async () => {
  const store = new FolderStore(scratch());
  const keyOf = async (rows: string, prefix = 'run') => (await write(rows, { prefix }, store)).files[0]?.key;
  const first = await keyOf(rowsSql('a', '(1)'));
  expect(await keyOf(rowsSql('a', '(1)'))).toBe(first);
  expect(await keyOf(rowsSql('a', '(2)'))).not.toBe(first);
  expect(await keyOf(rowsSql('a', '(1)'), 'other')).not.toBe(first);
  expect(await keysIn(store, '')).toHaveLength(3);
});

test.each([[[]], [['a']]])('zero rows are no file (partitioned by %j)', async (partitionedBy) => {
  const { files, stored } = await write(`${rowsSql('a, b', '(1, 2)')} WHERE false`, { partitionedBy });
  expect(files).toEqual([]);
  expect(stored).toEqual([]);
});

test.each([[[]], [['a']]])(
  'a text that all rows share is stored as any text, with its bounds (partitioned by %j)',
  async (partitionedBy) => {
    const rows = rowsSql('a, b, c', "(1, 'it''s a longer text than is kept of bounds', NULL::VARCHAR)");
    const b = "it's a longer text than is kept of bounds";
    const options = { partitionedBy, wholeBounds: ['b'] };
    const plain = await write(rows, options);
    const constant = await write(rows, {
      ...options,
      constants: new Map([
        ['b', b],
        ['c', null],
      ]),
    });
    const [file] = constant.files;
    // A dictionary is stored with it.
    const unsized = Object.entries(plain.files[0]?.columns ?? {}).map(([id, metrics]) => [
      id,
      { ...metrics, size: expect.any(Number) },
    ]);
    expect(file?.columns).toEqual(Object.fromEntries(unsized));
    expect(file?.columns[2]).toMatchObject({ lower: b, upper: b, nulls: 0 });
    expect(file?.columns[3]).toMatchObject({ values: 1, nulls: 1 });
    expect(await constant.read()).toEqual([{ a: 1, b, c: null }]);
    expect(await constant.types()).toEqual(await plain.types());
  },
);

describe('columns', () => {
  const withDb = async <T>(work: (workbench: Workbench, options: WriteOptions) => Promise<T>): Promise<T> =>
    await testDb(async (db, folder) => {
      const evolved = await schemaFor(db, rowsSql('a, b', "(1, 'x')"));
      const keyOf = (file: string) => file;
      const spec = specFor(evolved);
      const options = { keyOf, prefix: 'run', schema: evolved.schema, spec };
      return await work({ db, store: new FolderStore(scratch()), scratch: folder }, options);
    });

  test('are the schema’s, in its order and types, whatever else the query has', async () => {
    await withDb(async (workbench, options) => {
      const { db, store } = workbench;
      const query = rowsSql('c, B, A', "(true, 'x', 1::UTINYINT)");
      const [file] = await writeFiles(workbench, query, options);
      const path = await store.localPath(file?.key ?? '', '');
      expect(await db.describe(`FROM read_parquet('${path}')`)).toEqual([
        { name: 'a', type: 'INTEGER' },
        { name: 'b', type: 'VARCHAR' },
      ]);
    });
  });

  test('that the query lacks are an error, and nothing is stored', async () => {
    await withDb(async (workbench, options) => {
      await expect(writeFiles(workbench, rowsSql('a', '(1)'), options)).rejects.toThrow(/"b"|b not found/);
      expect(await keysIn(workbench.store, '')).toEqual([]);
    });
  });
});

test('rows lie in the order that was asked for', async () => {
  const store = new FolderStore(scratch());
  const { files } = await write(
    'SELECT (i * 7919) % 300000 AS a FROM range(300000) r(i)',
    { order: 'a DESC' },
    store,
  );
  const path = await store.localPath(files[0]?.key ?? '', '');
  const wrong = await testDb((db) =>
    db.one(
      `SELECT count(*) AS n FROM read_parquet('${path}', file_row_number = true) WHERE a != 299999 - file_row_number`,
    ),
  );
  expect(wrong).toEqual({ n: 0 });
});

test('a folder per partition; the files hold the partition columns as well', async () => {
  const { files, read } = await write(rowsSql('a, y, m', '(1, 2024, 1)', '(2, 2024, 2)', '(3, 2024, 2)'), {
    partitionedBy: ['y', 'm'],
  });
  const [first, second] = files.toSorted((a, b) => a.rows - b.rows);
  expect(first).toMatchObject({ specId: 1, partition: { y: '2024', m: '1' }, rows: 1 });
  expect(first?.key).toMatch(/^t\/data\/y=2024\/m=1\/run-[0-9a-f]{16}\.parquet$/);
  expect(second).toMatchObject({ partition: { y: '2024', m: '2' }, rows: 2 });
  expect((await read())[0]).toEqual({ a: 1, y: 2024, m: 1 });
});

test('every partition value is read back unchanged, and NULL as null', async () => {
  const values = [
    'a/b',
    '..',
    '.',
    '',
    ' x ',
    'ü =%&?#+',
    `'"`,
    'NULL',
    'null',
    '__HIVE_DEFAULT_PARTITION__',
    'A',
    'a',
    '😀',
    '*',
    '[x]',
    'x\\y',
    'line\nbreak',
    'ü'.repeat(33),
    '😀'.repeat(300),
    'x'.repeat(64),
    'x'.repeat(65),
    'x'.repeat(5000),
    `${'x'.repeat(5000)}y`,
  ];
  const quoted = values.map((value, i) => `(${i}, '${value.replaceAll("'", "''")}')`);
  const { files, stored } = await write(rowsSql('a, p', ...quoted, '(99, NULL)', "(100, 'z' || chr(0))"), {
    partitionedBy: ['p'],
  });
  const partitions = files.map(({ partition }) => partition.p);
  expect(partitions).toHaveLength(values.length + 2);
  expect(new Set(partitions)).toEqual(new Set([...values, 'z\0', null]));
  expect(files.every(({ rows }) => rows === 1)).toBe(true);
  expect(stored).toHaveLength(files.length);
});

test('keys stay short and plain, however many long values a partition has', async () => {
  const columns = Array.from({ length: 12 }, (_, i) => `p${i}`);
  const long = columns.map((name, i) => `repeat('ü', ${100 + i}) AS ${name}`).join(', ');
  for (const partitionedBy of [columns.slice(0, 1), columns]) {
    const { files } = await write(`SELECT 1 AS a, ${long}`, { partitionedBy });
    expect(files).toHaveLength(1);
    expect(files[0]?.key).toMatch(/^[A-Za-z0-9_.=%~/-]{1,700}$/);
    expect(files[0]?.partition).toEqual(
      Object.fromEntries(partitionedBy.map((name) => [name, 'ü'.repeat(100 + Number(name.slice(1)))])),
    );
  }
});

test.each([
  ['dates', "DATE '2024-02-29'", '2024-02-29'],
  ['timestamps', "TIMESTAMP '2024-02-29 01:02:03.5'", '2024-02-29 01:02:03.5'],
  ['booleans', 'true', 'true'],
  ['decimals', '1.50::DECIMAL(5,2)', '1.50'],
  ['unsigned integers', '18446744073709551615::UBIGINT', '18446744073709551615'],
  ['UUIDs', "'6b0c7c3e-95a1-4d3c-8f0e-000000000001'::UUID", '6b0c7c3e-95a1-4d3c-8f0e-000000000001'],
  ['binary values', "'\\x00a/\\xFF'::BLOB", '\\x00a/\\xFF'],
])('partitions of %s are text', async (_, value, text) => {
  const { files } = await write(`SELECT 1 AS a, ${value} AS p`, { partitionedBy: ['p'] });
  expect(files[0]?.partition).toEqual({ p: text });
});

describe('partitions by a transform', () => {
  const TS = "TIMESTAMP '2024-02-29 01:02:03.5'";
  test.each<[Transform, string, string, string]>([
    ['day', TS, 'p_day', '2024-02-29'],
    ['month', TS, 'p_month', '649'],
    ['year', TS, 'p_year', '54'],
    ['bucket[16]', "'iceberg'", 'p_bucket_16', '9'],
    ['bucket[16]', '34', 'p_bucket_16', '3'],
    ['truncate[3]', "'iceberg'", 'p_trunc_3', 'ice'],
    ['truncate[200]', "repeat('é', 300)", 'p_trunc_200', 'é'.repeat(200)],
    ['truncate[10]', '-1', 'p_trunc_10', '-10'],
  ])('%s of %s', async (transform, value, name, text) => {
    const { files, read } = await write(`SELECT 1 AS a, ${value} AS p UNION ALL SELECT 2, NULL`, {
      partitionedBy: [['p', transform]],
    });
    expect(new Set(files.map(({ partition }) => partition[name]))).toEqual(new Set([text, null]));
    for (const { partition } of files) expect(Object.keys(partition)).toEqual([name]);
    expect(Object.keys((await read())[0] as object)).toEqual(['a', 'p']);
  });

  test('several of one column, with a column that has the name of DuckDB’s', async () => {
    const query = `SELECT 1 AS p0, TIMESTAMP '2024-02-29' + to_days(i::INTEGER) AS p1 FROM range(3) r(i)`;
    const { files } = await write(query, {
      partitionedBy: [
        ['p1', 'month'],
        ['p1', 'day'],
        ['p0', 'void'],
      ],
    });
    expect(files.map(({ partition }) => partition)).toEqual(
      expect.arrayContaining([
        { p1_month: '649', p1_day: '2024-02-29', p0_null: null },
        { p1_month: '650', p1_day: '2024-03-01', p0_null: null },
        { p1_month: '650', p1_day: '2024-03-02', p0_null: null },
      ]),
    );
    expect(files).toHaveLength(3);
  });
});

longTest('files of one partition with equal rows have different keys', async () => {
  // More partitions than DuckDB keeps open: it closes files and begins new ones.
  const { files, stored } = await write('SELECT i % 600 AS p, true AS a FROM range(6000000) r(i)', {
    partitionedBy: ['p'],
  });
  expect(files.length).toBeGreaterThan(600);
  expect(new Set(files.map(({ key }) => key)).size).toBe(files.length);
  expect(stored).toHaveLength(files.length);
  expect(files.reduce((sum, { rows }) => sum + rows, 0)).toBe(6_000_000);
});

test('column names may hold quotes', async () => {
  const name = `it's "odd"`;
  const { files } = await write(`SELECT 7 AS "it's ""odd""", 1 AS a`, { partitionedBy: [name] });
  expect(files[0]).toMatchObject({
    partition: { [name]: '7' },
    columns: { 1: { lower: '7', upper: '7' } },
  });
});

describe('bounds', () => {
  const boundsOf = async (rows: string, wholeBounds: string[] = []) => {
    const column = (await write(rows, { wholeBounds })).files[0]?.columns[1];
    return column?.lower === undefined ? undefined : { min: column.lower, max: column.upper };
  };

  test.each([
    ['integers past 2^53', rowsSql('k', '(9007199254740993)', '(-5)'), '-5', '9007199254740993'],
    [
      'decimals',
      `SELECT k::DECIMAL(30,2) AS k FROM (${rowsSql('k', "('12345678901234567890.12')", "('-0.5')")})`,
      '-0.50',
      '12345678901234567890.12',
    ],
  ])('of %s are exact', async (_, rows, min, max) => {
    expect(await boundsOf(rows)).toEqual({ min, max });
  });

  test('of text are by bytes, whatever it holds', async () => {
    expect(await boundsOf(rowsSql('k', "('é''\"')", "('Z')", "('a')"))).toEqual({ min: 'Z', max: `é'"` });
  });

  test('of text are whole for the columns named, and short for others', async () => {
    const rows = `SELECT repeat('k', 40) AS k`;
    expect(await boundsOf(rows, ['k'])).toEqual({ min: 'k'.repeat(40), max: 'k'.repeat(40) });
    expect(await boundsOf(rows)).toEqual({ min: 'k'.repeat(16), max: `${'k'.repeat(15)}l` });
  });

  test('leave NULL out', async () => {
    expect(await boundsOf(rowsSql('k', '(1)', '(NULL)'))).toMatchObject({ min: '1', max: '1' });
  });

  test('of NULL alone, or of text that Parquet keeps no statistics of, are none', async () => {
    expect(await boundsOf('SELECT NULL::BIGINT AS k')).toBeUndefined();
    expect(await boundsOf("SELECT repeat('é', 3000) AS k", ['k'])).toBeUndefined();
  });
});

describe('position deletes', () => {
  const deletes = async (positions: string) => {
    const store = new FolderStore(scratch());
    const file = await testDb((db, folder) =>
      writeDeletes({ db, store, scratch: folder }, 'file:///lake/t/data/x.parquet', positions, {
        keyOf: (file) => `t/deletes/${file}`,
        prefix: 'run',
      }),
    );
    return { file, store, stored: await keysIn(store, '') };
  };

  test('are Parquet as Iceberg has it, in the order of positions', async () => {
    const { file, store, stored } = await deletes('SELECT pos FROM (VALUES (7), (0), (3)) v(pos)');
    expect(file).toEqual({
      key: expect.stringMatching(/^t\/deletes\/run-[0-9a-f]{16}\.parquet$/),
      rows: 3,
      bytes: expect.any(Number),
    });
    expect(stored).toEqual([file?.key]);
    const path = await store.localPath(file?.key ?? '', '');
    await testDb(async (db) => {
      expect(await db.all(`FROM read_parquet('${path}')`)).toEqual(
        [0, 3, 7].map((pos) => ({ file_path: 'file:///lake/t/data/x.parquet', pos })),
      );
      expect(
        await db.all(`SELECT name, field_id, type FROM parquet_schema('${path}') WHERE field_id IS NOT NULL`),
      ).toEqual([
        { name: 'file_path', field_id: 2147483546, type: 'BYTE_ARRAY' },
        { name: 'pos', field_id: 2147483545, type: 'INT64' },
      ]);
    });
  });

  test('of no rows are no file', async () => {
    const { file, stored } = await deletes('SELECT 1 AS pos WHERE false');
    expect(file).toBeUndefined();
    expect(stored).toEqual([]);
  });
});
