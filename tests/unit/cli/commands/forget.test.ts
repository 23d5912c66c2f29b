import { datasets, testPipeline } from '../../../helpers/pipeline.ts';
import { runCommand } from '../../../helpers/run-command.ts';
import { contractYaml } from '../../../helpers/silver-lake.ts';

const sqlDir = datasets({
  'people/contract.yaml': contractYaml('people', ['{ name: id, logicalType: integer, primaryKey: true }']),
});

test('forget asks for a word, counts, and prints the receipt', async () => {
  const pipeline = testPipeline({ sqlDir });
  await pipeline.drop('people/a.csv', 'id\n1\n2\n');
  const forget = (...args: string[]) =>
    runCommand(
      { DUCKSTEP_SQL_DIR: sqlDir },
      ...['--lake', pipeline.folder, 'forget', 'people', '--where', 'id = 2', ...args],
    );

  const unsure = await forget();
  expect(unsure.code).toBe(64);
  expect(unsure.err).toContain('then say --yes');

  const counted = await forget('--dry-run', '--raw');
  expect(counted.out).toContain('silver.people: 1 row in 1 file would be removed.');
  expect(counted.out).toContain('1 version would be deleted from raw:\n  people/a.csv ');
  expect(await pipeline.query('FROM silver.people')).toHaveLength(2);

  const { code, out } = await forget('--raw', '--yes', '--note', 'request 17');
  expect(code).toBe(0);
  expect(out).toContain('silver.people: 1 row in 1 file removed.');
  expect(out).toContain('silver.people: 1 earlier snapshot and ');
  expect(out).toMatch(/Receipt: gold\/_receipts\/forget-[0-9a-f-]+\.json/);
  expect(await pipeline.query('SELECT id FROM silver.people')).toEqual([{ id: 1 }]);

  const again = JSON.parse((await forget('--yes', '--json')).out);
  expect(again).toMatchObject({ silver: { rows: 0, files: 0 }, raw: { deleted: [], left: [] } });
});
