import type { HistoryEntry } from '../../../../shared/query/history.ts';
import { callProgram } from '../../../helpers/call-program.ts';
import { datasets, testPipeline } from '../../../helpers/pipeline.ts';
import { scratch } from '../../../helpers/scratch.ts';
import { contractYaml } from '../../../helpers/silver-lake.ts';

const KEY = '{ name: id, logicalType: integer, logicalTypeOptions: { format: i32 }, primaryKey: true }';

const gold = (column: string): string => `/*---
columns:
  - name: rows
    logicalType: integer
  - name: ${column}
    logicalType: string
---*/
SELECT count(*) AS rows, max(${column}) AS ${column} FROM silver.t`;

const duckstep = (folder: string, sqlDir: string, ...args: string[]) =>
  callProgram(['--lake', folder, ...args], { DUCKSTEP_SQL_DIR: sqlDir });

/** A lake of three commits, whose contract renamed, widened and added columns before the last. */
const lake = async () => {
  const before = datasets({
    't/contract.yaml': contractYaml('t', [KEY, '{ name: name, logicalType: string }']),
    't/gold/summary.sql': gold('name'),
  });
  const after = datasets({
    't/contract.yaml': contractYaml('t', [
      '{ name: id, logicalType: integer, primaryKey: true }',
      '{ name: full_name, id: name, logicalType: string }',
      '{ name: city, logicalType: string }',
    ]),
    't/gold/summary.sql': gold('full_name'),
  });
  const folder = scratch();
  const first = testPipeline({ folder, sqlDir: before });
  await first.drop('t/a.csv', 'id,name\n1,one\n2,two\n');
  await first.drop('t/b.csv', 'id,name\n2,zwei\n');
  await testPipeline({ folder, sqlDir: after }).drop('t/c.csv', 'id,full_name,city\n3,three,Bonn\n');
  return (...args: string[]) => duckstep(folder, after, ...args);
};

test('history says of each snapshot what it is, and query shows it', async () => {
  const run = await lake();
  const { out } = await run('history', 'T', '--json');
  const entries = JSON.parse(out) as HistoryEntry[];
  expect(entries).toMatchObject([
    {
      version: 3,
      rows: 3,
      hidden_rows: 1,
      files: 3,
      added_files: 1,
      added_rows: 1,
      schema_changes: ['id: INTEGER → BIGINT', 'name → full_name', '+city'],
    },
    { version: 2, rows: 2, hidden_rows: 1, files: 2, added_files: 1, added_rows: 1, schema_changes: [] },
    { version: 1, rows: 2, hidden_rows: 0, files: 1, added_files: 1, added_rows: 2, schema_changes: [] },
  ]);
  const runs = await run('query', 'select run_id from runs order by finished_at desc', '--json');
  expect(entries.map(({ run_ids }) => run_ids)).toEqual(
    (JSON.parse(runs.out) as { run_id: string }[]).map(({ run_id }) => [run_id]),
  );

  const at = (i: number, ...args: string[]) => run('query', ...args, '--at', String(entries[i]?.snapshot_id));
  const names = 'select id, name from silver.t order by id';
  expect((await at(1, names, '--format', 'csv')).out).toBe('id,name\n1,one\n2,zwei\n');
  expect((await at(2, names, '--format', 'csv')).out).toBe('id,name\n1,one\n2,two\n');
  expect((await at(1, names)).out).toBe('id  name\n--  ----\n 1  one\n 2  zwei\n2 rows\n');
  // Gold is as of the time when silver was committed: of what was there before.
  expect(JSON.parse((await at(1, 'from gold.summary', '--json')).out)).toEqual([{ rows: 2, name: 'two' }]);
  expect(JSON.parse((await at(1, 'select count(*) as n from runs', '--json')).out)).toEqual([{ n: 1 }]);
  const exported = await at(2, '--export', 'then.duckdb');
  expect(exported.err).toMatch(/silver\.t +2\n/);
});

test('as a table, the newest first, and no more than wanted', async () => {
  const run = await lake();
  const { out } = await run('history', 'silver.t', '--limit', '2');
  expect(
    out.replaceAll(/[0-9a-f]{24}|\d{4}-\S+Z|\d{5,}/g, (found) => '#'.repeat(found.length > 24 ? 24 : 5)),
  ).toMatch(
    /^version +snapshot +committed at +operation +rows +files +added +removed +columns +run\n[- ]+\n {6}3 +#+ +#+ +append +3 +3 +\+1 in 1 file +id: INTEGER → BIGINT, name → full_name, \+city +#+\n {6}2 +#+ +#+ +append +2 +2 +\+1 in 1 file +#+\n3 snapshots, 2 shown \(--limit\)\n$/,
  );
});

test('a table that nothing was committed to has no history, which is no mistake', async () => {
  const sqlDir = datasets({ 't/contract.yaml': contractYaml('t', [KEY]) });
  const folder = scratch();
  expect(await duckstep(folder, sqlDir, 'history', 't')).toMatchObject({
    code: 0,
    out: 'Nothing is committed to silver.t yet.\n',
  });
  expect(await duckstep(folder, sqlDir, 'history', 't', '--json')).toMatchObject({ code: 0, out: '[]\n' });
});

test('a name that silver and gold have both must be said whole', async () => {
  const sqlDir = datasets({
    't/contract.yaml': contractYaml('t', [KEY]),
    't/gold/t.sql':
      '/*---\ncolumns:\n  - { name: n, logicalType: integer }\n---*/\nSELECT count(*) AS n FROM silver.t',
  });
  const folder = scratch();
  expect(await duckstep(folder, sqlDir, 'history', 't')).toMatchObject({
    code: 64,
    err: 'UsageError: There are several tables t: say which of gold.t, silver.t.\n',
  });
  expect(await duckstep(folder, sqlDir, 'history', 'gold.t')).toMatchObject({ code: 0 });
});
