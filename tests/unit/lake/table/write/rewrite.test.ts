import type { Row } from '../../../../../shared/engine/values.ts';
import type { Db } from '../../../../../shared/engine/with-duckdb.ts';
import type { Evolved } from '../../../../../shared/lake/iceberg/evolve.ts';
import { FolderStore } from '../../../../../shared/lake/storage/folder-store.ts';
import type { DataFile } from '../../../../../shared/lake/table/data-file.ts';
import { createTableView } from '../../../../../shared/lake/table/read/table-view.ts';
import {
  type RewriteOptions,
  type Rewritten,
  rewriteFiles,
} from '../../../../../shared/lake/table/write/rewrite.ts';
import { writeDeletes, writeFiles } from '../../../../../shared/lake/table/write/write-files.ts';
import { scratch } from '../../../../helpers/scratch.ts';
import { rowsSql, testDb } from '../../../../helpers/silver-lake.ts';
import { schemaFor, specFor } from '../../../../helpers/table-schema.ts';

const dataKey = (name: string) => `t/data/${name}`;
const deletesKey = (name: string) => `t/deletes/${name}`;
const uriOf = (key: string) => `s3://bucket/${key}`;

const rows = (...values: string[]) => rowsSql('source, nr, v', ...values);

/** A table whose rows are identified by source and number. */
class Files {
  readonly store = new FolderStore(scratch());
  readonly db: Db;
  readonly folder: string;
  columns: Evolved | undefined;

  constructor(db: Db, folder: string) {
    this.db = db;
    this.folder = folder;
  }

  /** One file of these rows, with those at some positions deleted. */
  async write(sql: string, ...deleted: number[]): Promise<DataFile> {
    const { db, store, folder } = this;
    this.columns ??= await schemaFor(db, sql);
    const { schema } = this.columns;
    const workbench = { db, store, scratch: folder };
    const [file] = await writeFiles(workbench, sql, {
      prefix: 'w',
      keyOf: dataKey,
      schema,
      spec: specFor(this.columns),
    });
    if (file === undefined) throw new Error('no rows');
    if (deleted.length === 0) return file;
    const positions = `SELECT unnest([${deleted.join(', ')}])::BIGINT AS pos`;
    const deletes = await writeDeletes(workbench, uriOf(file.key), positions, {
      prefix: 'w',
      keyOf: deletesKey,
    });
    return deletes === undefined ? file : { ...file, deletes };
  }

  async rewrite(
    files: readonly DataFile[],
    of: Partial<RewriteOptions> = {},
    db: Db = this.db,
  ): Promise<Rewritten[]> {
    const { store, folder } = this;
    if (this.columns === undefined) throw new Error('no files');
    return await rewriteFiles({ db, store, scratch: folder }, files, {
      schema: this.columns.schema,
      spec: specFor(this.columns),
      prefix: 'r',
      dataKey,
      deletesKey,
      uriOf,
      identity: ['source', 'nr'],
      ...of,
    });
  }

  /** The rows that a view of the files shows. */
  async show(...files: DataFile[]): Promise<Row[]> {
    const { db, store, folder } = this;
    const columns = (this.columns?.schema.fields ?? []).map((field) => ({
      name: field.name,
      type: field.type === 'string' ? 'VARCHAR' : 'BIGINT',
      field,
    }));
    await createTableView({ db, store, scratch: folder }, { schema: 's', table: 't' }, columns, files);
    return await db.all('FROM s.t ORDER BY ALL');
  }
}

const withFiles = (work: (files: Files) => Promise<void>) =>
  testDb((db, folder) => work(new Files(db, folder)));

const whole = ([first, ...rest]: readonly Rewritten[]): DataFile => {
  if (first === undefined || rest.length > 0) throw new Error('not one file');
  return { ...first.file, ...(first.deletes && { deletes: first.deletes }) };
};

test('files become one, with all rows, and the bounds of the identity columns are whole', () =>
  withFiles(async (t) => {
    const long = 'x'.repeat(40);
    const files = [
      await t.write(rows(`('${long}a', 1, 'one')`, `('${long}a', 2, 'two')`)),
      await t.write(rows(`('${long}b', 1, 'three')`)),
    ];
    const before = await t.show(...files);
    const file = whole(await t.rewrite(files));
    expect(file).toMatchObject({ rows: 3, key: expect.stringMatching(/^t\/data\/r-[0-9a-f]{16}\.parquet$/) });
    expect(file.deletes).toBeUndefined();
    expect(await t.show(file)).toEqual(before);
    expect(file.columns[1]).toMatchObject({ lower: `${long}a`, upper: `${long}b` });
  }));

