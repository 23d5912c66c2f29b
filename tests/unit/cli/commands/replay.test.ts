import { StartExecutionCommand } from '@aws-sdk/client-sfn';
import { cleanSteps, engineOn } from '../../../helpers/engine.ts';
import { fakeAws } from '../../../helpers/fake-aws.ts';
import { datasets, testPipeline } from '../../../helpers/pipeline.ts';
import { fileFor } from '../../../helpers/pipeline-suite.ts';
import { runCommand } from '../../../helpers/run-command.ts';
import { scratch } from '../../../helpers/scratch.ts';
import { contractYaml } from '../../../helpers/silver-lake.ts';

const sqlDir = datasets({
  'people/contract.yaml': contractYaml('people', ['{ name: id, logicalType: integer, required: true }']),
});

const duckstep = (lake: string, ...args: string[]) =>
  runCommand({ DUCKSTEP_SQL_DIR: sqlDir }, '--lake', lake, ...args);

const listeners = (): number => process.listenerCount('SIGINT') + process.listenerCount('SIGTERM');

describe('on this machine', () => {
  test('a dry run lists what would run, and what would not', async () => {
    const { folder, drop, engine } = testPipeline({ sqlDir });
    await drop('people/a.csv', 'id\n1\nx\n');
    await drop('nonsense/b.csv', 'id\n1\n');
    const before = engine.list().length;
    const { out, err, code } = await duckstep(folder, 'replay', '--quarantined', '--dry-run');
    const lines = out
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:]{8}/g, 'TIME')
      .replaceAll(/\$[\d.]+/g, '$')
      .split('\n');
    expect({ err, code }).toEqual({ err: '', code: 0 });
    expect(lines.map((line) => line.replaceAll(/ +/g, ' '))).toEqual([
      'file uploaded bytes estimated because',
      expect.stringMatching(/^-+ -+ -+ -+ -+$/),
      'people/a.csv TIME 7 $ in quarantine',
      'nonsense/b.csv TIME 5 $ in quarantine',
      '2 files would run, 12 bytes, about $ on AWS',
    ]);
    expect(engine.list()).toHaveLength(before);
    const json = JSON.parse(
      (await duckstep(folder, 'replay', 'people/', 'none/x.csv', '--dry-run', '--json')).out,
    );
    expect(json).toMatchObject({
      files: [{ key: 'people/a.csv', bytes: 7, estimated_usd: expect.any(Number), because: 'chosen' }],
      skipped: [{ key: 'none/x.csv', reason: 'gone' }],
    });
  });

  test('files run to their ends, and the exit code is theirs', async () => {
    const { folder, drop } = testPipeline({ sqlDir });
    await drop('nonsense/b.csv', 'id\n1\n');
    const had = listeners();
    const { out, err, code } = await duckstep(folder, 'replay', 'nonsense/b.csv', 'none/x.csv');
    expect({ err, code }).toEqual({ err: '', code: 2 });
    expect(out).toContain('nonsense/b.csv: quarantined');
    expect(out).toContain('UnknownDataset');
    expect(out).toMatch(/\n1 file\n\nnot run +version +because\n/);
    expect(out).toContain('none/x.csv           Raw has no such file');
    expect(listeners()).toBe(had);
  });

  test('several files: the command that continues is printed, with all that selects them', async () => {
    const { folder, drop } = testPipeline({ sqlDir });
    for (const name of ['it’s', "b'c"]) await drop(`nonsense/${name}.csv`, 'id\n1\n');
    const args = ["nonsense/b'c.csv", 'nonsense/', '--quarantined', '--since', '2026-01-01'];
    const { err, out } = await duckstep(folder, 'replay', ...args);
    expect(err).toMatch(
      /^To continue this replay after an interruption: duckstep replay 'nonsense\/b'\\''c\.csv' nonsense\/ --quarantined --since 2026-01-01T00:00:00\.000Z --resume \d{4}-[\dT:.-]+Z$/,
    );
    expect(out).toContain('\n2 files');
    const resume = /--resume (\S+)/.exec(err)?.[1] ?? '';
    const again = await duckstep(folder, 'replay', ...args, '--resume', resume, '--json');
    expect(JSON.parse(again.out)).toMatchObject({
      requested_at: resume,
      files: [{ before: true }, { before: true }],
    });
  });

  test('nothing to run is told, and ends with 0', async () => {
    const { folder } = testPipeline({ sqlDir });
    expect(await duckstep(folder, 'replay', '--missing')).toEqual({
      out: 'Nothing to run.',
      err: '',
      code: 0,
    });
    expect((await duckstep(folder, 'replay', '--missing', '--dry-run')).out).toBe('Nothing would run.');
  });

  test('maintain says how many files never ran, and how to run them', async () => {
    const { folder, put } = testPipeline({ sqlDir });
    await put('people/a.csv', 'id\n1\n');
    const { err, code } = await duckstep(folder, 'maintain');
    expect(code).toBe(0);
    expect(err).toBe(
      '1 file of the last 3 days never ran. To see and to run them: duckstep replay --missing --since 3d --dry-run',
    );
    const off = { DUCKSTEP_SQL_DIR: sqlDir, DUCKSTEP_MISSING_DAYS: '0' };
    expect((await runCommand(off, '--lake', folder, 'maintain')).err).toBe('');
  });
});

