import { openLake } from '../../../operate/local/lake.ts';
import { TableDamaged, UsageError } from '../../../shared/errors.ts';
import { type Lake, lakePaths, newestRunIn } from '../../../shared/lake/paths.ts';
import type { ObjectInfo, ObjectStore } from '../../../shared/lake/storage/object-store.ts';
import { S3Store } from '../../../shared/lake/storage/s3-store.ts';
import { foldRows, noteProperties } from '../../../shared/lake/table/upkeep/fold.ts';
import { newestRuns, type RunPageOptions } from '../../../shared/query/newest-runs.ts';
import { type StoredRunRecord, writeRunRecord } from '../../../shared/run/run-record.ts';
import { RUNS_COMPLETE_UNTIL, RUNS_TABLE } from '../../../shared/run/runs-table.ts';
import { spooledSql, spoolRecords } from '../../../shared/run/spool-records.ts';
import { config } from '../../helpers/engine.ts';
import { fakeS3 } from '../../helpers/fake-s3.ts';
import { MemoryStore } from '../../helpers/memory-store.ts';
import { finishedAt, fold, recordOf, writeRuns } from '../../helpers/run-records.ts';
import { scratch } from '../../helpers/scratch.ts';
import { testDb } from '../../helpers/silver-lake.ts';

const opened = (): Pick<Lake, 'gold'> => openLake(scratch());

/** The numbers of the files of a page, and where the next one begins. */
const page = async (
  { gold }: { gold: ObjectStore },
  options: Partial<RunPageOptions> = {},
): Promise<{ files: number[]; next: string | undefined }> => {
  const { runs, next } = await newestRuns(gold, config, { limit: 100, ...options });
  return { files: runs.map(numberOf), next };
};

const numberOf = ({ source_key }: StoredRunRecord): number => Number(/\d+/.exec(source_key)?.[0]);

/** From `last` down to `first`. */
const down = (last: number, first: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => last - i);

/** All pages of a size. */
const pages = async (lake: Pick<Lake, 'gold'>, limit: number): Promise<number[][]> => {
  const all: number[][] = [];
  for (let after: string | undefined; ; ) {
    const { files, next } = await page(lake, { limit, after });
    all.push(files);
    if (next === undefined) return all;
    after = next;
  }
};

describe.each([
  ['none in the table', []],
  ['half of them in the table', [7]],
  ['all in the table, by three maintenances', [5, 9, 13]],
] as const)('twelve runs, %s', (_, folds) => {
  const lake = opened();
  beforeAll(async () => {
    let from = 1;
    for (const until of folds) {
      await writeRuns(lake, from, until);
      await fold(lake);
      from = until;
    }
    await writeRuns(lake, from, 13);
  });

  test('are listed with the latest first, whole', async () => {
    const { runs, next } = await newestRuns(lake.gold, config, { limit: 100 });
    expect(runs).toEqual(down(12, 1).map((n) => recordOf(n)));
    expect(next).toBeUndefined();
  });

  test('come in pages', async () => {
    expect(await pages(lake, 5)).toEqual([down(12, 8), down(7, 3), down(2, 1)]);
    expect(await pages(lake, 4)).toEqual([down(12, 9), down(8, 5), down(4, 1)]);
  });

  test('are filtered', async () => {
    expect(await page(lake, { dataset: 'tenth' })).toMatchObject({ files: [10] });
    expect(await page(lake, { sourceKey: 't/3.csv' })).toMatchObject({ files: [3] });
    expect(await page(lake, { status: 'quarantined' })).toMatchObject({ files: [] });
    expect(await page(lake, { since: finishedAt(9) })).toMatchObject({ files: down(12, 9) });
    expect(await page(lake, { status: 'loaded', limit: 2, dataset: 't' })).toMatchObject({ files: [12, 11] });
  });
});

test('runs that finished in the same millisecond come in pages too', async () => {
  const lake = opened();
  const at = (n: number) => recordOf(n, { finished_at: finishedAt(1) });
  for (const n of [1, 2, 3]) await writeRunRecord(lake, at(n));
  await fold(lake);
  for (const n of [4, 5]) await writeRunRecord(lake, at(n));
  expect(await pages(lake, 2)).toEqual([[1, 2], [3, 4], [5]]);
});

