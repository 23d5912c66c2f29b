import { openLake } from '../../operate/local/lake.ts';
import { lakePaths } from '../../shared/lake/paths.ts';
import type { ObjectInfo, ObjectStore } from '../../shared/lake/storage/object-store.ts';
import { Table } from '../../shared/lake/table/commit/table.ts';
import { foldRuns } from '../../shared/maintenance/fold-runs.ts';
import { newestRuns } from '../../shared/query/newest-runs.ts';
import { completeUntil, RUNS_TABLE } from '../../shared/run/runs-table.ts';
import { config } from '../helpers/engine.ts';
import { recordOf } from '../helpers/run-records.ts';
import { scratch } from '../helpers/scratch.ts';

const RUNS = 100_000;
/** The lake was copied since the runs finished. */
const WRITTEN = new Date(Date.now() - 3 * 60 * 60_000);

/** A lake in a folder with the records of an earlier release, which are made when they are read. Counts what is read. */
const olderLake = (): { store: ObjectStore; read: () => number; dieAfter: (reads: number) => void } => {
  const { gold } = openLake(scratch());
  let [read, last] = [0, Number.POSITIVE_INFINITY];
  const made = {
    list: async function* (prefix: string, after?: string): AsyncIterable<ObjectInfo> {
      if (prefix !== lakePaths.runs) yield* gold.list(prefix, after);
      else
        for (let n = 1; n <= RUNS; n += 1)
          yield { key: lakePaths.run(recordOf(n).run_id), size: 1, etag: '', lastModified: WRITTEN };
    },
    read: async (key: string): Promise<Buffer | undefined> => {
      const [, n] = /^_runs\/run(\d+)\.json$/.exec(key) ?? [];
      if (n === undefined) return await gold.read(key);
      read += 1;
      if (read > last) throw new Error('killed');
      return Buffer.from(JSON.stringify(recordOf(Number(n))));
    },
  };
  const store = new Proxy(gold, {
    get: (target, name) => {
      const value: unknown = Reflect.get(name in made ? made : target, name);
      return typeof value === 'function' && !(name in made) ? value.bind(target) : value;
    },
  });
  const dieAfter = (reads: number): void => {
    last = reads;
  };
  return { store, read: () => read, dieAfter };
};

test('the first maintenance of a lake with 100,000 records adds them all, in portions, and goes on where it ended', async () => {
  const { store, read, dieAfter } = olderLake();
  const table = new Table(store, RUNS_TABLE.table);
  const options = { config: { ...config, memoryMb: 512 } };
  dieAfter(60_000);
  await expect(foldRuns(store, options)).rejects.toThrow('killed');
  expect((await table.current())?.properties['total-records']).toBe('50000');
  expect(completeUntil((await table.newest())?.metadata.properties)).toBeUndefined();

  const before = read();
  dieAfter(Number.POSITIVE_INFINITY);
  expect(await foldRuns(store, options)).toEqual({ folded: 50_000, damaged: [] });
  expect(read() - before).toBe(50_000);
  const snapshot = await table.current();
  expect(snapshot?.properties['total-records']).toBe(String(RUNS));
  expect(snapshot?.version).toBe(3);
  expect(completeUntil((await table.newest())?.metadata.properties)).toBeDefined();

  expect(await foldRuns(store, options)).toEqual({ folded: 0, damaged: [] });
  const { runs } = await newestRuns(store, config, { limit: 100 });
  expect(runs.map(({ source_key }) => source_key).slice(0, 2)).toEqual(['t/100000.csv', 't/99999.csv']);
  expect(read() - before).toBe(50_000);
});