describe('with --stage', () => {
  const stage = (...args: string[]) =>
    runCommand({ AWS_REGION: 'eu-west-1' }, 'replay', '--stage', 'test', ...args);

  const uploaded = async () => {
    const aws = fakeAws(engineOn(scratch(), { steps: cleanSteps() }));
    const { file } = fileFor('signups/a.csv');
    await runCommand({ AWS_REGION: 'eu-west-1' }, 'upload', file, '--dataset', 'signups', '--stage', 'test');
    await aws.idle();
    return aws;
  };

  test('executions are started, and the command returns', async () => {
    const { sfn, idle } = await uploaded();
    const { out, err, code } = await stage('signups/a.csv');
    await idle();
    expect({ err, code }).toEqual({ err: '', code: 0 });
    expect(out).toMatch(/^signups\/a\.csv {2}starts as replay-\d{8}T\d{9}Z-[0-9a-f]{24}\n1 file$/);
    expect(sfn.commandCalls(StartExecutionCommand)).toHaveLength(1);
  });

  test('with --wait their outcomes are printed', async () => {
    await uploaded();
    const { out, code } = await stage('signups/a.csv', '--wait', '--pace', '50', '--at-once', '2', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      plan: { files: [{ key: 'signups/a.csv' }], skipped: [] },
      files: [{ key: 'signups/a.csv', before: false, outcome: { status: 'succeeded' } }],
    });
  });
});

test('a list of many files is cut, and its rest counted', async () => {
  const { folder, lake } = testPipeline({ sqlDir });
  for (let n = 0; n < 52; n += 1) await lake.raw.write(`people/${String(n).padStart(2, '0')}.csv`, 'id\n1\n');
  const { out } = await duckstep(folder, 'replay', '--missing', '--dry-run');
  expect(out).toContain('people/49.csv');
  expect(out).not.toContain('people/50.csv');
  expect(out).toContain('\nand 2 more (--json lists all)\n52 files would run');
});

test.each([
  [['--missing', '--quarantined'], 'UsageError: A file that never ran is not in quarantine'],
  [['--missing', '--since', 'soon'], '--since takes 90m, 24h, 3d'],
  [['a/b.csv', '--wait'], 'UsageError: --wait, --pace and --at-once need --stage'],
  [['a/b.csv', '--stage', 'x', '--pace', 'fast'], '--pace takes a whole number above 0, not "fast".'],
  [['a/b.csv', '--resume', 'today'], 'UsageError: --resume takes the time that the replay printed'],
  [['a/b.csv', '--dry-run', '--resume', '2026-12-01T00:00:00.000Z'], '--dry-run runs nothing'],
])('%p is wrong usage', async (args, message) => {
  const { out, err, code } = await duckstep(scratch(), 'replay', ...args);
  expect({ out, code }).toEqual({ out: '', code: 64 });
  expect(err).toContain(message);
});
