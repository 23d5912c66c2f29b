import { cpSync, existsSync } from 'node:fs';
import path from 'node:path';
import type { LocalLake } from '../../../../operate/local/lake.ts';
import { maintainLake } from '../../../../operate/maintain-lake.ts';
import { type Removal, writeRemoval } from '../../../../operate/removal/removal.ts';
import { continueRemovals, removeFiles } from '../../../../operate/removal/remove-files.ts';
import { UsageError } from '../../../../shared/errors.ts';
import { lakePaths } from '../../../../shared/lake/paths.ts';
import { Table } from '../../../../shared/lake/table/commit/table.ts';
import { compactTable } from '../../../../shared/lake/table/upkeep/compact.ts';
import { INLINE } from '../../../../shared/lake/table/upkeep/compaction.ts';
import { sourceIdOf } from '../../../../shared/run/run-identity.ts';
import type { RunRecord } from '../../../../shared/run/run-record.ts';
import { ROW_IDENTITY } from '../../../../shared/stages/transform/silver-table.ts';
import { askLake } from '../../../helpers/ask-lake.ts';
import { csvOf, removalFrom, SHOPS } from '../../../helpers/removal.ts';
import { StepRunner } from '../../../helpers/run-steps.ts';
import { scratch } from '../../../helpers/scratch.ts';
import { keysIn, testDb } from '../../../helpers/silver-lake.ts';
import { keepLocksStill } from '../../../helpers/still-locks.ts';

keepLocksStill();

const OPTIONS = { keepRaw: false, dryRun: false };

/** A lake with these files, in the order of their uploads. */
const lakeWith = async (...files: [key: string, content: string][]): Promise<StepRunner> => {
  const runner = new StepRunner(SHOPS);
  for (const [key, content] of files) await runner.load(await runner.transformed(content, key));
  return runner;
};

const ask = async ({ lake, context }: StepRunner, sql: string) =>
  await askLake(
    {
      folder: path.dirname(new URL(lake.silver.uri).pathname),
      lake: lake as LocalLake,
      sqlDir: context.config.sqlDir,
    },
    sql,
  );
const shown = async (runner: StepRunner) =>
  (await ask(runner, 'SELECT id, v FROM silver.t ORDER BY ALL')).map(({ id, v }) => `${id}${v}`);
const total = async (runner: StepRunner) => (await ask(runner, 'SELECT rows FROM gold.totals'))[0]?.rows;
const records = async (runner: StepRunner) =>
  (await ask(runner, "FROM runs WHERE status = 'removed' ORDER BY source_key")) as unknown as RunRecord[];

const A: [string, string] = ['t/a.csv', csvOf([1, 'a'], [2, 'a'])];
const B: [string, string] = ['t/b.csv', csvOf([2, 'b'], [3, 'b'])];

test('rows leave silver and gold in one commit, hidden ones show again, and the file leaves raw', async () => {
  const runner = await lakeWith(A, B);
  expect(await shown(runner)).toEqual(['1a', '2b', '3b']);
  expect(await removeFiles(removalFrom(runner), ['t/b.csv'], OPTIONS)).toEqual([
    {
      id: expect.stringMatching(/^[0-9a-f]{24}$/),
      continued: false,
      files: [{ key: 't/b.csv', dataset: 't', rows: 2, raw: 'removed' }],
    },
  ]);
  expect(await shown(runner)).toEqual(['1a', '2a']);
  expect(await total(runner)).toBe(2);
  const snapshot = await new Table(runner.lake.silver, 't').current();
  expect(snapshot).toMatchObject({ version: 3, operation: 'remove source' });
  expect(await keysIn(runner.lake.raw, '')).toEqual(['t/a.csv']);
  expect(await (runner.lake as LocalLake).raw.versions('t/b.csv')).toHaveLength(1);
  expect(await records(runner)).toMatchObject([
    {
      ...{ source_key: 't/b.csv', rows_read: 2, rows_accepted: 2, rows_silver: 2, verdict: 'pass' },
      reason: "duckstep remove: the file's rows have left silver and gold; the file was removed from raw.",
    },
  ]);
  expect(await keysIn(runner.lake.silver, lakePaths.removals)).toEqual([]);
  expect(await keysIn(runner.lake.silver, '_removals/done/')).toHaveLength(1);
});