test('a record that replaces an earlier one stands at its own time, and the earlier one nowhere', async () => {
  const lake = opened();
  const before = recordOf(2, { status: 'quarantined', rows_silver: 0 });
  const after = recordOf(2, { finished_at: finishedAt(6) });
  await writeRuns(lake, 1, 2);
  await writeRunRecord(lake, before);
  await writeRuns(lake, 3, 5);
  await writeRunRecord(lake, after);
  await writeRuns(lake, 7, 9);
  const ORDER = [8, 7, 2, 4, 3, 1];
  expect((await page(lake)).files).toEqual(ORDER);
  expect((await pages(lake, 2)).flat()).toEqual(ORDER);
  await fold(lake);
  expect((await pages(lake, 2)).flat()).toEqual(ORDER);

  const last = recordOf(4, { finished_at: finishedAt(10), rows_silver: 1 });
  await writeRunRecord(lake, last);
  expect((await pages(lake, 2)).flat()).toEqual([4, 8, 7, 2, 3, 1]);
  expect((await newestRuns(lake.gold, config, { limit: 1 })).runs).toEqual([last]);
});

test('records of an earlier release are listed before and after maintenance', async () => {
  const lake = opened();
  for (const n of [1, 2, 3, 4]) {
    const { source_sequencer, contract_fingerprint, rows_superseding, ...early } = recordOf(n);
    await lake.gold.write(lakePaths.run(early.run_id), JSON.stringify(early));
  }
  await writeRuns(lake, 5, 7);
  expect(await pages(lake, 4)).toEqual([down(6, 3), [2, 1]]);
  const [, , third] = (await newestRuns(lake.gold, config, { limit: 3 })).runs;
  await fold(lake);
  expect(await pages(lake, 4)).toEqual([down(6, 3), [2, 1]]);
  // A column that allows NULL has it in the table.
  expect((await newestRuns(lake.gold, config, { limit: 3 })).runs[2]).toEqual({
    ...third,
    contract_fingerprint: null,
  });
});

test('S3 has the same list, over many pages of keys', async () => {
  const { client } = fakeS3({ pageSize: 2 });
  const lake = { gold: new S3Store(client, 'gold') };
  await writeRuns(lake, 1, 5);
  await fold(lake);
  await writeRuns(lake, 5, 8);
  await writeRunRecord(lake, recordOf(3, { finished_at: finishedAt(6.5), rows_silver: 1 }));
  expect(await pages(lake, 2)).toEqual([[7, 3], [6, 5], [4, 2], [1]]);
  expect(await pages(lake, 100)).toEqual([[7, 3, 6, 5, 4, 2, 1]]);
  await fold(lake);
  expect(await pages(lake, 3)).toEqual([[7, 3, 6], [5, 4, 2], [1]]);
});

test('what no list can have given is wrong usage', async () => {
  for (const options of [{ after: 'nonsense' }, { after: "1-a'b" }, { since: 'yesterday' }])
    await expect(page(opened(), options)).rejects.toThrow(UsageError);
});

test('a damaged record is named', async () => {
  const lake = opened();
  await writeRuns(lake, 1, 3);
  await lake.gold.write(lakePaths.newestRun('first', Date.parse(finishedAt(5)), 'x'), '{}');
  await expect(page(lake)).rejects.toThrow(TableDamaged);
});

