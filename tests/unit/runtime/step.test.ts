import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { openLake } from '../../../operate/local/lake.ts';
import { InvalidInput, UnreadableFile } from '../../../shared/errors.ts';
import { type StepTools, step } from '../../../shared/runtime/step.ts';
import { config } from '../../helpers/engine.ts';
import { scratch } from '../../helpers/scratch.ts';

const Input = z.object({ file: z.object({ size: z.number() }) });

const run = async (
  body: (size: number, tools: StepTools) => Promise<object>,
  input: unknown = { execution: 'e1', state: { file: { size: 7 } } },
) => {
  const scratchRoot = scratch();
  const context = { lake: openLake(scratch()), config: { ...config, scratchRoot } };
  const one = step('Weigh', Input, async (given, tools) => await body(given.file.size, tools));
  const ended = await one(input, context).then(
    (output) => ({ output, error: undefined }),
    (error: unknown) => ({ output: undefined, error }),
  );
  return { ...ended, left: readdirSync(scratchRoot) };
};

test('hands the parsed input to the body, and adds the usage to its output', async () => {
  const { output } = await run(async (size, { execution }) => ({ size, execution }));
  expect(output).toEqual({
    size: 7,
    execution: 'e1',
    usage: {
      duration_ms: expect.any(Number),
      memory_mb: config.memoryMb,
      requests: 0,
      requests_write: 0,
      requests_read: 0,
      requests_catalog: 0,
      bytes_read: 0,
      bytes_written: 0,
    },
  });
});

test('counts requests and bytes over all zones', async () => {
  const { output } = await run(async (_, { lake, usage }) => {
    await lake.silver.write('a', '12345');
    await lake.gold.write('b', '123');
    await lake.silver.read('a');
    return { halfway: usage().requests };
  });
  expect(output).toMatchObject({ halfway: 3, usage: { requests: 3, bytes_read: 5, bytes_written: 8 } });
});

test.each([
  ['a value', "SELECT 'secret'::INTEGER", /^Conversion Error: .*values are not shown/],
  ['a path', "FROM read_parquet('p=secret/x.parquet')", /^IO Error: No files found/],
])('an error of DuckDB leaves without %s', async (_, sql, message) => {
  const { error } = await run((_, { duckDb }) => duckDb((db) => db.all(sql)));
  expect(error).toMatchObject({ name: 'Error', message: expect.stringMatching(message) });
  expect((error as Error).message).not.toContain('secret');
  expect((error as Error).cause).toMatchObject({ message: expect.stringContaining('secret') });
});

test.each([
  ['something of the state', { execution: 'e1', state: { file: { size: 'secret' } } }, /Weigh .*file\.size/s],
  ['the state', { execution: 'e1' }, /Weigh/],
  ['the envelope', 'secret', /Weigh/],
  ['the execution', { state: { file: { size: 1 } } }, /execution/],
])('says where %s is not its input, and not what is there', async (_, input, message) => {
  const { error, left } = await run(async () => ({}), input);
  expect(error).toBeInstanceOf(InvalidInput);
  expect((error as Error).message).toMatch(message);
  expect((error as Error).message).not.toContain('secret');
  expect(left).toEqual([]);
});

describe('its scratch folder', () => {
  test('is there for the body, and gone afterwards', async () => {
    let folder = '';
    const { left } = await run(async (_, tools) => {
      folder = tools.scratch;
      writeFileSync(path.join(folder, 'big.parquet'), 'x');
      return {};
    });
    expect(folder).not.toBe('');
    expect(existsSync(folder)).toBe(false);
    expect(left).toEqual([]);
  });

  test('is gone as well when the body fails, whose error is passed on as it is', async () => {
    const thrown = new UnreadableFile('no');
    const { error, left } = await run(async (_, tools) => {
      writeFileSync(path.join(tools.scratch, 'big.parquet'), 'x');
      throw thrown;
    });
    expect(error).toBe(thrown);
    expect(left).toEqual([]);
  });

  test('is each invocation’s own', async () => {
    const seen = new Set<string>();
    for (let i = 0; i < 3; i += 1)
      await run(async (_, tools) => ({ own: seen.add(path.basename(tools.scratch)).size }));
    expect(seen.size).toBe(3);
  });
});

test('DuckDB has the function’s memory', async () => {
  const { output } = await run(async (_, { duckDb }) =>
    duckDb(
      async (db) =>
        await db.one(
          "SELECT current_setting('memory_limit') AS memory, current_setting('threads') AS threads",
        ),
    ),
  );
  expect(output).toMatchObject({ memory: '563.0 MiB', threads: config.threads });
});