test('what was uploaded before stays out; a replay and a later version come in', async () => {
  const runner = await lakeWith(A);
  const first = await runner.transformed(csvOf([7, 'x']), 't/b.csv');
  await runner.load(first);
  // Uploaded before the removal, and not loaded yet.
  const underWay = await runner.transformed(csvOf([8, 'y']), 't/b.csv');
  await removeFiles(removalFrom(runner), ['t/b.csv'], OPTIONS);
  for (const late of [first, underWay, first])
    expect(await runner.load(late)).toMatchObject({
      status: 'superseded',
      reason: 'The file was removed (duckstep remove) after this version was uploaded.',
    });
  expect(await shown(runner)).toEqual(['1a', '2a']);

  const replayed = (state: typeof first, ms: number) => ({
    ...state,
    validate: {
      ...state.validate,
      run: { ...state.validate.run, replayed_at: new Date(Date.now() + ms).toISOString() },
    },
  });
  // Asked for before the removal.
  expect(await runner.load(replayed(first, -60_000))).toMatchObject({ status: 'superseded' });
  expect(await runner.load(replayed(first, 1000))).toMatchObject({ status: 'loaded' });
  expect(await shown(runner)).toEqual(['1a', '2a', '7x']);
  // It still keeps out what was not replayed.
  expect(await runner.load(underWay)).toMatchObject({ status: 'superseded' });
  const later = await runner.transformed(csvOf([9, 'z']), 't/b.csv');
  expect(await runner.load(later)).toMatchObject({ status: 'loaded' });
  expect(await shown(runner)).toEqual(['1a', '2a', '9z']);
});

test('a file that was removed before it was ever loaded stays out', async () => {
  const runner = await lakeWith(A);
  const underWay = await runner.transformed(csvOf([8, 'y']), 't/b.csv');
  expect(await removeFiles(removalFrom(runner), ['t/b.csv'], OPTIONS)).toMatchObject([
    { files: [{ rows: 0, raw: 'removed' }] },
  ]);
  expect(await runner.load(underWay)).toMatchObject({ status: 'superseded' });
  expect(await shown(runner)).toEqual(['1a', '2a']);
});

test('a file of a dataset without any commit is removed', async () => {
  const runner = await lakeWith();
  const underWay = await runner.transformed(...([B[1], B[0]] as const));
  expect(await removeFiles(removalFrom(runner), ['t/b.csv'], OPTIONS)).toMatchObject([
    { files: [{ rows: 0, raw: 'removed' }] },
  ]);
  expect(await runner.load(underWay)).toMatchObject({ status: 'superseded' });
  expect(await shown(runner)).toEqual([]);
  expect(await total(runner)).toBe(0);
});

test('the same file that is dropped again, with the time that it had, is a later version', async () => {
  const runner = await lakeWith(A, B);
  const { raw } = runner.lake as LocalLake;
  const [file, aside] = [path.join(new URL(raw.uri).pathname, 't/b.csv'), path.join(scratch(), 'b.csv')];
  cpSync(file, aside, { preserveTimestamps: true });
  await removeFiles(removalFrom(runner), ['t/b.csv'], OPTIONS);
  cpSync(aside, file, { preserveTimestamps: true });
  await raw.adopt('t/b.csv');
  expect(await raw.versions('t/b.csv')).toHaveLength(2);
  const state = await runner.transformed(B[1], 't/b.csv');
  expect(await runner.load(state)).toMatchObject({ status: 'loaded' });
  expect(await shown(runner)).toEqual(['1a', '2b', '3b']);
});

test('a prefix removes every file below it, also those that compaction has merged with others', async () => {
  const runner = await lakeWith(
    ['t/2023/a.csv', csvOf([1, 'a'], [2, 'a'])],
    ['t/2024/b.csv', csvOf([2, 'b'], [3, 'b'])],
    ['t/2024/c.csv', csvOf([3, 'c'])],
  );
  await runner.put('', 't/2024/_SUCCESS');
  await testDb((db, scratch) =>
    compactTable({ db, store: runner.lake.silver, scratch }, new Table(runner.lake.silver, 't'), {
      runId: '0'.repeat(24),
      identity: ROW_IDENTITY,
      policy: { ...INLINE, minFiles: 2 },
    }),
  );
  // Silver has rows of a file that is not in raw any more.
  await runner.lake.raw.remove('t/2024/c.csv');
  const preview = await removeFiles(removalFrom(runner), ['t/2024/'], { keepRaw: false, dryRun: true });
  expect(preview).toEqual([
    {
      continued: false,
      files: [
        { key: 't/2024/b.csv', dataset: 't', rows: 2, raw: 'removed' },
        { key: 't/2024/c.csv', dataset: 't', rows: 1, raw: 'absent' },
      ],
    },
  ]);
  expect(await shown(runner)).toEqual(['1a', '2b', '3c']);
  const [report] = await removeFiles(removalFrom(runner), ['t/2024/', 't/2024/b.csv'], OPTIONS);
  expect(report?.files).toEqual(preview[0]?.files);
  expect(await shown(runner)).toEqual(['1a', '2a']);
  expect(await keysIn(runner.lake.raw, '')).toEqual(['t/2023/a.csv', 't/2024/_SUCCESS']);
  expect(await records(runner)).toMatchObject([{ rows_silver: 2 }, { rows_silver: 1 }]);
});

test('files may stay in raw, and be removed from there later', async () => {
  const runner = await lakeWith(A, B);
  const source = removalFrom(runner);
  expect(await removeFiles(source, ['t/a.csv'], { ...OPTIONS, keepRaw: true })).toMatchObject([
    { files: [{ rows: 2, raw: 'kept' }] },
  ]);
  expect(await shown(runner)).toEqual(['2b', '3b']);
  await expect(removeFiles(source, ['t/a.csv'], { ...OPTIONS, keepRaw: true })).rejects.toThrow(UsageError);
  expect(await removeFiles(source, ['t/a.csv'], OPTIONS)).toMatchObject([{ files: [{ raw: 'removed' }] }]);
  await expect(removeFiles(source, ['t/a.csv'], OPTIONS)).rejects.toThrow('Nothing to remove');
});