test('deleted rows stay deleted, and are still in the file', () =>
  withFiles(async (t) => {
    const files = [
      await t.write(rows("('a', 1, 'a1')", "('a', 2, 'a2')", "('a', 3, 'a3')"), 0, 2),
      await t.write(rows("('b', 1, 'b1')", "('b', 2, 'b2')")),
      await t.write(rows("('c', 1, 'c1')", "('c', 2, 'c2')"), 1),
    ];
    const before = await t.show(...files);
    expect(before.map(({ v }) => v)).toEqual(['a2', 'b1', 'b2', 'c1']);
    const file = whole(await t.rewrite(files));
    expect(file).toMatchObject({
      rows: 7,
      deletes: { rows: 3, key: expect.stringMatching(/^t\/deletes\/r-/) },
    });
    expect(await t.show(file)).toEqual(before);
    const { deletes: _, ...bare } = file;
    expect(await t.show(bare)).toHaveLength(7);
    // And once more, with position deletes of a file that was rewritten before.
    const again = whole(await t.rewrite([file]));
    expect(await t.show(again)).toEqual(before);
    expect(again.deletes?.rows).toBe(3);
  }));

test('rows that are not kept are dropped, with their position deletes', () =>
  withFiles(async (t) => {
    const files = [
      await t.write(rows("('a', 1, 'a1')", "('a', 2, 'a2')"), 0),
      await t.write(rows("('b', 1, 'b1')", "('b', 2, 'b2')"), 1),
    ];
    const file = whole(await t.rewrite(files, { keep: "source <> 'a'" }));
    expect(file).toMatchObject({ rows: 2, deletes: { rows: 1 } });
    expect((await t.show(file)).map(({ v }) => v)).toEqual(['b1']);
    const none = whole(await t.rewrite(files, { keep: "v IN ('a2', 'b1')" }));
    expect(none).toMatchObject({ rows: 2 });
    expect(none.deletes).toBeUndefined();
    expect(await t.rewrite(files, { keep: 'false' })).toEqual([]);
  }));

test('files of before and after a column was renamed, widened or added become one', () =>
  withFiles(async (t) => {
    const old = await t.write(
      rowsSql('source, nr, word, n', "('a', 1, 'one', 7::INTEGER)", "('a', 2, 'two', 8::INTEGER)"),
      1,
    );
    const query = rowsSql('n, source, nr, more, term', "(3000000000, 'b', 1, 'new', 'three')");
    t.columns = await schemaFor(t.db, query, t.columns, { term: 'word' });
    const files = [old, await t.write(query)];
    const before = await t.show(...files);
    const file = whole(await t.rewrite(files));
    expect(await t.show(file)).toEqual(before);
    expect(before).toMatchObject([
      { n: 7, source: 'a', more: null, term: 'one' },
      { n: 3_000_000_000, source: 'b', more: 'new', term: 'three' },
    ]);
    expect(file.deletes?.rows).toBe(1);
  }));

test('a file whose rows are all deleted stays, since they may be restored', () =>
  withFiles(async (t) => {
    const file = whole(await t.rewrite([await t.write(rows("('a', 1, 'a1')", "('a', 2, 'a2')"), 0, 1)]));
    expect(file).toMatchObject({ rows: 2, deletes: { rows: 2 } });
    expect(await t.show(file)).toEqual([]);
  }));

test('deleted rows stay deleted, also if their identities do not fit into memory at once', () =>
  withFiles(async (t) => {
    const query = (source: string) =>
      `SELECT '${source}' AS source, i AS nr, '${source}' || i AS v FROM range(3000) AS t(i)`;
    const even = Array.from({ length: 1500 }, (_, i) => 2 * i);
    const files = [
      await t.write(query('a'), ...even),
      await t.write(query('b')),
      await t.write(query('c'), 7),
    ];
    const before = await t.show(...files);
    expect(before).toHaveLength(7499);
    const statements: string[] = [];
    const run = async (sql: string): Promise<void> => {
      statements.push(sql);
      await t.db.run(sql);
    };
    const file = whole(await t.rewrite(files, {}, { ...t.db, run, memoryMb: 0.1 }));
    expect(file).toMatchObject({ rows: 9000, deletes: { rows: 1501 } });
    expect(await t.show(file)).toEqual(before);
    expect(statements.filter((sql) => sql.includes('SEMI JOIN')).length).toBeGreaterThan(1);
  }));