describe('the newest hundred', () => {
  /** A page has a thousand keys, as on S3. */
  const PAGE = 1_000;

  /** Counts the requests that a list of runs makes, by kind. */
  const requestsOf = async (store: ObjectStore, options: Partial<RunPageOptions> = {}) => {
    const requests: Record<string, number> = {};
    const counted = store.observed((kind) => {
      requests[kind] = (requests[kind] ?? 0) + 1;
    });
    const { files } = await page({ gold: counted }, options);
    return { files, requests };
  };

  /** A bucket with the records of n runs, none of which maintenance has seen. Records are made when they are read. */
  class UnfoldedRuns extends MemoryStore {
    readonly #runs: number;
    readonly #told: (kind: 'get' | 'list') => void;

    constructor(runs: number, told: (kind: 'get' | 'list') => void = () => undefined) {
      super(async (kind) => told(kind as 'get'));
      this.#runs = runs;
      this.#told = told;
    }

    override observed(observer: Parameters<MemoryStore['observed']>[0]): MemoryStore {
      return new UnfoldedRuns(this.#runs, (kind) => observer(kind, 0));
    }

    override async *list(prefix: string, after = ''): AsyncIterable<ObjectInfo> {
      let listed = 0;
      if (prefix.startsWith('_runs/') || prefix.startsWith(lakePaths.newestRuns('first')))
        for (const n of prefix.startsWith('_runs/')
          ? down(this.#runs, 1).toReversed()
          : down(this.#runs, 1)) {
          const { run_id, finished_at } = recordOf(n);
          const first = lakePaths.newestRun('first', Date.parse(finished_at), run_id);
          const key = prefix.startsWith('_runs/') ? lakePaths.run(run_id) : first;
          if (key <= after) continue;
          if (listed % PAGE === 0) this.#told('list');
          listed += 1;
          yield { key, size: 1, etag: '', lastModified: new Date() };
        }
      if (listed === 0) this.#told('list');
    }

    override async read(key: string): Promise<Buffer | undefined> {
      this.#told('get');
      const runId = newestRunIn(key)?.runId ?? /^_runs\/(\w+)\.json$/.exec(key)?.[1];
      return runId === undefined ? undefined : Buffer.from(JSON.stringify(recordOf(Number(runId.slice(3)))));
    }
  }

  test('cost the same of a hundred runs and of 100,000 that maintenance has not seen', async () => {
    const few = await requestsOf(new UnfoldedRuns(101));
    const many = await requestsOf(new UnfoldedRuns(100_000));
    expect(few.files).toEqual(down(101, 2));
    expect(many.files).toEqual(down(100_000, 99_901));
    // One record more tells whether there are more; the others look for a table.
    expect(many.requests).toEqual({ get: 101 + 1, list: 3 });
    expect(few.requests).toEqual(many.requests);
    const next = (await page({ gold: new UnfoldedRuns(100_000) })).next;
    const second = await requestsOf(new UnfoldedRuns(100_000), { after: next });
    expect(second).toEqual({ files: down(99_900, 99_801), requests: many.requests });
  });

  /** A lake whose table has n runs, ten thousand a day, as maintenance would have put them there. */
  const foldedLake = async (runs: number): Promise<Pick<Lake, 'gold'>> => {
    const lake = opened();
    await testDb(async (db, folder) => {
      const [model, file] = [recordOf(1), `${folder}/model.ndjson`];
      await lake.gold.write('model.json', JSON.stringify(model));
      await spoolRecords(lake.gold, ['model.json'], file);
      const rows = `SELECT model.* REPLACE (
          'run' || lpad(n::VARCHAR, 21, '0') AS run_id, 't/' || n || '.csv' AS source_key,
          if(n % 10 = 0, 'tenth', 't') AS dataset,
          TIMESTAMP '2026-01-01' + to_milliseconds(n * 8640) AS finished_at)
        FROM (${`SELECT * ${spooledSql(file)}`}) AS model, range(1, ${runs + 1}) AS all_runs(n)`;
      const workbench = { db, store: lake.gold, scratch: folder };
      const portion = { rows, anywhere: false, runId: 'maintenance' };
      expect((await foldRows(workbench, RUNS_TABLE, portion)).outcome.added).toBe(runs);
      const until = { [RUNS_COMPLETE_UNTIL]: String(Date.now()) };
      await noteProperties(workbench, RUNS_TABLE.table, until, 'maintenance');
    });
    return lake;
  };

  test('cost the same of a hundred runs and of 100,000 in the table', async () => {
    const [few, many] = [await foldedLake(101), await foldedLake(100_000)];
    const ofFew = await requestsOf(few.gold);
    const ofMany = await requestsOf(many.gold);
    expect(ofFew.files).toEqual(down(101, 2));
    expect(ofMany.files).toEqual(down(100_000, 99_901));
    // Hint, metadata, list of manifests, manifest, and the file of the last day; the many have the first run of a day alone.
    expect(ofFew.requests).toEqual({ list: 2, head: 1, get: 5 });
    expect(ofMany.requests).toEqual({ list: 2, head: 1, get: 5 + 1 });
    expect((await requestsOf(many.gold, { dataset: 'tenth' })).files).toHaveLength(100);
    await writeRuns(many, 100_001, 100_003);
    const mixed = await requestsOf(many.gold);
    expect(mixed.files).toEqual(down(100_002, 99_903));
    expect(mixed.requests).toEqual({ list: 2, head: 1, get: 5 + 1 + 2 });
  });
});
