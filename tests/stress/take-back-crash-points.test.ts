import { cpSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { localSources } from '../../operate/local/replay.ts';
import { rebuildDataset } from '../../operate/rebuild/rebuild.ts';
import { rollbackTable } from '../../operate/rollback.ts';
import { ZONES } from '../../shared/lake/paths.ts';
import { Table } from '../../shared/lake/table/commit/table.ts';
import type { Config } from '../../shared/runtime/config.ts';
import { type Crash, failing } from '../helpers/failing-store.ts';
import { datasets, testPipeline } from '../helpers/pipeline.ts';
import { scratch } from '../helpers/scratch.ts';
import { contractYaml, keysIn } from '../helpers/silver-lake.ts';
import { keepLocksStill } from '../helpers/still-locks.ts';

keepLocksStill();

const contract = (most: number): string =>
  contractYaml(
    't',
    [
      '{ name: id, logicalType: integer, primaryKey: true }',
      `{ name: n, logicalType: integer, logicalTypeOptions: { maximum: ${most} } }`,
    ],
    ['{ property: qualityThreshold, value: 0.3 }'],
  );
const sqlDir = datasets({
  't/contract.yaml': contract(10),
  't/gold/totals.sql': `/*---
columns:
  - { name: rows, logicalType: integer, required: true }
---*/
SELECT count(*) AS rows FROM silver.t
`,
});
const config: Config = {
  ...{ memoryMb: 1024, threads: 2, sqlDir, scratchRoot: scratch() },
  ...{ maxUnpackedBytes: 2 ** 30, maxRecordBytes: 2 ** 20 },
};

let filled: string;
let first: number;
beforeAll(async () => {
  const pipeline = testPipeline({ sqlDir });
  await pipeline.drop('t/a.csv', 'id,n\n1,1\n2,20\n');
  first = (await new Table(pipeline.lake.silver, 't').current())?.id ?? 0;
  await pipeline.drop('t/b.csv', 'id,n\n1,2\n3,30\n4,4000\n');
  filled = pipeline.folder;
});

const copy = (): string => {
  const folder = scratch();
  cpSync(filled, folder, { recursive: true, preserveTimestamps: true });
  return folder;
};

const brokenLake = (folder: string, crash: Crash) => {
  const { lake, engine } = testPipeline({ sqlDir, folder });
  const broken = Object.fromEntries(
    ZONES.map((zone) => [zone, failing(lake[zone], crash)]),
  ) as unknown as typeof lake;
  return { lake: broken, config, ...localSources({ lake, engine }) };
};

const rebuild = async (folder: string, crash: Crash) => {
  await rebuildDataset(brokenLake(folder, crash), 't');
};
const rollback = async (folder: string, crash: Crash) => {
  await rollbackTable(brokenLake(folder, crash), 't', first);
};

/** Fails at each change in turn, before it and after it by turns, and calls again. */
const atEveryChange = async (
  command: (folder: string, crash: Crash) => Promise<void>,
  check: (folder: string) => Promise<void>,
): Promise<void> => {
  const undisturbed = { at: 0, changes: 0, after: false };
  await command(copy(), undisturbed);
  expect(undisturbed.changes).toBeGreaterThan(8);
  for (let at = 1; at <= undisturbed.changes; at += 1) {
    const folder = copy();
    const failed = await command(folder, { at, changes: 0, after: at % 2 === 0 }).catch(
      (error: unknown) => error,
    );
    // A hint that is not written does no harm: the command ends well.
    if (failed !== undefined) await command(folder, { at: 0, changes: 0, after: false });
    await check(folder);
  }
};

test('a rebuild that fails at any change is finished by the next: rows, gold, records and quarantine agree', async () => {
  writeFileSync(path.join(sqlDir, 't/contract.yaml'), contract(100));
  await atEveryChange(rebuild, async (folder) => {
    const { query, lake } = testPipeline({ sqlDir, folder });
    expect(await query('SELECT id, n FROM silver.t ORDER BY id')).toEqual([
      { id: 1, n: 2 },
      { id: 2, n: 20 },
      { id: 3, n: 30 },
    ]);
    expect(await query('FROM gold.totals')).toMatchObject([{ rows: 3 }]);
    const judged = await query(
      'SELECT source_key, count(DISTINCT contract_fingerprint) AS contracts, count(*) AS runs FROM runs GROUP BY ALL ORDER BY 1',
    );
    expect(judged).toMatchObject([
      { source_key: 't/a.csv', contracts: 2, runs: 2 },
      { source_key: 't/b.csv', contracts: 2, runs: 2 },
    ]);
    expect(await query('SELECT source_key, line FROM quarantine.t')).toEqual([
      { source_key: 't/b.csv', line: 4 },
    ]);
    expect(await keysIn(lake.silver, '_rebuild/')).toEqual([]);
  });
});

test('a rollback that fails at any change is finished by the next', async () => {
  writeFileSync(path.join(sqlDir, 't/contract.yaml'), contract(10));
  await atEveryChange(rollback, async (folder) => {
    const { query } = testPipeline({ sqlDir, folder });
    expect(await query('SELECT id, n FROM silver.t')).toEqual([{ id: 1, n: 1 }]);
    expect(await query('FROM gold.totals')).toMatchObject([{ rows: 1 }]);
  });
});
