import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { callProgram as duckstep, startProgram } from '../../helpers/call-program.ts';
import { ROOT } from '../../helpers/engine.ts';
import { scratch } from '../../helpers/scratch.ts';

beforeAll(() => {
  delete process.env.DUCKSTEP_LAKE;
});

const COMMANDS = readdirSync(path.join(ROOT, 'cli/commands'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => path.basename(file, '.ts'));

test.each(COMMANDS)('README lists %s', (command) => {
  expect(readFileSync(path.join(ROOT, 'README.md'), 'utf8')).toMatch(
    new RegExp(`^\\| \`npx duckstep ${command}\\b`, 'm'),
  );
});

describe('as a process', () => {
  test('help is a result, and exits with 0', async () => {
    const { code, out, err } = await startProgram(['query', '--help']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^Usage: duckstep query .*\nExit codes: 0.*\n$/s);
  });

  test('wrong usage is a remark, and exits with 64', async () => {
    expect(await startProgram(['query', 'select 1', '--format', 'xml'])).toEqual({
      code: 64,
      out: '',
      err: expect.stringMatching(/^error: option '--format.*Allowed choices are table, csv, json\.\n.*\n$/),
    });
  });

  test('a mistake exits with 1', async () => {
    const { code, out, err } = await startProgram(['query', 'select nothing from runs']);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^Binder Error: Referenced column "nothing" not found/);
  });

  test('more rows than are held in memory at a time', async () => {
    const { out } = await startProgram([
      'query',
      'select i from range(25000) r(i) order by i desc',
      '--json',
    ]);
    expect(JSON.parse(out)).toEqual(Array.from({ length: 25_000 }, (_, i) => ({ i: 24_999 - i })));
  });
});

describe('help', () => {
  test.each(COMMANDS)('%s shows an example and its exit codes', async (command) => {
    const { code, out } = await duckstep([command, '--help']);
    expect(code).toBe(0);
    expect(out).toMatch(/Examples?:\n {2}\S/);
    expect(out).toContain('Exit codes: 0');
  });
});

describe('wrong usage exits with 64 and one message', () => {
  test.each([
    [[], 'Usage: duckstep'],
    [['nonsense'], "unknown command 'nonsense'"],
    [['demo', '--nonsense'], "unknown option '--nonsense'"],
    [['run'], "required option '--dataset"],
    [['run', 'missing.csv', '--dataset', 'signups'], 'UsageError: missing.csv is not a file.'],
    [['query'], 'UsageError: Give a query in quotes, or --export FILE.'],
    [['query', 'select 1; select 2'], 'UsageError: Give one statement'],
    [['query', ' -- nothing'], 'UsageError: Give one statement'],
    [['query', 'select 1', '--limit', '0'], '--limit takes a whole number above 0, not "0".'],
    [['query', 'select 1', '--format', 'xml'], 'Allowed choices are table, csv, json.'],
    [['query', 'select 1', '--at', 'yesterday'], '--at takes a time with its zone'],
    [['query', 'from silver.signups', '--at', '12345'], 'UsageError: No table has a snapshot 12345'],
    [['history'], "missing required argument 'table'"],
    [
      ['history', 'nonsense'],
      'UsageError: There is no table nonsense with a history. There are gold.daily_metrics,',
    ],
    [['history', 'signups', '--limit', '0'], '--limit takes a whole number above 0, not "0".'],
    [['executions', '20000101T000000-aaaa'], 'UsageError: There is no execution 20000101T000000-aaaa.'],
    [['executions', '--status', 'odd'], 'Allowed choices are running, succeeded, failed, stale.'],
    [['cost', '--size', 'much', '--per-day', '1'], '--size takes a number above 0, not "much".'],
    [['redrive'], 'UsageError: Give either the id of an execution, or --all-failed.'],
    [['redrive', '20000101T000000-aaaa', '--all-failed'], 'UsageError: Give either'],
    [['replay'], 'UsageError: Say which files: KEY…'],
    [['upload', 'x.csv'], "required option '--dataset"],
    [['upload', 'missing.csv', '--dataset', 'signups'], 'UsageError: missing.csv is not a file.'],
    [['start', '--concurrency', 'two'], '--concurrency takes a whole number above 0, not "two".'],
    [['infer', 'missing.csv'], 'UsageError: missing.csv is not a file.'],
  ])('%p', async (args, message) => {
    const { code, out, err } = await duckstep(args);
    expect({ code, out }).toEqual({ code: 64, out: '' });
    expect(err).toContain(message);
    expect(err).not.toMatch(/^ {4}at /m);
  });

  test('two files that would get the same key', async () => {
    const folder = scratch();
    for (const name of ['a', 'b']) {
      mkdirSync(path.join(folder, name));
      writeFileSync(path.join(folder, name, 'x.csv'), 'id\n1\n');
    }
    const { code, err } = await duckstep(['run', 'a/x.csv', 'b/x.csv', '--dataset', 'signups'], {}, folder);
    expect(code).toBe(64);
    expect(err).toContain('a/x.csv and b/x.csv would both become raw/signups/x.csv');
    expect(existsSync(path.join(folder, 'lake'))).toBe(false);
  });

  test('an environment variable that cannot be used is named', async () => {
    const { code, err } = await duckstep(['executions'], { DUCKSTEP_MEMORY_MB: 'much' });
    expect(code).toBe(64);
    expect(err).toContain('ConfigurationError: Environment variables cannot be used: DUCKSTEP_MEMORY_MB');
  });
});

test('DUCKSTEP_DEBUG=1 shows where an error comes from', async () => {
  const { err } = await duckstep(['infer', 'missing.csv'], { DUCKSTEP_DEBUG: '1' });
  expect(err).toMatch(/^ {4}at /m);
});

describe('on an empty lake', () => {
  test('there are no executions', async () => {
    expect(await duckstep(['executions'])).toMatchObject({ code: 0, out: '0 executions\n' });
    expect(await duckstep(['executions', '--json'])).toMatchObject({ code: 0, out: '[]\n' });
  });

  test('nothing is to be redriven', async () => {
    expect(await duckstep(['redrive', '--all-failed'])).toMatchObject({
      code: 0,
      out: 'Nothing has failed.\n',
    });
  });

  test('tables are there, and empty', async () => {
    const { code, out } = await duckstep(['query', 'select run_id, status from runs']);
    expect({ code, out }).toEqual({ code: 0, out: 'run_id  status\n------  ------\n0 rows\n' });
  });
});

describe('query', () => {
  const withMistake = (): NodeJS.ProcessEnv => {
    const folder = scratch();
    mkdirSync(path.join(folder, 'orders'));
    writeFileSync(path.join(folder, 'orders/contract.yaml'), 'kind: nonsense\n');
    return { DUCKSTEP_SQL_DIR: folder };
  };

  test('leaves out a dataset whose contract has mistakes, and says so', async () => {
    const { code, out, err } = await duckstep(['query', 'select 1 as one', '--json'], withMistake());
    expect({ code, out }).toEqual({ code: 0, out: '[{"one":1}]\n' });
    expect(err).toMatch(/^Left out for mistakes in its files:\n( {2}\S*orders\/contract\.yaml:1 .*\n)+$/);
  });

  test('a semicolon ends a statement, and may stand in a text', async () => {
    const { out } = await duckstep(['query', "select ';' as s; -- done", '--json']);
    expect(out).toBe('[{"s":";"}]\n');
  });

  test('an export is whole or none', async () => {
    const { code, err } = await duckstep(['query', '--export', 'all.duckdb'], withMistake());
    expect(code).toBe(1);
    expect(err).toMatch(/^ContractInvalid: /);
  });

  const sql =
    "select i as n, case when i = 0 then null else 'x,' || i end as t from range(3) r(i) order by i";

  test('as a table', async () => {
    const { out } = await duckstep(['query', sql, '--limit', '2']);
    expect(out).toBe('n  t\n-  ----\n0  NULL\n1  x,1\n3 rows, 2 shown (--limit)\n');
  });

  test('as CSV', async () => {
    expect((await duckstep(['query', sql, '--format', 'csv'])).out).toBe('n,t\n0,\n1,"x,1"\n2,"x,2"\n');
  });

  test('as JSON', async () => {
    const { out } = await duckstep(['query', `${sql};`, '--json']);
    expect(JSON.parse(out)).toEqual([
      { n: 0, t: null },
      { n: 1, t: 'x,1' },
      { n: 2, t: 'x,2' },
    ]);
    expect((await duckstep(['query', 'select 1 where false', '--json'])).out).toBe('[]\n');
  });

  test('what is no SELECT', async () => {
    const { out } = await duckstep(['query', 'describe runs', '--format', 'csv', '--limit', '1']);
    expect(out).toMatch(/^column_name,.*\nrun_id,VARCHAR,/);
  });
});

test('infer writes a draft once', async () => {
  const folder = scratch();
  writeFileSync(path.join(folder, 'orders.csv'), 'id,n\n1,2\n2,3\n');
  const { out } = await duckstep(['infer', 'orders.csv'], {}, folder);
  expect(out).toContain('\nid: orders\n');
  expect(await duckstep(['infer', 'orders.csv', '-o', 'c.yaml'], {}, folder)).toMatchObject({ code: 0 });
  const again = await duckstep(['infer', 'orders.csv', '-o', 'c.yaml'], {}, folder);
  expect(again).toMatchObject({ code: 64, err: expect.stringContaining('c.yaml cannot be written') });
});

test('infer says what is wrong with a file', async () => {
  const folder = scratch();
  writeFileSync(path.join(folder, 'empty.csv'), '');
  const { code, err } = await duckstep(['infer', 'empty.csv'], {}, folder);
  expect(code).toBe(1);
  expect(err).toMatch(/^EmptyFile: /);
});
