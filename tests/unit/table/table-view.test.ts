import { FolderStore } from '../../../shared/storage/folder-store.ts';
import type { DataFile } from '../../../shared/table/snapshot.ts';
import { createTableView, localPaths, type ViewColumn } from '../../../shared/table/table-view.ts';
import { writeFiles } from '../../../shared/table/write-files.ts';
import { scratch } from '../../helpers/scratch.ts';
import { rowsSql, testDb } from '../../helpers/silver-lake.ts';

const A: ViewColumn = { name: 'a', type: 'INTEGER' };

/** Files of a table in a folder, each from a query. */
const tableOf = async (...queries: string[]) => {
  const store = new FolderStore(scratch());
  const write = async (query: string, folder: string): Promise<DataFile> =>
    await testDb(async (db, scratch) => {
      const keyOf = (file: string) => `t/${folder}/${file}`;
      const [file] = await writeFiles(db, query, store, { keyOf, prefix: 'r', partitionedBy: [], scratch });
      if (file === undefined) throw new Error('no rows');
      return file;
    });
  const files: DataFile[] = [];
  for (const query of queries) files.push(await write(query, 'data'));
  return {
    store,
    files,
    /** Hides rows: `[file, position]`. All masks lie in one object, as a commit writes them. */
    mask: async (...hidden: [number, number][]): Promise<DataFile[]> => {
      const pairs = hidden.map(([file, pos]) => `('${files[file]?.key}', ${pos}::BIGINT)`);
      const mask = await write(rowsSql('file, pos', ...pairs), 'masks');
      return files.map((file, i) =>
        hidden.some(([masked]) => masked === i) ? { ...file, mask: { key: mask.key, rows: 1 } } : file,
      );
    },
    rows: async (of: readonly DataFile[], columns: ViewColumn[] = [A], schema = 's', table = 't') =>
      await testDb(async (db, scratch) => {
        await createTableView(db, { schema, table }, columns, of, store, scratch);
        return await db.all(`FROM "${schema}"."${table}" ORDER BY ALL`);
      }),
  };
};

test('all rows of all files', async () => {
  const { files, rows } = await tableOf(rowsSql('a', '(1)', '(2)'), rowsSql('a', '(2)'));
  expect(await rows(files)).toEqual([{ a: 1 }, { a: 2 }, { a: 2 }]);
  expect(await rows(files.slice(1))).toEqual([{ a: 2 }]);
});

test('no files: an empty view', async () => {
  const { rows } = await tableOf();
  expect(await rows([])).toEqual([]);
});

test('masked rows are hidden, each in its own file', async () => {
  const { files, mask, rows } = await tableOf(
    rowsSql('a', '(1)', '(2)', '(3)'),
    rowsSql('a', '(11)', '(12)', '(13)'),
    rowsSql('a', '(21)', '(22)'),
  );
  const masked = await mask([0, 0], [1, 1], [1, 2]);
  expect(await rows(masked)).toEqual([{ a: 2 }, { a: 3 }, { a: 11 }, { a: 21 }, { a: 22 }]);
  expect(await rows(files)).toHaveLength(8);
});

test('a mask object counts only for the files that name it', async () => {
  const { files, mask, rows } = await tableOf(rowsSql('a', '(1)', '(2)'), rowsSql('a', '(11)', '(12)'));
  const older = await mask([0, 0], [1, 0]);
  const newer = await mask([1, 1]);
  expect(await rows([...older.slice(0, 1), ...newer.slice(1)])).toEqual([{ a: 2 }, { a: 11 }]);
  expect(await rows([...older.slice(0, 1), ...files.slice(1)])).toEqual([{ a: 2 }, { a: 11 }, { a: 12 }]);
});

test('every row may be hidden', async () => {
  const { mask, rows } = await tableOf(rowsSql('a', '(1)'));
  expect(await rows(await mask([0, 0]))).toEqual([]);
});

test('columns are found by name, cast to the type asked for, and NULL where a file lacks them', async () => {
  const { files, rows } = await tableOf(rowsSql('b, a', "('x', 1)"), "SELECT '2' AS a");
  const columns = [A, { name: 'b', type: 'VARCHAR' }, { name: 'c', type: 'DATE' }];
  expect(await rows(files, columns)).toEqual([
    { a: 1, b: 'x', c: null },
    { a: 2, b: null, c: null },
  ]);
});

test('names may hold quotes, and keys whatever a partition value holds', async () => {
  const odd = `it's "odd"`;
  const store = new FolderStore(scratch());
  const partitionedBy = [odd];
  const rows = await testDb(async (db, scratch) => {
    const keyOf = (file: string) => `t/data/${file}`;
    const query = `SELECT 1 AS a, p AS "it's ""odd""" FROM (${rowsSql('p', "('*')", "('[x]')", `('''"')`, "('a/b')")})`;
    const files = await writeFiles(db, query, store, { keyOf, prefix: 'r', partitionedBy, scratch });
    const columns = [{ name: odd, type: 'VARCHAR' }];
    await createTableView(db, { schema: odd, table: odd }, columns, files, store, scratch);
    return await db.all(`FROM "it's ""odd"""."it's ""odd""" ORDER BY ALL`);
  });
  expect(rows.map((row) => row[odd])).toEqual([`'"`, '*', '[x]', 'a/b']);
});

test('a lake may lie in a folder with any name', async () => {
  const store = new FolderStore(`${scratch()}/it's [my] *?`);
  const rows = await testDb(async (db, scratch) => {
    const keyOf = (file: string) => `t/data/${file}`;
    const [file] = await writeFiles(db, rowsSql('a', '(1)', '(2)'), store, {
      keyOf,
      prefix: 'r',
      partitionedBy: [],
      scratch,
    });
    if (file === undefined) throw new Error('no rows');
    const pairs = rowsSql('file, pos', `('${file.key}', 0::BIGINT)`);
    const [mask] = await writeFiles(db, pairs, store, { keyOf, prefix: 'm', partitionedBy: [], scratch });
    const masked = { ...file, mask: { key: mask?.key ?? '', rows: 1 } };
    await createTableView(db, { schema: 's', table: 't' }, [A], [masked], store, scratch);
    return await db.all('FROM s.t');
  });
  expect(rows).toEqual([{ a: 2 }]);
});

test('local paths by key, however many', async () => {
  const store = new FolderStore(scratch());
  const keys = Array.from({ length: 20 }, (_, i) => `k${i}`);
  for (const key of keys) await store.write(key, 'x');
  const paths = await localPaths(store, scratch(), keys);
  expect([...paths.keys()]).toEqual(keys);
  for (const [key, path] of paths) expect(path.endsWith(`/${key}`)).toBe(true);
});
