/**
 * Measures the usage of files of several sizes, from the run records of real runs, and writes `docs/costs.json` and the
 * tables of `docs/costs.md`: `npx node scripts/cost-table.ts`. Takes some minutes and 4 GB of disk; run nothing else.
 * With `--tables` it measures nothing and writes the tables from `docs/costs.json` at current prices.
 */
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { costTables, withTables } from '../cli/render/cost-tables.ts';
import type { Measured, MeasuredSize } from '../operate/cost/measured.ts';
import { usagesIn } from '../operate/execution-cost.ts';
import { putInRaw } from '../operate/local/lake.ts';
import { openWorkspace } from '../operate/local/workspace.ts';
import { withDuckDb } from '../shared/engine/with-duckdb.ts';
import { parseRunRecord } from '../shared/run/run-record.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const JSON_FILE = path.join(ROOT, 'docs/costs.json');
const PAGE = path.join(ROOT, 'docs/costs.md');

/** Sizes in bytes and rounds; the fastest round counts, because other processes disturbed it least. */
const SIZES = [
  { label: '1 KB', bytes: 1e3, rounds: 5 },
  { label: '1 MB', bytes: 1e6, rounds: 5 },
  { label: '10 MB', bytes: 1e7, rounds: 3 },
  { label: '100 MB', bytes: 1e8, rounds: 3 },
  { label: '1 GB', bytes: 1e9, rounds: 1 },
] as const;

/** One vCPU, the smallest deployed function; it also uses one DuckDB thread. */
const MEMORY_MB = 1769;

const CONTRACT = `apiVersion: v3.1.0
kind: DataContract
id: orders
version: 1.0.0
status: active
schema:
  - name: orders
    properties:
      - { name: day, logicalType: date, required: true, partitioned: true, primaryKey: true, primaryKeyPosition: 1 }
      - { name: id, logicalType: integer, required: true, primaryKey: true, primaryKeyPosition: 2 }
      - { name: name, logicalType: string, required: true }
      - { name: email, logicalType: string, logicalTypeOptions: { format: email }, required: true }
      - { name: amount, logicalType: number, physicalType: "DECIMAL(18,2)", logicalTypeOptions: { minimum: 0 } }
`;

const MODEL = `/*---
description: Orders of each day.
partitionedBy: [day]
columns:
  - { name: day, logicalType: date, primaryKey: true }
  - { name: orders, logicalType: integer, required: true }
  - { name: amount, logicalType: number, physicalType: "DECIMAL(38,2)" }
---*/
SELECT day, count(*) AS orders, sum(amount) AS amount FROM silver.orders GROUP BY day
`;

/** Writes about the given number of bytes of one day's orders, as CSV. */
const writeCsv = async (file: string, bytes: number, day: string, scratch: string): Promise<void> => {
  const rows = Math.max(1, Math.round(bytes / 59));
  await withDuckDb({ memoryMb: 2048, threads: 2, scratch }, async (db) => {
    await db.run(
      `COPY (SELECT DATE '${day}' AS day, 100000000 + i AS id, 'Customer ' || hash(i) % 1000 AS name,
        'user' || hash(i) % 100000 || '@example.com' AS email, hash(i) % 100000 / 100 AS amount
        FROM range(${rows}) AS r(i)) TO '${file}' (FORMAT csv, HEADER)`,
    );
  });
};

const duration = ({ states }: Pick<MeasuredSize, 'states'>): number =>
  Object.values(states).reduce((sum, { duration_ms }) => sum + duration_ms, 0);

const measure = async (folder: string): Promise<MeasuredSize[]> => {
  const sqlDir = path.join(folder, 'sql');
  await mkdir(path.join(sqlDir, 'orders/gold'), { recursive: true });
  await writeFile(path.join(sqlDir, 'orders/contract.yaml'), CONTRACT);
  await writeFile(path.join(sqlDir, 'orders/gold/orders_by_day.sql'), MODEL);
  const { lake, engine } = openWorkspace({
    root: ROOT,
    env: process.env,
    lake: path.join(folder, 'lake'),
    config: {
      ...{ memoryMb: MEMORY_MB, threads: 1, sqlDir, scratchRoot: folder },
      ...{ storageMb: 10_240, architecture: 'arm64' as const },
      ...{ maxUnpackedBytes: 2 ** 33, maxRecordBytes: 2 ** 24 },
    },
  });
  let files = 0;
  const run = async (bytes: number): Promise<Pick<MeasuredSize, 'bytes' | 'states'>> => {
    files += 1;
    const day = new Date(Date.UTC(2024, 0, files)).toISOString().slice(0, 10);
    const file = path.join(folder, 'next.csv');
    await writeCsv(file, bytes, day, folder);
    const key = `orders/${files}.csv`;
    const { status, error, output } = await engine.run(await putInRaw(lake, { file, key }));
    if (status !== 'succeeded') throw new Error(`${key}: ${JSON.stringify(error)}`);
    const { load } = output as { load: { run_record: string } };
    const record = parseRunRecord(String(await lake.gold.read(load.run_record)), load.run_record);
    if (record.rows_silver !== record.rows_read) throw new Error(`${key}: rows are missing`);
    return { states: usagesIn(output), bytes: (await stat(file)).size };
  };
  // Loads code and creates the tables; later runs are the usual case.
  await run(1e3);
  const sizes: MeasuredSize[] = [];
  for (const { label, bytes, rounds } of SIZES) {
    let best = await run(bytes);
    for (let round = 1; round < rounds; round += 1) {
      const next = await run(bytes);
      if (duration(next) < duration(best)) best = next;
    }
    sizes.push({ label, rounds, ...best });
    process.stdout.write(`${label}: ${duration(best)} ms\n`);
  }
  return sizes;
};

const measured = async (): Promise<Measured> => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'cost-table-'));
  try {
    const sizes = await measure(folder);
    return {
      measured: new Date().toISOString().slice(0, 10),
      machine: `${os.cpus()[0]?.model.trim()}, ${os.availableParallelism()} cores, ${process.arch}, Node.js ${process.versions.node}`,
      load: os.loadavg()[1] ?? 0,
      sizes,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

if (!process.argv.includes('--tables'))
  await writeFile(JSON_FILE, `${JSON.stringify(await measured(), null, 2)}\n`);
const known = JSON.parse(await readFile(JSON_FILE, 'utf8')) as Measured;
await writeFile(PAGE, withTables(await readFile(PAGE, 'utf8'), costTables(known)));
