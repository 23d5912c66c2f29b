import { cpSync } from 'node:fs';
import { forgetWhere } from '../../operate/forget/forget.ts';
import { localSources } from '../../operate/local/replay.ts';
import { ZONES } from '../../shared/lake/paths.ts';
import type { Config } from '../../shared/runtime/config.ts';
import { type Crash, failing } from '../helpers/failing-store.ts';
import { datasets, testPipeline } from '../helpers/pipeline.ts';
import { scratch } from '../helpers/scratch.ts';
import { contractYaml } from '../helpers/silver-lake.ts';
import { keepLocksStill } from '../helpers/still-locks.ts';
import { tracesOf } from '../helpers/traces.ts';

keepLocksStill();

const SECRET = 'zzerasedzz';
const sqlDir = datasets({
  't/contract.yaml': contractYaml(
    't',
    [
      '{ name: id, logicalType: integer, primaryKey: true }',
      '{ name: name, logicalType: string }',
      '{ name: n, logicalType: integer, logicalTypeOptions: { maximum: 100 } }',
    ],
    ['{ property: qualityThreshold, value: 0.3 }'],
  ),
  't/gold/names.sql': `/*---
columns:
  - { name: name, logicalType: string, primaryKey: true }
  - { name: rows, logicalType: integer, required: true }
---*/
SELECT name, count(*) AS rows FROM silver.t GROUP BY name
`,
});
const config: Config = {
  ...{ memoryMb: 1024, threads: 2, sqlDir, scratchRoot: scratch() },
  ...{ maxUnpackedBytes: 2 ** 30, maxRecordBytes: 2 ** 20 },
};
let filled: string;
beforeAll(async () => {
  const pipeline = testPipeline({ sqlDir });
  await pipeline.drop('t/a.csv', `id,name,n\n1,ann,1\n2,${SECRET},2\n3,${SECRET},3\n`);
  await pipeline.drop('t/b.csv', `id,name,n\n3,cleo,33\n4,dan,4\n5,${SECRET},500\n6,eve,600\n`);
  filled = pipeline.folder;
});

const attempt = (folder: string, crash: Crash) => {
  const { lake, engine } = testPipeline({ sqlDir, folder });
  const { versions } = localSources({ lake, engine });
  const broken = Object.fromEntries(
    ZONES.map((zone) => [zone, failing(lake[zone], crash)]),
  ) as unknown as typeof lake;
  return forgetWhere({ lake: broken, config, versions }, 't', `name = '${SECRET}'`, { raw: true });
};

test.each([false, true])(
  'after a failure at any change, the same call does the rest, and its receipt counts everything (after: %p)',
  async (after) => {
    const undisturbed = { at: 0, changes: 0, after };
    const copy = (): string => {
      const folder = scratch();
      cpSync(filled, folder, { recursive: true, preserveTimestamps: true });
      return folder;
    };
    const expected = await attempt(copy(), undisturbed);
    expect(undisturbed.changes).toBeGreaterThan(20);
    for (let at = 1; at <= undisturbed.changes; at += 1) {
      const folder = copy();
      const failed = await attempt(folder, { at, changes: 0, after }).catch((error: unknown) => error);
      // A hint that is not written, or a lock that is not removed, does no harm.
      const receipt = failed instanceof Error ? await attempt(folder, { at: 0, changes: 0, after }) : failed;
      expect([at, await tracesOf(folder, SECRET)]).toEqual([at, []]);
      const { query } = testPipeline({ sqlDir, folder });
      expect([at, await query('SELECT id, name FROM silver.t ORDER BY id')]).toEqual([
        at,
        [
          { id: 1, name: 'ann' },
          { id: 3, name: 'cleo' },
          { id: 4, name: 'dan' },
        ],
      ]);
      expect([at, await query('SELECT count(*) AS n FROM gold.names')]).toEqual([at, [{ n: 3 }]]);
      // The last change removes the note: what is done is not done again, and nothing is left to count.
      if (at < undisturbed.changes || !after)
        expect([at, receipt]).toMatchObject([
          at,
          {
            silver: { rows: expected.silver.rows, shown: expected.silver.shown },
            quarantine: expected.quarantine,
            raw: { deleted: [{ key: 't/a.csv' }, { key: 't/b.csv' }] },
          },
        ]);
    }
  },
);
