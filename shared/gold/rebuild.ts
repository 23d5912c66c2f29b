import path from 'node:path';
import type { Contract } from '../contract/model.ts';
import type { Db } from '../duckdb/with-duckdb.ts';
import { ModelFailed } from '../errors.ts';
import { type Lake, lakePaths } from '../lake.ts';
import { attachSilver } from '../silver/attach-silver.ts';
import type { DataFile, Draft, Snapshot } from '../table/snapshot.ts';
import { Table } from '../table/table.ts';
import { writeFiles } from '../table/write-files.ts';
import { buildModel } from './build-model.ts';
import type { GoldModel } from './model-header.ts';
import { hasColumns, type Partition, partitionKey, touchedSince } from './touched.ts';

export interface RebuildContext {
  db: Db;
  lake: Pick<Lake, 'silver' | 'gold'>;
  scratch: string;
  runId: string;
  /** Contracts of all datasets that the model reads, by name. */
  contracts: ReadonlyMap<string, Contract>;
}

export interface Rebuilt {
  model: string;
  version: number;
  /** How many partitions this commit wrote; 0 when another run had already built what this one needs. */
  partitions: number;
}

/** In a gold snapshot's properties: from what it was built. */
interface BuiltFrom {
  silver: Record<string, number>;
  fingerprint: string;
}

type SilverSnapshots = ReadonlyMap<string, Snapshot | undefined>;

/**
 * Brings a gold table up to date with the newest silver: rebuilds the partitions that silver's commits since the
 * last build touched, whoever made them; the whole table when it is unpartitioned or its definition changed.
 * `docs/adr/0004-gold-catches-up.md` says why.
 *
 * The order of reads makes the last writer see everybody's rows: the gold snapshot first, silver after it. Who
 * loses the race for gold's next version reads both again.
 *
 * @throws ModelFailed, CommitConflict
 */
export const rebuildGold = async (model: GoldModel, context: RebuildContext): Promise<Rebuilt> => {
  const table = new Table(context.lake.gold, model.name);
  let partitions = 0;
  const { snapshot } = await table.commit(async (base) => {
    partitions = 0;
    const silver = await readSilver(model, context);
    const fingerprint = definition(model, context);
    const touched = await outOfDate(model, context, base, silver, fingerprint);
    if (touched !== 'all' && touched.length === 0) return undefined;
    const affects = selector(touched, model.partitionedBy);
    const built = await build(model, context, silver, affects);
    partitions = touched === 'all' ? countPartitions(built, model) : touched.length;
    const kept = touched === 'all' ? [] : (base?.files ?? []).filter((file) => !affects(file));
    const builtFrom: BuiltFrom = { silver: versionsOf(silver), fingerprint };
    return {
      runId: context.runId,
      operation: touched === 'all' ? 'replace table' : 'replace partitions',
      columns: model.columns.map(({ name, type }) => ({ name, type })),
      partitionedBy: model.partitionedBy,
      files: [...kept, ...built],
      sources: {},
      touched,
      properties: { ...builtFrom },
    } satisfies Draft;
  });
  return { model: model.name, version: snapshot?.version ?? 0, partitions };
};

const readSilver = async (model: GoldModel, { lake }: RebuildContext): Promise<SilverSnapshots> => {
  const entries = model.reads.map(
    async (dataset) => [dataset, await new Table(lake.silver, dataset).current()] as const,
  );
  return new Map(await Promise.all(entries));
};

const versionsOf = (silver: SilverSnapshots): Record<string, number> =>
  Object.fromEntries([...silver].map(([dataset, snapshot]) => [dataset, snapshot?.version ?? 0]));

/** Changes whenever the same silver rows may give another table. */
const definition = (model: GoldModel, { contracts }: RebuildContext): string =>
  [model.fingerprint, ...model.reads.map((dataset) => contracts.get(dataset)?.fingerprint ?? '')].join(':');

const outOfDate = async (
  model: GoldModel,
  { lake }: RebuildContext,
  base: Snapshot | undefined,
  silver: SilverSnapshots,
  fingerprint: string,
): Promise<Partition[] | 'all'> => {
  const built = base?.properties as BuiltFrom | undefined;
  if (built?.fingerprint !== fingerprint) return 'all';
  const touched = await touchedSince(lake.silver, model.partitionedBy, built.silver, silver);
  // Files from before silver was partitioned as it is now: their rows may belong to any partition.
  const unplaced = [...silver.values()].some((snapshot) =>
    snapshot?.files.some(({ partition }) => !hasColumns(partition, model.partitionedBy)),
  );
  return unplaced && touched.length > 0 ? 'all' : touched;
};

type Selector = (file: Pick<DataFile, 'partition'>) => boolean;

const selector = (touched: Partition[] | 'all', columns: readonly string[]): Selector => {
  if (touched === 'all') return () => true;
  const keys = new Set(touched.map((partition) => partitionKey(partition, columns)));
  return ({ partition }) => keys.has(partitionKey(partition, columns));
};

const countPartitions = (files: readonly DataFile[], { partitionedBy }: GoldModel): number =>
  Math.max(1, new Set(files.map(({ partition }) => partitionKey(partition, partitionedBy))).size);

/** Runs the model over the affected partitions of silver and writes what comes out. */
const build = async (
  model: GoldModel,
  { db, lake, scratch, contracts, runId }: RebuildContext,
  silver: SilverSnapshots,
  affects: Selector,
): Promise<DataFile[]> => {
  for (const [dataset, snapshot] of silver) {
    const contract = contracts.get(dataset);
    if (contract !== undefined) await attachSilver(db, contract, snapshot, lake.silver, scratch, affects);
  }
  await buildModel(db, model);
  const files = await writeFiles(db, 'FROM _built', lake.gold, {
    keyOf: (file) => lakePaths.data(model.name, file),
    prefix: runId,
    partitionedBy: model.partitionedBy,
    scratch: path.join(scratch, model.name),
  });
  const strays = files.filter((file) => !affects(file));
  if (strays.length > 0)
    throw new ModelFailed(
      `Gold model ${model.file} is not partition-local: it makes rows of ${strays.length} partitions that were not asked for. ` +
        "Carry silver's partition columns through, or drop partitionedBy.",
    );
  return files;
};