test.each([
  ['t/a.cvs', 'Did you mean "t/a.csv"?'],
  ['t/b', 'Nothing to remove: silver.t has no rows of "t/b", and raw has no such file.'],
  ['t/sub', 'Did you mean "t/sub/"?'],
  ['t/none/', 'raw has no such files'],
  ['raw/t/a.csv', 'Did you mean "t/a.csv"?'],
  ['s3://bucket/t/a.csv', 'Did you mean "t/a.csv"?'],
  ['u/a.csv', 'Did you mean the dataset "t"?'],
  ['other/a.csv', 'There are t.'],
  ['a.csv', 'below no dataset'],
  ['/', 'below no dataset'],
])('%j names nothing: %s', async (asked, message) => {
  const runner = await sharedLake();
  const removed = removeFiles(removalFrom(runner), [asked], OPTIONS);
  await expect(removed).rejects.toThrow(UsageError);
  await expect(removed).rejects.toThrow(message);
  expect(await keysIn(runner.lake.silver, '_removals/')).toEqual([]);
});

let shared: Promise<StepRunner> | undefined;
const sharedLake = (): Promise<StepRunner> => {
  shared ??= lakeWith(A, ['t/sub/file.csv', csvOf([5, 's'])]);
  return shared;
};

describe('a removal that was interrupted', () => {
  const interrupted = async (runner: StepRunner, change: Partial<Removal> = {}): Promise<void> => {
    const source = removalFrom(runner);
    const newest = await source.newestOf('t/b.csv');
    await writeRemoval(runner.lake, {
      ...{ format: 1, id: 'f'.repeat(24), asked: ['t/b.csv'], keep_raw: false },
      at: new Date().toISOString(),
      files: [
        {
          ...{ dataset: 't', key: 't/b.csv', source_id: sourceOf(runner, 't/b.csv') },
          ...{ sequencer: newest?.sequencer, version_id: newest?.versionId, etag: newest?.etag },
        },
      ],
      ...change,
    });
  };
  const sourceOf = ({ lake }: StepRunner, key: string) => sourceIdOf(lake.raw.name, key);

  test('is finished by the next one, which then finds nothing of its own', async () => {
    const runner = await lakeWith(A, B);
    await interrupted(runner);
    expect(await removeFiles(removalFrom(runner), ['t/b.csv'], OPTIONS)).toEqual([
      {
        ...{ id: 'f'.repeat(24), continued: true },
        files: [{ key: 't/b.csv', dataset: 't', rows: 2, raw: 'removed' }],
      },
    ]);
    expect(await shown(runner)).toEqual(['1a', '2a']);
    expect(await continueRemovals(removalFrom(runner))).toEqual([]);
  });

  test('is finished by maintenance, which maintains the tables also where a removal fails', async () => {
    const runner = await lakeWith(A, B);
    const source = removalFrom(runner);
    await writeRemoval(runner.lake, {
      ...{ format: 1, id: 'e'.repeat(24), asked: ['gone/x.csv'], keep_raw: false },
      at: new Date().toISOString(),
      files: [{ dataset: 'gone', key: 'gone/x.csv', source_id: sourceOf(runner, 'gone/x.csv') }],
    });
    await interrupted(runner);
    const reports = await maintainLake(source, 0, {});
    expect(reports).toMatchObject([
      { zone: 'silver', table: 'gone', error: { name: 'UnknownDataset' } },
      { zone: 'silver', table: 't' },
      { zone: 'gold', table: 'totals' },
    ]);
    expect(await shown(runner)).toEqual(['1a', '2a']);
    expect(await keysIn(runner.lake.silver, lakePaths.removals)).toEqual([lakePaths.removal('e'.repeat(24))]);
  });

  test('leaves a version alone that was uploaded since', async () => {
    const runner = await lakeWith(A, B);
    await interrupted(runner);
    await runner.load(await runner.transformed(csvOf([4, 'new']), 't/b.csv'));
    expect(await continueRemovals(removalFrom(runner))).toMatchObject([
      { files: [{ rows: 0, raw: 'replaced' }] },
    ]);
    expect(await shown(runner)).toEqual(['1a', '2a', '4new']);
    expect(existsSync(path.join(new URL(runner.lake.raw.uri).pathname, 't/b.csv'))).toBe(true);
    expect(await records(runner)).toEqual([]);
  });

  test('has changed nothing before its files were found', async () => {
    const runner = await lakeWith(A, B);
    await interrupted(runner, { at: undefined, files: undefined });
    expect(await continueRemovals(removalFrom(runner))).toEqual([]);
    expect(await keysIn(runner.lake.silver, '_removals/')).toEqual([]);
    expect(await shown(runner)).toEqual(['1a', '2b', '3b']);
  });
});
