import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Row } from '../../shared/engine/values.ts';
import { config } from '../helpers/engine.ts';
import { lakeContent } from '../helpers/lake-content.ts';
import { datasets, testPipeline } from '../helpers/pipeline.ts';
import { runProgram } from '../helpers/run-program.ts';
import { scratch } from '../helpers/scratch.ts';
import { contractYaml } from '../helpers/silver-lake.ts';

const ID = '{ name: id, logicalType: integer, primaryKey: true, required: true }';
const AMOUNT = '{ name: amount, logicalType: number, required: true }';
const MODEL =
  '/*---\ncolumns:\n  - { name: total, logicalType: number }\n---*/\nselect sum(amount) as total from silver.orders';
const CSV = 'id,amount\n1,1.5\n2,3.5\n';

const sql = (): string =>
  datasets({
    'orders/contract.yaml': contractYaml('orders', [ID, AMOUNT]),
    'orders/gold/totals.sql': MODEL,
  });

/** The tables that a new process makes of the file, as a new instance of a function would. */
const cold = async (sqlDir: string): Promise<Record<string, Row[]>> => {
  const [folder, files] = [scratch(), scratch()];
  const file = path.join(files, 'a.csv');
  writeFileSync(file, CSV);
  const env = { ...process.env, DUCKSTEP_SQL_DIR: sqlDir };
  await runProgram('node', ['cli/duckstep.ts', '--lake', folder, 'run', file, '--dataset', 'orders'], env);
  return await lakeContent(folder, sqlDir);
};

test('a process that has run before makes the same tables as a new one', async () => {
  const sqlDir = sql();
  const expected = await cold(sqlDir);
  expect(expected['gold.totals']).toEqual([{ total: 5 }]);

  // First a file that is quarantined, another version of the contract, and the same file in another lake.
  const earlier = testPipeline({ sqlDir });
  await earlier.drop('orders/broken.csv', 'nonsense\n1\n');
  await earlier.drop('orders/other.csv', 'id,amount\n7,100\n');
  const contract = path.join(sqlDir, 'orders/contract.yaml');
  const text = contractYaml('orders', [ID, AMOUNT]);
  writeFileSync(contract, text.replace('logicalType: number', 'logicalType: integer'));
  await testPipeline({ sqlDir }).drop('orders/a.csv', 'id,amount\n1,1\n');
  writeFileSync(contract, text);

  for (let time = 0; time < 2; time += 1) {
    const warm = testPipeline({ sqlDir });
    const { status } = await warm.drop('orders/a.csv', CSV);
    expect(status).toBe('succeeded');
    expect(await lakeContent(warm.folder, sqlDir)).toEqual(expected);
  }
});

test('an invocation leaves nothing on the disk, also if it fails', async () => {
  const scratchRoot = scratch();
  const sqlDir = sql();
  const pipeline = testPipeline({ sqlDir, config: { ...config, sqlDir, scratchRoot } });
  await pipeline.drop('orders/a.csv', CSV);
  await pipeline.drop('orders/broken.csv', 'nonsense\n1\n');
  expect((await pipeline.runs()).map(({ status }) => status).toSorted()).toEqual(['loaded', 'quarantined']);
  expect(readdirSync(scratchRoot)).toEqual([]);
});
