/**
 * Measures the start-up work of a new instance of each packaged function, and prints the table of `docs/costs.md`:
 * `npm run package && npx node scripts/cold-start.ts`. It measures processor time, which other processes disturb little,
 * and makes no requests to S3 and Glue.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { unzip } from './unzip.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const ROUNDS = 9;

const FUNCTIONS = {
  Validate: 'validate',
  QualityScore: 'quality-score',
  Transform: 'transform',
  LoadToGold: 'load-to-gold',
  Quarantine: 'quarantine',
} as const;

/** Runs in a process of its own for each round, in Lambda's way: CommonJS, DuckDB from a folder of packages. */
const CHILD = `
const phases = {};
let last = process.cpuUsage();
const lap = (name) => {
  const { user, system } = process.cpuUsage(last);
  phases[name] = (user + system) / 1000;
  last = process.cpuUsage();
};
lap('node');
phases.node = (last.user + last.system) / 1000;
const write = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write = () => true;
for (const level of ['log', 'info', 'warn', 'error']) console[level] = () => undefined;
(async () => {
  const { DuckDBInstance } = require('@duckdb/node-api');
  lap('duckdb');
  const { handler } = require(process.argv[1]);
  lap('import');
  const call = () => handler({}, { functionName: 'f', awsRequestId: 'r' }).catch(() => undefined);
  await call();
  lap('handler');
  await call();
  lap('again');
  const query = async () => {
    const instance = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: '900MiB' });
    const connection = await instance.connect();
    await connection.runAndReadAll('select 1');
    connection.closeSync();
    instance.closeSync();
  };
  await query();
  lap('instance');
  await query();
  lap('next');
  write(JSON.stringify(phases));
})();
`;

const ENVIRONMENT = {
  ...{ RAW_BUCKET: 'raw', SILVER_BUCKET: 'silver', GOLD_BUCKET: 'gold', QUARANTINE_BUCKET: 'quarantine' },
  ...{ AWS_REGION: 'us-east-1', AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1769', AWS_LAMBDA_FUNCTION_NAME: 'f' },
  ...{ POWERTOOLS_SERVICE_NAME: 'duckstep', AWS_XRAY_CONTEXT_MISSING: 'IGNORE_ERROR' },
};

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

const folder = mkdtempSync(path.join(os.tmpdir(), 'cold-start-'));
try {
  const columns = ['node', 'duckdb', 'import', 'handler', 'instance', 'next'] as const;
  const names = ['Node.js', 'DuckDB', 'rest of the code', 'SDK, telemetry', 'first query', 'next query'];
  const lines = [['Function', ...names].join(' | '), ['---', ...names.map(() => '--:')].join(' | ')];
  for (const [name, file] of Object.entries(FUNCTIONS)) {
    for (const [entry, content] of unzip(readFileSync(path.join(ROOT, `dist/package/${name}.zip`)))) {
      const target = path.join(folder, name, entry);
      mkdirSync(path.dirname(target), { recursive: true });
      writeFileSync(target, content);
    }
    const rounds = Array.from({ length: ROUNDS }, () => {
      const args = ['-e', CHILD, path.join(folder, name, `functions/${file}.js`)];
      const env = { PATH: process.env.PATH, ...ENVIRONMENT, NODE_PATH: path.join(ROOT, 'node_modules') };
      return JSON.parse(execFileSync(process.execPath, args, { env, encoding: 'utf8' })) as Record<
        string,
        number
      >;
    });
    const cells = columns.map((column) =>
      median(rounds.map((round) => round[column] ?? Number.NaN)).toFixed(0),
    );
    lines.push([name, ...cells].join(' | '));
  }
  process.stdout.write(`${lines.map((line) => `| ${line} |`).join('\n')}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
