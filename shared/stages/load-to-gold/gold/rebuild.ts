import path from 'node:path';
import { z } from 'zod';
import type { Contract } from '../../../contract/model.ts';
import type { Db } from '../../../engine/with-duckdb.ts';
import { ModelFailed } from '../../../errors.ts';
import { type Lake, lakePaths } from '../../../lake/paths.ts';
import type { Look } from '../../../lake/table/commit/change.ts';
import { type MetadataVersion, Table, type TableOptions } from '../../../lake/table/commit/table.ts';
import { nextSchema, partitionBy, specOf } from '../../../lake/table/commit/table-schema.ts';
import type { DataFile } from '../../../lake/table/data-file.ts';
import type { Draft } from '../../../lake/table/draft.ts';
import type { Partition } from '../../../lake/table/partition-names.ts';
import { SUMMARY } from '../../../lake/table/properties.ts';
import type { Snapshot } from '../../../lake/table/read/snapshot.ts';
import { type WriteOptions, writeFiles } from '../../../lake/table/write/write-files.ts';
import { attachSilver } from '../../transform/attach-silver.ts';
import { buildModel } from './build-model.ts';
import { goldColumns } from './gold-table.ts';
import type { GoldModel } from './model-header.ts';
import { BUILT } from './relations.ts';
import { partitionKey, touchedSince } from './touched.ts';

export interface RebuildContext {
  db: Db;
  lake: Pick<Lake, 'silver' | 'gold'>;
  scratch: string;
  runId: string;
  /** Contracts of all datasets that the model reads, by name. */
  contracts: ReadonlyMap<string, Contract>;
  /** Versions of silver that this run has made or seen, by dataset: the search for the newest starts there. */
  silver?: ReadonlyMap<string, MetadataVersion>;
  table?: TableOptions;
}

export interface Rebuilt {
  model: string;
  version: number;
  /** How many partitions this commit wrote; 0 when another run had already built them. */
  partitions: number;
  /** The table as it is now. */
  table: MetadataVersion | undefined;
}

/** The silver version that a gold snapshot was built from, by dataset. */
const SilverVersions = z.record(z.string(), z.number());

type SilverSnapshots = ReadonlyMap<string, Snapshot | undefined>;

/** The part of a gold table that is to be built again, and from which silver. */
interface OutOfDate {
  silver: SilverSnapshots;
  /** See `definition`. */
  fingerprint: string;
  touched: Partition[] | 'all';
}

/**
 * Brings a gold table up to date with the newest silver: rebuilds the partitions that silver's commits of any run have
 * touched since the last build; the whole table when it is unpartitioned or its definition changed.
 * `docs/adr/0004-gold-catches-up.md` says why.
 *
 * The gold snapshot is read first and silver after it, so that the last writer sees the rows of all. A run that loses
 * the race for gold's next version reads both again.
 *
 * @throws ModelFailed, CommitConflict
 */
export const rebuildGold = async (model: GoldModel, context: RebuildContext): Promise<Rebuilt> => {
  const table = new Table(context.lake.gold, model.name, context.table);
  const { snapshot, version, outcome } = await table.commit({
    look: async (base): Promise<Look<OutOfDate, { partitions: number }>> => {
      const silver = await readSilver(model, context);
      const fingerprint = definition(model, context, silver);
      const touched = await outOfDate(model, base, silver, fingerprint);
      if (touched !== 'all' && touched.length === 0) return { outcome: { partitions: 0 } };
      return { todo: { silver, fingerprint, touched } };
    },
    make: async (base, outOfDate) => {
      const draft = await draftOf(model, context, base, outOfDate);
      const { touched } = outOfDate;
      const partitions = touched === 'all' ? countPartitions(draft.added, model) : touched.length;
      return { draft, outcome: { partitions } };
    },
  });
  return { model: model.name, version: snapshot?.version ?? 0, table: version, ...outcome };
};

/** Builds the touched partitions, writes their files, and puts them in the place of those that the table has. */
const draftOf = async (
  model: GoldModel,
  context: RebuildContext,
  base: Snapshot | undefined,
  { silver, fingerprint, touched }: OutOfDate,
): Promise<Draft> => {
  const columns = nextSchema(base, goldColumns(model), {
    where: `gold.${model.name}`,
    identifier: model.primaryKey,
    replace: touched === 'all',
  });
  const partitionedBy = partitionBy(columns.schema, model.partitionedBy);
  const layout = { schema: columns.schema, spec: specOf(partitionedBy) };
  const added = await build(model, context, silver, touched, layout);
  const removed = (await base?.files(touched === 'all' ? undefined : touched)) ?? [];
  return {
    runId: context.runId,
    ...operationOf(base, touched, added, removed),
    columns,
    partitionedBy,
    added,
    removed,
    changedDeletes: [],
    touched,
    properties: {
      [SUMMARY.silver]: JSON.stringify(versionsOf(silver)),
      [SUMMARY.fingerprint]: fingerprint,
    },
  };
};

