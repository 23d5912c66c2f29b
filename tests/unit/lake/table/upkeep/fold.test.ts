import { FolderStore } from '../../../../../shared/lake/storage/folder-store.ts';
import { Table } from '../../../../../shared/lake/table/commit/table.ts';
import { tableColumns } from '../../../../../shared/lake/table/commit/table-schema.ts';
import { createTableView } from '../../../../../shared/lake/table/read/table-view.ts';
import {
  type Folded,
  type Folding,
  foldRows,
  noteProperties,
} from '../../../../../shared/lake/table/upkeep/fold.ts';
import { scratch } from '../../../../helpers/scratch.ts';
import { testDb } from '../../../../helpers/silver-lake.ts';

const COLUMNS = [
  { identity: 'id', name: 'id', type: 'VARCHAR', required: false },
  { identity: 'at', name: 'at', type: 'TIMESTAMP', required: false },
  { identity: 'tags', name: 'tags', type: 'STRUCT(a BIGINT)[]', required: false },
];
/** Objects that have several rows of one key each, as those of quarantine. */
const ROWS: Folding = {
  table: 't',
  columns: COLUMNS,
  partitionedBy: [{ name: 'at_day', column: 'at', transform: 'day' }],
  key: 'id',
  order: ['at', 'id'],
};

/** A SELECT of rows `id day number`. */
const select = (...rows: string[]): string =>
  rows
    .map((row) => {
      const [id, day, number] = row.split(' ');
      return `SELECT '${id}' AS id, TIMESTAMP '2026-01-0${day} 12:00' AS at, [{'a': ${number}}] AS tags`;
    })
    .join(' UNION ALL ');

/** Folds each portion, and returns what became of each, and the rows of the table, in the same notation. */
const foldAll = async (
  portions: readonly (readonly string[])[],
  { anywhere = false, folding = ROWS }: { anywhere?: boolean; folding?: Folding } = {},
): Promise<{ folded: Folded[]; rows: string[]; commits: number | undefined }> =>
  await testDb(async (db, folder) => {
    const workbench = { db, store: new FolderStore(scratch()), scratch: folder };
    const folded: Folded[] = [];
    for (const portion of portions) {
      const given = { rows: select(...portion), anywhere, runId: 'maintenance' };
      folded.push((await foldRows(workbench, folding, given)).outcome);
    }
    const snapshot = await new Table(workbench.store, 't').current();
    const files = (await snapshot?.files()) ?? [];
    await createTableView(
      workbench,
      { schema: 'main', table: 'found' },
      tableColumns(snapshot, COLUMNS),
      files,
    );
    const rows = await db.all<{ text: string }>(
      "SELECT id || ' ' || day(found.at) || ' ' || tags[1].a AS text FROM found ORDER BY text",
    );
    return { folded, rows: rows.map(({ text }) => text), commits: snapshot?.version };
  });

test('the rows of a key are replaced together by those that are folded later', async () => {
  const { folded, rows } = await foldAll([
    ['x 1 1', 'x 1 2', 'y 1 3', 'z 2 4'],
    ['x 1 5', 'v 1 6'],
  ]);
  expect(folded).toEqual([
    { added: 4, replaced: 0 },
    { added: 2, replaced: 2 },
  ]);
  expect(rows).toEqual(['v 1 6', 'x 1 5', 'y 1 3', 'z 2 4']);
});

test('folding the same rows again changes nothing that a reader sees', async () => {
  const portion = ['x 1 1', 'x 1 2', 'y 2 3'];
  const { folded, rows } = await foldAll([portion, portion]);
  expect(folded[1]).toEqual({ added: 3, replaced: 3 });
  expect(rows).toEqual(portion);
});

test.each([
  [true, ['x 2 2', 'y 1 3']],
  [false, ['x 1 1', 'x 2 2', 'y 1 3']],
])(
  'rows of a key in other partitions are replaced if they are looked for: %s',
  async (anywhere, expected) => {
    expect((await foldAll([['x 1 1', 'y 1 3'], ['x 2 2']], { anywhere })).rows).toEqual(expected);
  },
);

test('with a version, the later row stays, whatever the order in which they are folded', async () => {
  const options = { anywhere: true, folding: { ...ROWS, version: 'at' } };
  const first = await foldAll([['x 1 1', 'y 1 3'], ['x 2 2']], options);
  const last = await foldAll([['x 2 2'], ['x 1 1', 'y 1 3']], options);
  expect(first.rows).toEqual(['x 2 2', 'y 1 3']);
  expect(last.rows).toEqual(first.rows);
  expect(last.folded[1]).toEqual({ added: 1, replaced: 0 });
  const again = await foldAll([['x 2 2'], ['x 1 1'], ['x 2 2']], options);
  expect(again).toMatchObject({ rows: ['x 2 2'], commits: 1 });
});

test('properties are noted without a row, and before the first commit not at all', async () => {
  await testDb(async (db, folder) => {
    const workbench = { db, store: new FolderStore(scratch()), scratch: folder };
    const table = new Table(workbench.store, 't');
    await noteProperties(workbench, 't', { note: '1' }, 'maintenance');
    expect(await table.newest()).toBeUndefined();
    await foldRows(workbench, ROWS, { rows: select('x 1 1'), anywhere: false, runId: 'maintenance' });
    await noteProperties(workbench, 't', { note: '2' }, 'maintenance');
    await foldRows(workbench, ROWS, { rows: select('y 1 1'), anywhere: false, runId: 'maintenance' });
    const newest = await table.newest();
    expect(newest?.metadata.properties.note).toBe('2');
    expect(newest?.snapshot?.properties['total-records']).toBe('2');
  });
});
