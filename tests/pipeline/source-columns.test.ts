import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../helpers/engine.ts';
import { datasets, testPipeline } from '../helpers/pipeline.ts';

/** The example of docs/contracts.md. */
const [, section = ''] = /<!-- source[\s\S]*?-->\n([\s\S]*)<!-- \/source -->/.exec(
  readFileSync(path.join(ROOT, 'docs/contracts.md'), 'utf8'),
) ?? ['', ''];
const [contract = '', ...files] = [...section.matchAll(/^```\w*\n([\s\S]*?)^```$/gm)].map(
  ([, block = '']) => block,
);
const keys = [...section.matchAll(/`(readings\/[^`]+)`/g)].map(([, key = '']) => key);
const cells = (line: string): string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
const [columns = [], ...shown] = section
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map(cells);

test('the example of docs/contracts.md decides by the edition in the key, whenever a file was uploaded', async () => {
  const pipeline = testPipeline({ sqlDir: datasets({ 'readings/contract.yaml': contract }) });
  expect(keys).toHaveLength(2);
  for (const [i, key] of keys.entries())
    expect(await pipeline.drop(key, files[i] ?? '')).toMatchObject({ status: 'succeeded' });
  const select = columns.map((name) => `CAST("${name}" AS VARCHAR) AS "${name}"`).join(', ');
  const rows = await pipeline.query(`SELECT ${select} FROM silver.readings ORDER BY ALL`);
  expect(rows.map((row) => Object.values(row))).toEqual(shown);
  expect(await pipeline.runs()).toMatchObject([
    { rows_silver: 1, rows_superseding: 0, rows_superseded: 0 },
    { rows_silver: 2, rows_superseding: 0, rows_superseded: 1 },
  ]);
});
