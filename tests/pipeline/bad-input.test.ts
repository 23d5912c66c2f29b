import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ident } from '../../shared/engine/sql.ts';
import { lakePaths } from '../../shared/lake/paths.ts';
import { ROOT } from '../helpers/engine.ts';
import { datasets, testPipeline } from '../helpers/pipeline.ts';
import { scratch } from '../helpers/scratch.ts';
import { BAD_INPUT_DATASETS, BAD_INPUTS } from './bad-input.ts';

interface Documented {
  kind: string;
  scope: string;
  /** The error's name, or the rules that reject. */
  names: string[];
}

/** The table of `docs/bad-input.md`. */
const documented: Documented[] = readFileSync(path.join(ROOT, 'docs/bad-input.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| Kind'))
  .map((line) => {
    const [kind = '', outcome = ''] = line
      .split('|')
      .slice(1)
      .map((cell) => cell.trim());
    const [scope = ''] = outcome.split(':');
    return { kind, scope, names: [...outcome.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name) };
  });

test('the documented kinds are the tested ones', () => {
  expect(documented.map(({ kind }) => kind)).toEqual(Object.keys(BAD_INPUTS));
});

let sqlDir: string;
beforeAll(() => {
  sqlDir = datasets(BAD_INPUT_DATASETS);
});

test.each(documented)('$kind → $scope: $names', async ({ kind, scope, names }) => {
  const { content, key = 'orders/file', loaded = [], rejected = 0 } = BAD_INPUTS[kind] ?? {};
  if (content === undefined) throw new Error(`${kind} is not tested`);
  const bytes = Buffer.from(await content());
  const { lake, drop, query, runs } = testPipeline({
    sqlDir,
    config: {
      ...{ memoryMb: 1024, threads: 2, sqlDir, scratchRoot: scratch() },
      ...{ maxFileBytes: 2 ** 23, maxUnpackedBytes: 2 ** 20, maxRecordBytes: 2 ** 16 },
    },
  });
  const execution = await drop(key, bytes);
  const dataset = lakePaths.datasetOf(key) ?? '_unknown';
  const [run] = await runs();

  expect(execution).toMatchObject({ status: 'succeeded' });
  // `toEqual` would compare byte by byte, which takes most of the time of this file.
  expect((await lake.raw.read(key))?.equals(bytes)).toBe(true);
  expect(run).toMatchObject({
    dataset,
    source_key: key,
    status: scope === 'Rows' ? 'loaded' : 'quarantined',
    verdict: { File: 'error', Rows: 'pass', Gate: 'fail' }[scope],
    error: scope === 'File' ? names[0] : null,
    rows_silver: loaded.length,
  });
  expect(run?.rows_read).toBe((run?.rows_accepted ?? 0) + (run?.rows_rejected ?? 0));
  expect(run?.rows_accepted).toBe(loaded.length + (run?.rows_duplicate ?? 0) + (run?.rows_filtered ?? 0));
  expect(run?.reason).toMatch(/\.$/);
  expect(run?.reason).not.toContain(sqlDir);

  // The console and the messages show no values of rows.
  expect(JSON.stringify(execution)).not.toMatch(/Ada|Bo\b|Cy/);

  if (`${dataset}/contract.yaml` in BAD_INPUT_DATASETS)
    expect(
      await query(`
        SELECT coalesce((SELECT list(id ORDER BY id) FROM silver.${dataset}), []) AS silver,
          coalesce((SELECT list(id ORDER BY id) FROM gold.${dataset}_ids), []) AS gold`),
    ).toEqual([{ silver: loaded, gold: loaded }]);

  const quarantined = await query(`
    SELECT scope, count(*) AS rows, list_sort(list_distinct(flatten(list(list_transform(reasons, lambda r: r.rule))))) AS rules
    FROM quarantine.${ident(dataset)} GROUP BY scope ORDER BY scope`);
  const report = String(await lake.quarantine.read(lakePaths.quarantineReport(dataset, run?.run_id ?? '')));
  const summary = String(await lake.quarantine.read(lakePaths.quarantineSummary(dataset, run?.run_id ?? '')));
  if (scope === 'File') expect(quarantined).toEqual([{ scope: 'file', rows: 1, rules: names }]);
  if (scope === 'Rows')
    expect(quarantined).toEqual([{ scope: 'row', rows: rejected, rules: names.toSorted() }]);
  if (scope === 'Gate') {
    expect(quarantined[0]).toEqual({ scope: 'file', rows: 1, rules: ['quality'] });
    expect(quarantined[1]?.rows ?? 0).toBe(rejected);
    for (const rule of names) expect(summary).toContain(rule);
  }
  for (const name of names) expect(report).toContain(`"${name}"`);
});
