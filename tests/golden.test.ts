import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { Row } from '../shared/engine/values.ts';
import { loadGoldModels } from '../shared/stages/load-to-gold/gold/model-header.ts';
import { ROOT } from './helpers/engine.ts';
import { testPipeline } from './helpers/pipeline.ts';
import { scratch } from './helpers/scratch.ts';

/**
 * Every folder of `tests/golden/` is a case: files that go through the pipeline one after the other, and what
 * the lake must hold then. A new case is a new folder; `tests/golden/README.md` says what is in one.
 */
const CASES = path.join(ROOT, 'tests/golden');
const cases = readdirSync(CASES, { withFileTypes: true }).filter((entry) => entry.isDirectory());

const Case = z.strictObject({ shows: z.string(), dataset: z.string() });

/** The shipped datasets, or the case's own alone. */
const sqlDirOf = (folder: string, dataset: string): string => {
  const own = path.join(folder, 'dataset');
  if (!existsSync(own)) return path.join(ROOT, 'sql');
  const sqlDir = path.join(scratch(), 'sql');
  cpSync(own, path.join(sqlDir, dataset), { recursive: true });
  return sqlDir;
};

/** One row per line, so that a difference is a line. */
const print = (rows: readonly Row[]): string =>
  rows.length === 0 ? '[]\n' : `[\n${rows.map((row) => `  ${JSON.stringify(row)}`).join(',\n')}\n]\n`;

/** Holds a table against its file; without one, writes it, but not where nobody would look at it. */
const expectTable = (file: string, rows: readonly Row[]): void => {
  if (!existsSync(file)) {
    if (process.env.CI !== undefined)
      throw new Error(`${file} is missing: run the test locally and commit it`);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, print(rows));
  }
  expect(print(rows)).toBe(readFileSync(file, 'utf8'));
};

test.each(cases.map(({ name }) => name))('%s', async (name) => {
  const folder = path.join(CASES, name);
  const { dataset } = Case.parse(JSON.parse(readFileSync(path.join(folder, 'case.json'), 'utf8')));
  const sqlDir = sqlDirOf(folder, dataset);
  const { drop, query } = testPipeline({ sqlDir });
  for (const file of readdirSync(path.join(folder, 'input')).toSorted()) {
    const execution = await drop(`${dataset}/${file}`, readFileSync(path.join(folder, 'input', file)));
    expect(execution).toMatchObject({ status: 'succeeded' });
  }

  const models = (await loadGoldModels(sqlDir)).filter(({ reads }) => reads.includes(dataset));
  const tables: Record<string, string> = {
    silver: `SELECT COLUMNS(name -> name NOT LIKE '\\_%' ESCAPE '\\'), _rescued FROM silver.${dataset}`,
    quarantine: `SELECT source_key, scope, line, raw, reasons FROM quarantine.${dataset}`,
    runs: 'SELECT source_key, status, verdict, score, reason, error, COLUMNS(name -> starts_with(name, $$rows_$$)) FROM runs',
    ...Object.fromEntries(models.map((model) => [`gold.${model.name}`, `FROM gold.${model.name}`])),
  };
  const expected = path.join(folder, 'expect');
  for (const [table, sql] of Object.entries(tables))
    expectTable(path.join(expected, `${table}.json`), await query(`FROM (${sql}) ORDER BY ALL`));
  expect(readdirSync(expected).toSorted()).toEqual(
    Object.keys(tables)
      .map((table) => `${table}.json`)
      .toSorted(),
  );
});
