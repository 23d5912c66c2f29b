import { cpSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../helpers/engine.ts';
import { runCommand } from '../helpers/run-command.ts';
import { scratch } from '../helpers/scratch.ts';

/** A lake that version 0.1.0 wrote; see `older-lake.test.ts`. */
const FIXTURE = path.join(ROOT, 'tests/fixtures/older-lake');

test('files of an older lake are removed below a prefix, though silver has no keys of them', async () => {
  const folder = scratch();
  cpSync(path.join(FIXTURE, 'stored'), folder, { recursive: true });
  const env = { ...process.env, DUCKSTEP_SQL_DIR: path.join(FIXTURE, 'sql') };
  const duckstep = async (...args: string[]): Promise<unknown> => {
    const { out, err, code } = await runCommand(env, '--lake', folder, ...args, '--json');
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${err}`);
    return JSON.parse(out);
  };
  // Only its run record tells the key of a file that is not in raw. A file in quarantine has no rows in silver.
  for (const name of ['jan.csv', 'bad.csv']) rmSync(path.join(folder, 'raw/orders', name));
  expect(await duckstep('remove', 'orders/')).toMatchObject([
    {
      files: [
        { key: 'orders/feb.csv', rows: 4, raw: 'removed' },
        { key: 'orders/jan.csv', rows: 5, raw: 'absent' },
        { key: 'orders/mar.csv', rows: 3, raw: 'removed' },
      ],
    },
  ]);
  expect(await duckstep('query', 'SELECT count(*) AS n FROM silver.orders')).toEqual([{ n: 0 }]);
});
