/**
 * Measures the memory of each step for a file, each in a process of its own that is configured for a function's memory
 * and threads: `npx node bench/memory.ts --memory 1024 --rows 10000000 --keys text --repeat 2`.
 *
 * `--repeat` sets how often each key occurs, `all` means one key in all rows; `--rival` loads a second file with the same
 * keys afterwards, each of whose rows meets rows of the first. The file has about 100 bytes a row. Exits with 1 if a step
 * uses more memory than its function has.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { objectCreatedEvent, openLake } from '../operate/local/lake.ts';
import { STEPS } from '../operate/local/steps.ts';
import { literal } from '../shared/engine/sql.ts';
import { withDuckDb } from '../shared/engine/with-duckdb.ts';
import { configFromEnv } from '../shared/runtime/config.ts';

const CONTRACT = (type: string): string => `
apiVersion: v3.1.0
kind: DataContract
id: keyed
version: 1.0.0
status: active
schema:
  - name: keyed
    properties:
      - { name: key, logicalType: ${type}, primaryKey: true }
      - { name: name, logicalType: string, required: true }
      - { name: note, logicalType: string }
      - { name: amount, logicalType: number, physicalType: "DECIMAL(18,2)" }
      - { name: updated, logicalType: timestamp }
      - { name: year, logicalType: integer, transformLogic: year(updated), partitioned: true }
    customProperties:
      - { property: dedupeOrderBy, value: updated desc }
      - { property: qualityThreshold, value: 0 }
`;

const MODEL = `/*---
description: Rows and amounts per year.
columns:
  - { name: year, logicalType: integer, primaryKey: true }
  - { name: rows, logicalType: integer }
  - { name: amount, logicalType: number }
---*/
SELECT year, count(*) AS rows, sum(amount) AS amount FROM silver.keyed GROUP BY year
`;

/** SQL of the key from a number. */
const KEYS: Readonly<Record<string, (n: string) => string>> = {
  text: (n) => `'customer-' || lpad((${n})::VARCHAR, 12, '0')`,
  dense: (n) => `1 + ${n}`,
  sparse: (n) => `1 + (${n}) * 1000003`,
};

/** States in their order, with the payload field that holds their output. */
const FIELDS = { Validate: 'validate', QualityScore: 'quality', Transform: 'transform', LoadToGold: 'load' };

/** Result that a step's process writes. */
interface Told {
  /** Peak of the whole process, in MB of 2^20 bytes. */
  peakMb: number;
  seconds: number;
  output: { strategies?: Record<string, string>; rows?: Record<string, number> };
}

const run = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      memory: { type: 'string', default: '1024' },
      rows: { type: 'string', default: '10000000' },
      keys: { type: 'string', default: 'text' },
      repeat: { type: 'string', default: '1' },
      rival: { type: 'boolean', default: false },
    },
  });
  const key = KEYS[values.keys];
  const [rows, memoryMb] = [Number(values.rows), Number(values.memory)];
  const distinct = values.repeat === 'all' ? 1 : Math.ceil(rows / Number(values.repeat));
  if (key === undefined || !(distinct >= 1) || !(memoryMb >= 128))
    throw new Error(`--keys is one of ${Object.keys(KEYS).join(', ')}; the others are numbers.`);
  const folder = await mkdtemp(path.join(os.tmpdir(), 'duckstep-memory-'));
  try {
    const sql = path.join(folder, 'sql', 'keyed');
    await mkdir(path.join(sql, 'gold'), { recursive: true });
    await writeFile(path.join(sql, 'contract.yaml'), CONTRACT(values.keys === 'text' ? 'string' : 'integer'));
    await writeFile(path.join(sql, 'gold', 'keyed_by_year.sql'), MODEL);
    let fits = true;
    for (const name of values.rival ? ['first', 'second'] : ['first']) {
      const file = path.join(folder, 'lake', 'raw', 'keyed', `${name}.csv`);
      await generate(file, folder, rows, key(`(i * 7919) % ${distinct}`));
      process.stdout.write(`${name}: ${rows} rows, ${((await stat(file)).size / 1e6).toFixed(0)} MB\n`);
      fits = (await measured(folder, `keyed/${name}.csv`, memoryMb)) && fits;
    }
    process.exitCode = fits ? 0 : 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const generate = async (file: string, scratch: string, rows: number, key: string): Promise<void> => {
  await mkdir(path.dirname(file), { recursive: true });
  await withDuckDb({ memoryMb: 2048, threads: os.availableParallelism(), scratch }, (db) =>
    db.run(`COPY (
      SELECT ${key} AS key, 'Customer ' || i AS name, md5(i::VARCHAR) AS note,
        ((i % 1000000) / 100)::DECIMAL(18, 2) AS amount, TIMESTAMP '2020-01-01' + INTERVAL (i % 120000000) SECOND AS updated
      FROM range(${rows}) AS t(i)) TO ${literal(file)} (FORMAT csv, HEADER)`),
  );
};

/** Takes the file through the steps. Returns whether all of them stayed within the function's memory. */
const measured = async (folder: string, key: string, memoryMb: number): Promise<boolean> => {
  const { raw } = openLake(path.join(folder, 'lake'));
  let state: object = objectCreatedEvent(raw.name, await raw.adopt(key));
  let fits = true;
  for (const [name, field] of Object.entries(FIELDS)) {
    const job = path.join(folder, 'job.json');
    await writeFile(job, JSON.stringify({ execution: 'memory', state }));
    // Set as Lambda sets it: the configuration derives threads and DuckDB's limit from it.
    const child = spawn(process.execPath, [fileURLToPath(import.meta.url), '--step', name, folder], {
      env: {
        ...process.env,
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
        DUCKSTEP_SCRATCH_DIR: folder,
        DUCKSTEP_SQL_DIR: path.join(folder, 'sql'),
      },
      stdio: 'inherit',
    });
    const [code] = await once(child, 'exit');
    if (code !== 0) return false;
    const { peakMb, seconds, output } = JSON.parse(await readFile(job, 'utf8')) as Told;
    state = { ...state, [field]: output };
    fits = fits && peakMb <= memoryMb;
    const { strategies = {}, rows = {} } = output;
    process.stdout.write(
      `  ${name.padEnd(12)} ${peakMb.toFixed(0).padStart(6)} MB ${seconds.toFixed(1).padStart(7)} s  ${JSON.stringify({ ...rows, ...strategies })}\n`,
    );
  }
  return fits;
};

/** Runs one step, in the child process. */
const runStep = async (name: string, folder: string): Promise<void> => {
  const step = STEPS[name];
  if (step === undefined) throw new Error(`There is no step ${name}.`);
  const job = path.join(folder, 'job.json');
  const config = configFromEnv(process.env, { sqlDir: folder });
  const began = performance.now();
  const output = await step(JSON.parse(await readFile(job, 'utf8')), {
    lake: openLake(path.join(folder, 'lake')),
    config,
  });
  const seconds = (performance.now() - began) / 1000;
  const peakMb = process.resourceUsage().maxRSS / 1024;
  await writeFile(job, JSON.stringify({ peakMb, seconds, output }));
};

if (process.argv[2] === '--step') await runStep(process.argv[3] ?? '', process.argv[4] ?? '');
else await run();
