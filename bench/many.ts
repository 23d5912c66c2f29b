/** Drops files of mixed size at once into a watched lake: `npx node bench/many.ts --help`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, linkSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { mkdtemp, rename } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Command } from 'commander';
import { positiveInteger } from '../cli/base/numbers.ts';
import { sizeClassOf } from '../operate/local/shares.ts';
import { openPipeline } from '../operate/open/open-pipeline.ts';
import { literal } from '../shared/engine/sql.ts';
import { type Db, withDuckDb } from '../shared/engine/with-duckdb.ts';
import { describeMachine } from './machine.ts';
import { CACHE, ROOT, SQL_DIR } from './paths.ts';
import { type ProcessSample, sampleProcess } from './process-sample.ts';

interface Planned {
  key: string;
  /** Approximate size. */
  bytes: number;
  rows: number;
  select: string;
}

const KB = 1e3;
const MB = 1e6;

/** Files share no keys: the benchmark measures many files, not the replacement of rows between files. */
const ID_RANGE = 10_000_000;

const SELECTS = {
  signups: {
    bytesPerRow: 62,
    of: (n: number) => `SELECT ${n * ID_RANGE} + i AS id, 'Finn Okafor ' || i % 997 AS name,
      'user' || (${n * ID_RANGE} + i) || '@example.org' AS email,
      DATE '${2020 + (n % 5)}-01-01' + (i * 7919 % 31)::INTEGER AS signup_date, 'active' AS status`,
  },
  narrow: {
    bytesPerRow: 65,
    of: (n: number, days: number) => `SELECT ${n * ID_RANGE} + i AS id, 'Grace Fischer ' || i % 997 AS name,
      'user' || (${n * ID_RANGE} + i) || '@example.com' AS email,
      CAST(i * 7919 % 1000001 AS DECIMAL(18,2)) / 100 AS amount,
      DATE '2020-01-01' + ${(n % 50) * 30} + (i * 7919 % ${days})::INTEGER AS day`,
  },
  weather: {
    bytesPerRow: 33,
    of: (
      n: number,
    ) => `SELECT DATE '1900-01-01' + ${n * 1100} + i::INTEGER AS date, (i * 7919 % 500) / 10 AS precipitation,
      (i % 300) / 10 + 5 AS temp_max, (i % 300) / 10 - 4 AS temp_min, (i % 90) / 10 AS wind, 'rain' AS weather`,
  },
};
type Dataset = keyof typeof SELECTS;

const planned = (dataset: Dataset, n: number, size: number, days = 30): Planned => {
  const { bytesPerRow, of } = SELECTS[dataset];
  const rows = Math.max(10, Math.round(size / bytesPerRow));
  const select = `${of(n, days)} FROM (SELECT range AS i FROM range(${dataset === 'weather' ? Math.min(rows, 1100) : rows}))`;
  return { key: `${dataset}/${String(n).padStart(4, '0')}.csv`, bytes: rows * bytesPerRow, rows, select };
};

/** Large files come first, the order in which they could delay all others most. */
const plan = (files: number): Planned[] => {
  const large = Math.max(1, Math.round(files / 250));
  const medium = Math.round(files / 60);
  return Array.from({ length: files }, (_, n) => {
    if (n < large) return planned('narrow', n, 100 * MB, 1800);
    if (n < large + medium) return planned(n % 2 ? 'narrow' : 'signups', n, (10 + ((n * 7) % 11)) * MB, 1000);
    // 1 to 200 KB, half of them below 14 KB.
    const size = KB * 200 ** (((n * 7919) % 997) / 997);
    return planned((['signups', 'narrow', 'weather'] as const)[n % 3] ?? 'signups', n, size);
  });
};

const write = async (db: Db, folder: string, { key, select }: Planned): Promise<void> => {
  const file = path.join(folder, key);
  if (existsSync(file)) return;
  mkdirSync(path.dirname(file), { recursive: true });
  await db.run(`COPY (${select}) TO ${literal(`${file}.draft`)} (FORMAT csv, HEADER)`);
  await rename(`${file}.draft`, file);
};

/** Starts the program, drops all files once it watches, waits until each has an outcome, and stops it. */
const drop = async (
  files: readonly Planned[],
  { folder, program, args, sqlDir }: { folder: string; program: string; args: string[]; sqlDir: string },
) => {
  const lake = await mkdtemp(path.join(CACHE, 'many-'));
  const child = spawn(process.execPath, [program, 'start', '--lake', lake, ...args], {
    env: { ...process.env, DUCKSTEP_SQL_DIR: sqlDir },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const samples: ProcessSample[] = [];
  const timer = setInterval(() => samples.push(...sampleProcess(child.pid ?? 0)), 100);
  let done = 0;
  let droppedAt = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('Watching')) {
      for (const { key } of files) mkdirSync(path.join(lake, 'raw', path.dirname(key)), { recursive: true });
      droppedAt = Date.now();
      for (const { key } of files) linkSync(path.join(folder, key), path.join(lake, 'raw', key));
    }
    if (/: (?:loaded|quarantined|superseded|failed)\b/.test(line)) done += 1;
    if (line.startsWith('Queue')) console.error(line);
    if (done === files.length) break;
  }
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
  clearInterval(timer);
  return { lake, droppedAt, samples };
};

