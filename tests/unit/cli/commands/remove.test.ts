import { datasets, testPipeline } from '../../../helpers/pipeline.ts';
import { csvOf, SHOPS } from '../../../helpers/removal.ts';
import { runCommand } from '../../../helpers/run-command.ts';

const sqlDir = datasets(SHOPS);
const run = (lake: string, ...args: string[]) =>
  runCommand({ DUCKSTEP_SQL_DIR: sqlDir }, '--lake', lake, ...args);

test('remove shows what it would remove, removes it, and says when there is nothing', async () => {
  const { folder, drop } = testPipeline({ sqlDir });
  await drop('t/a.csv', csvOf([1, 'a'], [2, 'a']));
  await drop('t/b/1.csv', csvOf([2, 'b'], [3, 'b']));
  const table = (last: string) =>
    ['file       rows  raw', '---------  ----  -------', 't/b/1.csv     2  removed', last].join('\n');
  expect(await run(folder, 'remove', 't/b/', '--dry-run')).toEqual({
    ...{ code: 0, err: '' },
    out: table('2 rows of 1 file would be removed'),
  });
  expect(await run(folder, 'remove', 't/b/')).toMatchObject({
    ...{ code: 0, out: table('2 rows of 1 file removed') },
  });
  expect(
    JSON.parse((await run(folder, 'query', 'SELECT v FROM silver.t ORDER BY id', '--json')).out),
  ).toEqual([{ v: 'a' }, { v: 'a' }]);
  expect((await run(folder, 'history', 'silver.t')).out).toContain('remove source');
  const again = await run(folder, 'remove', 't/b/');
  expect(again).toMatchObject({ code: 64, out: '' });
  expect(again.err).toContain('Nothing to remove: silver.t has no rows of "t/b/"');
  expect(JSON.parse((await run(folder, 'remove', 't/a.csv', '--keep-raw', '--json')).out)).toMatchObject([
    { continued: false, files: [{ key: 't/a.csv', dataset: 't', rows: 2, raw: 'kept' }] },
  ]);
});