const operationOf = (
  base: Snapshot | undefined,
  touched: Partition[] | 'all',
  added: readonly DataFile[],
  removed: readonly DataFile[],
): Pick<Draft, 'operation' | 'title'> => {
  if (base === undefined) return { operation: 'append', title: 'create' };
  const title = touched === 'all' ? 'replace table' : 'replace partitions';
  if (removed.length === 0) return { operation: 'append', title };
  return { operation: added.length === 0 ? 'delete' : 'overwrite', title };
};

const readSilver = async (model: GoldModel, { lake, silver }: RebuildContext): Promise<SilverSnapshots> => {
  const entries = model.reads.map(async (dataset) => {
    const newest = await new Table(lake.silver, dataset).newest(silver?.get(dataset));
    return [dataset, newest?.snapshot] as const;
  });
  return new Map(await Promise.all(entries));
};

const versionsOf = (silver: SilverSnapshots): Record<string, number> =>
  Object.fromEntries([...silver].map(([dataset, snapshot]) => [dataset, snapshot?.version ?? 0]));

/**
 * A text that changes whenever the same silver rows may give another table. A column that a contract has dropped and
 * takes up again changes it too: until silver's next commit, the contract has the column and the table has not.
 */
const definition = (model: GoldModel, { contracts }: RebuildContext, silver: SilverSnapshots): string =>
  [
    model.fingerprint,
    ...model.reads.map((dataset) => contracts.get(dataset)?.fingerprint ?? ''),
    ...model.reads.flatMap((dataset) => {
      const retired = silver.get(dataset)?.columnIds.retired ?? {};
      const columns = contracts.get(dataset)?.columns ?? [];
      return columns.flatMap(({ identity }) =>
        Object.hasOwn(retired, identity) ? [`${dataset}.${identity}`] : [],
      );
    }),
  ].join(':');

const outOfDate = async (
  model: GoldModel,
  base: Snapshot | undefined,
  silver: SilverSnapshots,
  fingerprint: string,
): Promise<Partition[] | 'all'> => {
  if (base?.properties[SUMMARY.fingerprint] !== fingerprint) return 'all';
  const names = model.partitionedBy.map(({ name }) => name);
  const built = SilverVersions.parse(JSON.parse(base.properties[SUMMARY.silver] ?? '{}'));
  const touched = touchedSince(names, built, silver);
  if (touched === 'all' || touched.length === 0) return touched;
  // Rows of files that were written under another partitioning of silver may belong to any partition.
  for (const snapshot of silver.values())
    for (const split of (await snapshot?.partitionings()) ?? [])
      if (names.some((name) => !split.includes(name))) return 'all';
  return touched;
};

const countPartitions = (files: readonly DataFile[], { partitionedBy }: GoldModel): number => {
  const names = partitionedBy.map(({ name }) => name);
  return Math.max(1, new Set(files.map(({ partition }) => partitionKey(partition, names))).size);
};

/** Runs the model over the touched partitions of silver, and writes its rows. */
const build = async (
  model: GoldModel,
  { db, lake, scratch, contracts, runId }: RebuildContext,
  silver: SilverSnapshots,
  touched: Partition[] | 'all',
  { schema, spec }: Pick<WriteOptions, 'schema' | 'spec'>,
): Promise<DataFile[]> => {
  const wanted = touched === 'all' ? undefined : touched;
  for (const [dataset, snapshot] of silver) {
    const contract = contracts.get(dataset);
    if (contract !== undefined)
      await attachSilver({ db, store: lake.silver, scratch }, contract, snapshot, wanted);
  }
  await buildModel(db, model);
  const workbench = { db, store: lake.gold, scratch: path.join(scratch, model.name) };
  const files = await writeFiles(workbench, `FROM ${BUILT}`, {
    keyOf: (file) => lakePaths.data(model.name, file),
    prefix: runId,
    schema,
    spec,
  });
  const names = model.partitionedBy.map(({ name }) => name);
  const asked = new Set(wanted?.map((partition) => partitionKey(partition, names)));
  const strays = files.filter(
    ({ partition }) => wanted !== undefined && !asked.has(partitionKey(partition, names)),
  );
  if (strays.length > 0)
    throw new ModelFailed(
      `Gold model ${model.file} is not partition-local: it makes rows of ${strays.length} partitions that were not asked for. ` +
        "Carry silver's partition columns through, or drop partitionedBy.",
    );
  return files;
};
