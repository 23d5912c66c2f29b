import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../helpers/engine.ts';
import { runCommand } from '../helpers/run-command.ts';
import { scratch } from '../helpers/scratch.ts';

/**
 * A lake that version 0.1.0 wrote: a replaced file, keys that several files bring, rows and a whole file in quarantine,
 * and an execution that failed in LoadToGold after it had committed silver. `expected.json` holds what version 0.1.0
 * itself read from it, and what it read after it had gone on with it.
 */
const FIXTURE = path.join(ROOT, 'tests/fixtures/older-lake');

type Rows = Record<string, unknown>[];
type Tables = Record<string, Rows>;

const expected = JSON.parse(readFileSync(path.join(FIXTURE, 'expected.json'), 'utf8')) as {
  queries: Record<string, string>;
  stored: Tables;
  history: Rows;
  atSnapshot: { snapshot: number; rows: Rows };
  executions: { id: string; status: string }[];
  continued: Tables;
};

/** Version 0.1.0 showed in `quarantine` what `quarantine_history` shows now: the refused rows of all runs. */
const queries: Record<string, string> = {
  ...expected.queries,
  quarantine: 'SELECT * EXCLUDE (standing) FROM quarantine_history.orders ORDER BY ALL',
};

/** @param sqlDir the contracts of the lake */
const olderLake = (sqlDir = path.join(FIXTURE, 'sql')): ((...args: string[]) => Promise<unknown>) => {
  const folder = scratch();
  cpSync(path.join(FIXTURE, 'stored'), folder, { recursive: true });
  const env = { ...process.env, DUCKSTEP_SQL_DIR: sqlDir };
  return async (...args) => {
    const { out, err, code } = await runCommand(env, '--lake', folder, ...args, '--json');
    if (code !== 0 && code !== 2) throw new Error(`${args.join(' ')} ended with ${code}: ${err}`);
    return JSON.parse(out) as unknown;
  };
};

const CHANGING = ['_run_id', 'run_id', 'source_version', 'uploaded_at'];

/** Rows without what depends on when a file was uploaded, in an order of their own. */
const lasting = (rows: Rows): string[] =>
  rows
    .map((row) => JSON.stringify(Object.entries(row).filter(([name]) => !CHANGING.includes(name))))
    .toSorted();

test('an older lake is read as the version that wrote it reads it', async () => {
  const duckstep = olderLake();
  // Later releases have more columns in `runs`.
  for (const [name, rows] of Object.entries(expected.stored))
    expect({ [name]: await duckstep('query', queries[name] ?? '') }).toMatchObject({ [name]: rows });
  // Of the file that was replaced, the newer version refused nothing.
  const standing = expected.stored.quarantine?.filter((row) => row.source_key !== 'orders/jan.csv');
  expect(await duckstep('query', 'FROM quarantine.orders ORDER BY ALL')).toEqual(standing);
  const { snapshot, rows } = expected.atSnapshot;
  expect(await duckstep('query', expected.queries.silver ?? '', '--at', String(snapshot))).toEqual(rows);
  expect(await duckstep('history', 'orders')).toEqual(expected.history);
  expect(await duckstep('executions')).toEqual(expected.executions);
});

test('an older lake is gone on with: its failed execution is redriven, a file is added, its tables are maintained', async () => {
  const duckstep = olderLake();
  const failed = expected.executions.filter(({ status }) => status === 'failed').map(({ id }) => id);
  expect(failed).toHaveLength(1);
  expect(await duckstep('redrive', ...failed)).toMatchObject([{ verdict: 'loaded', key: 'orders/mar.csv' }]);
  const april = path.join(FIXTURE, 'next/apr.csv');
  expect(await duckstep('run', april, '--dataset', 'orders')).toMatchObject([
    { verdict: 'loaded', rows: { read: 3, accepted: 2, rejected: 1, silver: 2 } },
  ]);
  expect(await duckstep('maintain', '--grace-days', '0')).toMatchObject([
    { table: 'orders' },
    { table: 'orders_by_customer' },
    { table: 'orders_by_day' },
  ]);
  for (const [name, rows] of Object.entries(expected.continued)) {
    const found = (await duckstep('query', queries[name] ?? '')) as Rows;
    expect({ [name]: lasting(found) }).toEqual({ [name]: lasting(rows) });
  }
});

test('an execution that began under an older release ends under a changed contract as before: it does not go back', async () => {
  const sqlDir = scratch();
  cpSync(path.join(FIXTURE, 'sql'), sqlDir, { recursive: true });
  const contract = path.join(sqlDir, 'orders/contract.yaml');
  writeFileSync(contract, readFileSync(contract, 'utf8').replace('version: 1.0.0', 'version: 1.0.1'));
  const duckstep = olderLake(sqlDir);
  const [failed] = expected.executions.filter(({ status }) => status === 'failed');
  const id = failed?.id ?? '';
  const [outcome] = (await duckstep('redrive', id)) as { verdict: string; states: { state: string }[] }[];
  expect(outcome).toMatchObject({ verdict: 'loaded' });
  expect(outcome?.states.map(({ state }) => state)).not.toContain('ContractChanged');
  expect(
    await duckstep(
      'query',
      `SELECT contract_version, contract_fingerprint FROM runs WHERE execution = '${id}'`,
    ),
  ).toEqual([{ contract_version: '1.0.0', contract_fingerprint: null }]);
});
