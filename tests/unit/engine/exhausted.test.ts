import { DuckDBInstance } from '@duckdb/node-api';
import { asExhausted, asFullDisk } from '../../../shared/engine/exhausted.ts';
import { OutOfDisk, OutOfMemory } from '../../../shared/errors.ts';
import { scratch } from '../../helpers/scratch.ts';
import { testDb } from '../../helpers/silver-lake.ts';

const TOO_MUCH = "SELECT len(list(repeat('x', 100000) || i)) FROM range(10000) AS t(i)";

const failure = async (work: Promise<unknown>): Promise<unknown> =>
  await work.then(
    () => undefined,
    (error: unknown) => error,
  );

test('an out-of-memory error of DuckDB says how much there was and what to raise', async () => {
  const error = await failure(testDb((db) => db.run(TOO_MUCH)));
  expect(error).toBeInstanceOf(OutOfMemory);
  expect((error as Error).message).toMatch(/281 MB .* of the 512 MB .*memoryMb .*DUCKSTEP_MEMORY_MB/);
  expect((error as Error).cause).toMatchObject({ message: expect.stringContaining('Out of Memory Error') });
});

test('so does a full temp directory, which DuckDB reports as out of memory too', async () => {
  const folder = scratch();
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: '60MB',
    threads: '1',
    temp_directory: folder,
  });
  const connection = await instance.connect();
  await connection.run("SET max_temp_directory_size = '1MB'");
  const thrown = await failure(
    connection.run(
      'CREATE TABLE t AS SELECT hash(i)::VARCHAR || i AS a FROM range(6000000) AS t(i); CREATE TABLE u AS FROM t ORDER BY a',
    ),
  );
  connection.closeSync();
  instance.closeSync();
  const error = asExhausted(thrown, { memoryMb: 109, limitMb: 60, spillMb: 1 });
  expect(error).toBeInstanceOf(OutOfDisk);
  expect((error as Error).message).toMatch(
    /it had 1 MB of disk besides 60 MB of memory.*ephemeralStorageSize/,
  );
});

test.each([
  ['IO Error: Could not write file "/tmp/x": No space left on device', 'OutOfDisk'],
  ['std::bad_alloc', 'OutOfMemory'],
  ['Binder Error: column "memory" not found', 'Error'],
  ['Conversion Error: Could not convert string', 'Error'],
])('%s: %s', (message, name) => {
  const error = new Error(message);
  const named = asExhausted(error, { memoryMb: 1, limitMb: 1, spillMb: 1 });
  expect(named).toMatchObject(name === 'Error' ? error : { name, cause: error });
});

test('a full disk is reported when Node writes too, and other errors stay unchanged', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  expect(asFullDisk(full, '/tmp/x')).toMatchObject({ name: 'OutOfDisk', cause: full });
  const missing = Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
  expect(asFullDisk(missing, '/tmp/x')).toBe(missing);
});
