import { Table } from '../../../../shared/lake/table/commit/table.ts';
import { datasets, testPipeline } from '../../../helpers/pipeline.ts';
import { runCommand } from '../../../helpers/run-command.ts';
import { contractYaml, keysIn } from '../../../helpers/silver-lake.ts';

const sqlDir = datasets({
  'people/contract.yaml': contractYaml('people', ['{ name: id, logicalType: integer }']),
});

const maintain = (lake: string, ...args: string[]) =>
  runCommand({ DUCKSTEP_SQL_DIR: sqlDir }, '--lake', lake, 'maintain', ...args);

const filled = async () => {
  const pipeline = testPipeline({ sqlDir });
  for (let n = 0; n < 5; n += 1) await pipeline.drop(`people/${n}.csv`, `id\n${n}\n`);
  return pipeline;
};

test('a table says what became of each table', async () => {
  const { folder, lake } = await filled();
  const would = await maintain(folder, '--dry-run');
  expect((await new Table(lake.silver, 'people').current())?.version).toBe(5);
  const did = await maintain(folder);
  expect(would).toEqual(did);
  expect(did).toEqual({
    code: 0,
    err: '',
    out: [
      'table          files  rows  snapshots expired  orphans removed  bytes freed',
      '-------------  -----  ----  -----------------  ---------------  -----------',
      'silver.people  5 → 1     5                  0                0            0',
    ].join('\n'),
  });
  const again = JSON.parse((await maintain(folder, '--json')).out) as unknown;
  expect(again).toEqual([
    {
      zone: 'silver',
      table: 'people',
      files_before: 1,
      files_after: 1,
      rows_before: 5,
      rows_after: 5,
      snapshots_expired: 0,
      orphans_removed: 0,
      bytes_freed: 0,
    },
  ]);
});

test('files are removed once they are older than --grace-days', async () => {
  const { folder, lake } = await filled();
  await lake.silver.write('people/data/lost.parquet', 'rows');
  await maintain(folder, '--grace-days', '1');
  expect(await lake.silver.head('people/data/lost.parquet')).toBeDefined();
  await new Promise((resolve) => setTimeout(resolve, 20));
  const { out } = await maintain(folder, '--grace-days', '0', '--json');
  expect(JSON.parse(out)).toMatchObject([{ orphans_removed: 1, bytes_freed: 4 }]);
  expect(await lake.silver.head('people/data/lost.parquet')).toBeUndefined();
});

test('a table that fails is named, and the command ends with 1', async () => {
  const { folder, lake } = await filled();
  for (const key of await keysIn(lake.silver, 'people/metadata/snap-')) await lake.silver.remove(key);
  const { out, err, code } = await maintain(folder);
  expect({ code, out: out.split('\n').at(-1) }).toEqual({ code: 1, out: 'silver.people (failed)' });
  expect(err).toMatch(/^silver\.people: ObjectMissing: silver\/people\/metadata\/snap-/);
});

test.each([
  [['--grace-days', 'none'], 'at least 0, not "none"'],
  [['--grace-days', '-1'], 'at least 0, not "-1"'],
  [['--grace-days', '14', '--stage', 'prod'], 'at least 15 with --stage, not "14"'],
])('%p is wrong usage', async (args, message) => {
  const { folder } = testPipeline({ sqlDir });
  const { err, code } = await maintain(folder, ...args);
  expect(code).toBe(64);
  expect(err).toContain(message);
});
