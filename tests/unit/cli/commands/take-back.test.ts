import { Table } from '../../../../shared/lake/table/commit/table.ts';
import { datasets, type TestPipeline, testPipeline } from '../../../helpers/pipeline.ts';
import { runCommand } from '../../../helpers/run-command.ts';
import { contractYaml } from '../../../helpers/silver-lake.ts';

const sqlDir = datasets({
  'people/contract.yaml': contractYaml('people', ['{ name: id, logicalType: integer, primaryKey: true }']),
  'people/gold/heads.sql': `/*---
columns:
  - { name: heads, logicalType: integer, required: true }
---*/
SELECT count(*) AS heads FROM silver.people
`,
});

const duckstep = ({ folder }: TestPipeline, ...args: string[]) =>
  runCommand({ DUCKSTEP_SQL_DIR: sqlDir }, '--lake', folder, ...args);

const filled = async () => {
  const pipeline = testPipeline({ sqlDir });
  await pipeline.drop('people/a.csv', 'id\n1\n');
  const first = await new Table(pipeline.lake.silver, 'people').current();
  await pipeline.drop('people/b.csv', 'id\n2\n3\n');
  return { pipeline, first: String(first?.id) };
};

test('rollback says which files have no rows any more, and what followed', async () => {
  const { pipeline, first } = await filled();
  expect(await duckstep(pipeline, 'rollback', 'people', '--to', first)).toEqual({
    code: 0,
    err: '',
    out: [
      `silver.people has the rows of snapshot ${first} again (version 3).`,
      '1 file has no rows in it any more:',
      '  people/b.csv',
      'gold.heads followed: 1 partition (version 3).',
    ].join('\n'),
  });
  expect(await pipeline.query('FROM gold.heads')).toEqual([{ heads: 1 }]);
  const again = JSON.parse((await duckstep(pipeline, 'rollback', 'people', '--to', first, '--json')).out);
  expect(again).toMatchObject({ version: 3, gone: ['people/b.csv'], gold: [{ partitions: 0 }] });
  const [newest] = JSON.parse((await duckstep(pipeline, 'history', 'silver.people', '--json')).out);
  expect(newest).toMatchObject({ operation: 'rollback', rows: 1 });
});

let shared: Awaited<ReturnType<typeof filled>> | undefined;

test.each([
  [['rollback', 'gold.heads', '--to', '1'], 'roll back the silver table, and gold follows'],
  [['rollback', 'peeple', '--to', '1'], 'There are silver.people'],
  [['rollback', 'people', '--to', 'yesterday'], 'the id of a snapshot, not "yesterday"'],
  [['rollback', 'people', '--to', '17'], 'has no snapshot 17, or it has expired'],
])('%p is wrong usage', async (args, message) => {
  shared ??= await filled();
  const { pipeline } = shared;
  const { code, err } = await duckstep(pipeline, ...args);
  expect(err).toContain(message);
  expect(code).toBe(64);
});

test('rebuild says how many files it loaded, and what followed', async () => {
  const { pipeline } = await filled();
  expect((await duckstep(pipeline, 'rebuild', 'people', '--dry-run')).out).toBe(
    '2 files of raw/people/ would be loaded.',
  );
  const { code, out } = await duckstep(pipeline, 'rebuild', 'people');
  expect(code).toBe(0);
  expect(out).toMatch(/^silver\.people was rebuilt: 2 files loaded, 0 in quarantine \(version \d+\)\.\n/);
  expect(out).toContain('gold.heads followed: 1 partition');
  expect(await pipeline.query('FROM gold.heads')).toEqual([{ heads: 3 }]);
  expect((await duckstep(pipeline, 'rebuild', 'nobody')).err).toContain('UnknownDataset');
});
