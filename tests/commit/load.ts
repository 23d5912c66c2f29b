/** The work of LoadToGold on tables, for tests and for their child processes, in which there is no jest. */
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Contract } from '../../shared/contract/model.ts';
import { type Db, withDuckDb } from '../../shared/engine/with-duckdb.ts';
import type { Lake } from '../../shared/lake/paths.ts';
import { FolderStore } from '../../shared/lake/storage/folder-store.ts';
import type { TableOptions } from '../../shared/lake/table/commit/table.ts';
import type { RunIdentity } from '../../shared/run/run-identity.ts';
import { parseGoldModel } from '../../shared/stages/load-to-gold/gold/model-header.ts';
import { type Rebuilt, rebuildGold } from '../../shared/stages/load-to-gold/gold/rebuild.ts';
import { commitSilver, type SilverCommit } from '../../shared/stages/load-to-gold/silver/commit-silver.ts';
import type { StagedSilver } from '../../shared/stages/transform/staged-silver.ts';
import { recording, type StoreCall } from '../helpers/recording-store.ts';

export type Tables = Pick<Lake, 'silver' | 'gold'>;

/** A run that has reached LoadToGold. */
export interface Load {
  run: RunIdentity;
  staged: StagedSilver;
}

/** A gold model: rows and sum of silver `t` by its partitions. */
export const MODEL = parseGoldModel(
  'gold/m.sql',
  `/*---
partitionedBy: [part]
columns:
  - { name: part, logicalType: integer }
  - { name: n, logicalType: integer }
  - { name: total, logicalType: integer }
---*/
select part, count(*) as n, sum(v)::bigint as total from silver.t group by part`,
);

export const tablesIn = (folder: string): Tables => ({
  silver: new FolderStore(path.join(folder, 'silver')),
  gold: new FolderStore(path.join(folder, 'gold')),
});

export interface Loaded extends SilverCommit {
  gold: Rebuilt;
}

export interface LoadContext {
  tables: Tables;
  contract: Contract;
  scratch: string;
  options?: TableOptions;
}

/** Commits a run's rows and brings gold up to date. */
export const load = async (
  { run, staged }: Load,
  { tables, contract, scratch, options }: LoadContext,
): Promise<Loaded> =>
  await withDbWhenAsked(path.join(scratch, run.run_id), async (db, folder) => {
    const workbench = { db, store: tables.silver, scratch: folder };
    const committed = await commitSilver(workbench, contract, run, staged, options);
    const contracts = new Map([[contract.dataset, contract]]);
    return {
      ...committed,
      gold: await rebuildGold(MODEL, {
        ...{ db, lake: tables, scratch: folder, contracts, runId: run.run_id },
        ...(options && { table: options }),
      }),
    };
  });

/** A DuckDB that opens at its first query: most of the 200 writers in one process never run one. */
const withDbWhenAsked = async <T>(
  folder: string,
  work: (db: Db, folder: string) => Promise<T>,
): Promise<T> => {
  const { promise: done, resolve: close } = Promise.withResolvers<void>();
  let closed = Promise.resolve();
  let opened: Promise<Db> | undefined;
  const db = (): Promise<Db> => {
    opened ??= new Promise((resolve, reject) => {
      closed = withDuckDb({ memoryMb: 512, threads: 1, scratch: folder }, async (each) => {
        resolve(each);
        await done;
      }).catch(reject);
    });
    return opened;
  };
  try {
    return await work(
      {
        memoryMb: 512,
        run: async (...args) => await (await db()).run(...args),
        all: async (...args) => await (await db()).all(...args),
        one: async (...args) => await (await db()).one(...args),
        describe: async (...args) => await (await db()).describe(...args),
        register: () => {
          throw new Error('not while it is closed');
        },
      },
      folder,
    );
  } finally {
    close();
    await closed;
  }
};

/** The requests of one writer. */
export interface Requests {
  /** Versions, hints, manifests, states of sources, locks and intents. */
  metadata: number;
  /** Parquet files read and written: data files and position deletes. */
  data: number;
  /** Those of the metadata that read a lock of another writer: the cost of waiting. */
  looks: number;
  /** The number of sleeps. */
  waits: number;
  /** Versions that it made, including those that lost the race. */
  versions: number;
  /** Those of the metadata that list, read, write and remove intents. */
  intents: number;
  /** The number of versions of silver that it began, by listing the intents that it could commit too. */
  begun: number;
}

const none = (): Requests => ({
  metadata: 0,
  data: 0,
  looks: 0,
  waits: 0,
  versions: 0,
  intents: 0,
  begun: 0,
});

const INTENT = /^_commits\/[^/]+\/intents\//;

/** The same tables, with a count of all further requests. */
const counted = (context: LoadContext): { context: LoadContext; requests: Requests } => {
  const requests = none();
  const count = ({ method, key }: StoreCall): void => {
    requests[/^[^/]+\/(data|deletes)\//.test(key) ? 'data' : 'metadata'] += 1;
    if (method === 'head' && key.startsWith('_commits/')) requests.looks += 1;
    if (method === 'writeIfAbsent' && key.endsWith('.metadata.json')) requests.versions += 1;
    if (INTENT.test(key)) requests.intents += 1;
    if (INTENT.test(key) && method === 'list') requests.begun += 1;
  };
  const { silver, gold } = context.tables;
  const tables = { silver: recording(silver, count), gold: recording(gold, count) };
  const sleep = async (ms: number): Promise<void> => {
    requests.waits += 1;
    await setTimeout(ms);
  };
  return { context: { ...context, tables, options: { sleep, ...context.options } }, requests };
};

/** Runs all loads at once; counts the requests of each. */
export const loadAll = async (
  loads: readonly Load[],
  context: LoadContext,
): Promise<(Loaded & { requests: Requests })[]> =>
  await Promise.all(
    loads.map(async (each) => {
      const { context: own, requests } = counted(context);
      return { ...(await load(each, own)), requests };
    }),
  );
