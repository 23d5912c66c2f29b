import { FolderStore } from '../../../shared/storage/folder-store.ts';
import type { DataFile } from '../../../shared/table/snapshot.ts';
import { type WriteOptions, writeFiles } from '../../../shared/table/write-files.ts';
import { scratch } from '../../helpers/scratch.ts';
import { keysIn, rowsSql, testDb } from '../../helpers/silver-lake.ts';

const write = async (
  query: string,
  options: Partial<WriteOptions> = {},
  store = new FolderStore(scratch()),
): Promise<{ files: DataFile[]; stored: string[]; read: () => Promise<unknown[]> }> => {
  const files = await testDb((db, folder) =>
    writeFiles(db, query, store, {
      keyOf: (file) => `t/data/${file}`,
      prefix: 'run',
      partitionedBy: [],
      scratch: folder,
      ...options,
    }),
  );
  const paths = await Promise.all(files.map(({ key }) => store.localPath(key, scratch())));
  const read = async (): Promise<unknown[]> =>
    await testDb((db) => db.all('SELECT * FROM read_parquet($1) ORDER BY ALL', [paths[0] ?? '']));
  return { files, stored: await keysIn(store, ''), read };
};

test('one file without partitions, named for its run and its content', async () => {
  const { files, stored, read } = await write(rowsSql('a', '(1)', '(2)'));
  expect(files).toEqual([
    {
      key: expect.stringMatching(/^t\/data\/run-[0-9a-f]{16}\.parquet$/),
      partition: {},
      rows: 2,
      bytes: expect.any(Number),
    },
  ]);
  expect(stored).toEqual(files.map(({ key }) => key));
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

test('a folder per partition; the files hold the partition columns as well', async () => {
  const { files, read } = await write(rowsSql('a, y, m', '(1, 2024, 1)', '(2, 2024, 2)', '(3, 2024, 2)'), {
    partitionedBy: ['y', 'm'],
  });
  const [first, second] = files.toSorted((a, b) => a.rows - b.rows);
  expect(first).toMatchObject({ partition: { y: '2024', m: '1' }, rows: 1 });
  expect(first?.key).toMatch(/^t\/data\/y=2024\/m=1\/run-[0-9a-f]{16}\.parquet$/);
  expect(second).toMatchObject({ partition: { y: '2024', m: '2' }, rows: 2 });
  expect((await read())[0]).toHaveProperty('y', 2024);
});

test('every partition value comes back as it is, and NULL as null', async () => {
  const values = [
    'a/b',
    '..',
    '.',
    '',
    ' x ',
    'ü =%&?#+',
    `'"`,
    'NULL',
    '__HIVE_DEFAULT_PARTITION__',
    'A',
    'a',
    '😀',
    '*',
    '[x]',
  ];
  const quoted = values.map((value, i) => `(${i}, '${value.replaceAll("'", "''")}')`);
  const { files, stored } = await write(rowsSql('a, p', ...quoted, '(99, NULL)'), { partitionedBy: ['p'] });
  const partitions = files.map(({ partition }) => partition.p);
  expect(partitions).toHaveLength(values.length + 1);
  expect(new Set(partitions)).toEqual(new Set([...values, null]));
  expect(files.every(({ rows }) => rows === 1)).toBe(true);
  expect(stored).toHaveLength(files.length);
});

test.each([
  ['dates', "DATE '2024-02-29'", '2024-02-29'],
  ['timestamps', "TIMESTAMP '2024-02-29 01:02:03.5'", '2024-02-29 01:02:03.5'],
  ['booleans', 'true', 'true'],
  ['decimals', '1.50::DECIMAL(5,2)', '1.50'],
])('partitions of %s are text', async (_, value, text) => {
  const { files } = await write(`SELECT 1 AS a, ${value} AS p`, { partitionedBy: ['p'] });
  expect(files[0]?.partition).toEqual({ p: text });
});

test('column names may hold quotes', async () => {
  const name = `it's "odd"`;
  const { files } = await write(`SELECT 7 AS "it's ""odd""", 1 AS a`, {
    partitionedBy: [name],
    bounds: { column: name, type: 'INTEGER' },
  });
  expect(files[0]).toMatchObject({
    partition: { [name]: '7' },
    keyBounds: { min: '7', max: '7', column: name, type: 'INTEGER' },
  });
});

describe('bounds', () => {
  const boundsOf = async (rows: string, type = 'BIGINT') =>
    (await write(rows, { bounds: { column: 'k', type } })).files[0]?.keyBounds;

  test.each([
    ['integers past 2^53', rowsSql('k', '(9007199254740993)', '(-5)'), '-5', '9007199254740993'],
    [
      'decimals',
      `SELECT k::DECIMAL(30,2) AS k FROM (${rowsSql('k', "('12345678901234567890.12')", "('-0.5')")})`,
      '-0.50',
      '12345678901234567890.12',
    ],
  ])('of %s are exact', async (_, rows, min, max) => {
    expect(await boundsOf(rows)).toEqual({ min, max, column: 'k', type: 'BIGINT' });
  });

  test('of text are by bytes, whatever it holds', async () => {
    expect(await boundsOf(rowsSql('k', "('é''\"')", "('Z')", "('a')"), 'VARCHAR')).toEqual({
      min: 'Z',
      max: `é'"`,
      column: 'k',
      type: 'VARCHAR',
    });
  });

  test('leave NULL out', async () => {
    expect(await boundsOf(rowsSql('k', '(1)', '(NULL)'))).toMatchObject({ min: '1', max: '1' });
  });

  test('of NULL alone, or of text that Parquet keeps no statistics of, are none', async () => {
    expect(await boundsOf('SELECT NULL::BIGINT AS k')).toBeUndefined();
    expect(await boundsOf("SELECT repeat('é', 3000) AS k", 'VARCHAR')).toBeUndefined();
  });
});