const quantile = (values: readonly number[], q: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))] ?? Number.NaN;

/** The maximum number of spans that overlap. */
const overlap = (spans: readonly { from: number; to: number }[]): number => {
  const edges = spans.flatMap(({ from, to }) => [[from, 1] as const, [to, -1] as const]);
  let [now, most] = [0, 0];
  for (const [, step] of edges.toSorted((a, b) => a[0] - b[0] || a[1] - b[1])) {
    now += step;
    most = Math.max(most, now);
  }
  return most;
};

const report = async (
  lake: string,
  files: readonly Planned[],
  { droppedAt, samples }: { droppedAt: number; samples: readonly ProcessSample[] },
) => {
  const most = (name: keyof ProcessSample): number => Math.max(...samples.map((seen) => seen[name]));
  const pipeline = await openPipeline({ root: ROOT, env: process.env, lake });
  const { executions } = await pipeline.executions({ limit: files.length });
  const sizes = new Map(files.map(({ key, bytes }) => [key, bytes]));
  const runs = executions.map(({ key, started, ended: end, status }) => {
    const span = {
      from: (Date.parse(started) - droppedAt) / 1e3,
      to: (Date.parse(end ?? started) - droppedAt) / 1e3,
    };
    return { key, status, large: sizeClassOf(key, sizes.get(key) ?? 0) === 'large', ...span };
  });
  const logs = path.join(lake, '.duckstep', 'executions');
  const logBytes = readdirSync(logs, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((total, entry) => total + statSync(path.join(entry.parentPath, entry.name)).size, 0);
  const bytes = files.reduce((total, file) => total + file.bytes, 0);
  const seconds = Math.max(...runs.map(({ to }) => to));
  const ofClass = (large: boolean) => {
    const own = runs.filter((run) => run.large === large);
    const ends = own.map(({ to }) => to);
    const took = own.map(({ from, to }) => to - from);
    return {
      files: own.length,
      atOnce: overlap(own),
      firstEnd: Math.min(...ends),
      medianEnd: quantile(ends, 0.5),
      p95End: quantile(ends, 0.95),
      lastEnd: Math.max(...ends),
      // The longest time between two consecutive ends.
      longestPause: Math.max(
        0,
        ...ends.toSorted((a, b) => a - b).map((end, i, all) => end - (all[i - 1] ?? end)),
      ),
      medianTook: quantile(took, 0.5),
      longestTook: Math.max(...took),
    };
  };
  return {
    files: runs.length,
    succeeded: runs.filter(({ status }) => status === 'succeeded').length,
    mb: bytes / MB,
    seconds,
    filesPerSecond: runs.length / seconds,
    mbPerSecond: bytes / MB / seconds,
    atOnce: overlap(runs),
    small: ofClass(false),
    large: ofClass(true),
    peakRssMb: most('rssMb'),
    threads: most('threads'),
    openFiles: most('files'),
    cpuSeconds: most('cpuSeconds'),
    logKbPerFile: logBytes / KB / runs.length,
  };
};

const {
  files: fileCount,
  program,
  concurrency,
  keep,
} = new Command('npx node bench/many.ts')
  .description('drop files of mixed size into a lake that `duckstep start` watches, and measure')
  .option(
    '--files <n>',
    'of 500, 490 have 1 to 200 KB, 8 have 10 to 20 MB, 2 have 100 MB',
    (text) => positiveInteger(text, '--files'),
    500,
  )
  .option('--concurrency <n>', 'as in duckstep start (default: its own)')
  .option('--program <file>', 'cli/duckstep.ts of another checkout', path.join(ROOT, 'cli/duckstep.ts'))
  .option('--keep', 'keep the lake')
  .parse()
  .opts<{ files: number; program: string; concurrency?: string; keep?: true }>();

const folder = path.join(CACHE, `many-files-${fileCount}`);
const files = plan(fileCount);
mkdirSync(folder, { recursive: true });
const sqlDir = await mkdtemp(path.join(CACHE, 'many-sql-'));
await withDuckDb({ memoryMb: 1024, threads: 2, scratch: path.join(sqlDir, 'scratch') }, async (db) => {
  for (const file of files) await write(db, folder, file);
});
rmSync(path.join(sqlDir, 'scratch'), { recursive: true });
cpSync(path.join(ROOT, 'sql'), sqlDir, { recursive: true });
cpSync(path.join(SQL_DIR, 'narrow'), path.join(sqlDir, 'narrow'), { recursive: true });
const args = concurrency === undefined ? [] : ['--concurrency', concurrency];
const { lake, ...seen } = await drop(files, { folder, program, args, sqlDir });
console.log(
  JSON.stringify({ machine: describeMachine(), concurrency, ...(await report(lake, files, seen)) }, null, 2),
);
for (const made of keep ? [sqlDir] : [sqlDir, lake]) rmSync(made, { recursive: true, force: true });
