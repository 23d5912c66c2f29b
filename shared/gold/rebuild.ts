import path from 'node:path';
import type { Contract } from '../contract/model.ts';
import { ident, identList } from '../duckdb/sql.ts';
import type { Db } from '../duckdb/with-duckdb.ts';
import { ModelFailed } from '../errors.ts';
import { type Lake, lakePaths } from '../lake.ts';
import { attachSilver } from '../silver/attach-silver.ts';
import type { DataFile, Draft, Snapshot } from '../table/snapshot.ts';
import { Table } from '../table/table.ts';
import { writeFiles } from '../table/write-files.ts';
import type { GoldModel } from './model-header.ts';
import { type Partition, partitionKey, touchedSince } from './touched.ts';

export interface RebuildContext {
  db: Db;
  lake: Lake;
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

/**
 * Brings a gold table up to date with the newest silver: rebuilds the partitions that silver's commits since the
 * last build touched, whoever made them; the whole table when it is unpartitioned or its definition changed.
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
    const silver = await readSilver(model, context);
    const built = base?.properties as BuiltFrom | undefined;
    const fingerprint = definition(model, context);
    const touched =
      base === undefined || built?.fingerprint !== fingerprint
        ? 'all'
        : await touchedSince(context.lake.silver, model.partitionedBy, built.silver, silver);
    partitions = 0;
    if (touched !== 'all' && touched.length === 0) return undefined;
    const files = await build(model, context, silver, touched);
    const draft = draftOf(model, context, base, files, touched, fingerprint, silver);
    partitions = draft.touched === 'all' ? Math.max(1, files.length) : draft.touched.length;
    return draft;
  });
  return { model: model.name, version: snapshot?.version ?? 0, partitions };
};

type SilverSnapshots = ReadonlyMap<string, Snapshot | undefined>;

const readSilver = async (model: GoldModel, { lake }: RebuildContext): Promise<SilverSnapshots> => {
  const entries = model.reads.map(
    async (dataset) => [dataset, await new Table(lake.silver, dataset).current()] as const,
  );
  return new Map(await Promise.all(entries));
};

/** Changes whenever the same silver rows may give another table. */
const definition = (model: GoldModel, { contracts }: RebuildContext): string =>
  [model.fingerprint, ...model.reads.map((dataset) => contracts.get(dataset)?.fingerprint ?? '')].join(':');

/** Runs the model over the touched partitions of silver and writes what comes out, in a fixed order. */
const build = async (
  model: GoldModel,
  { db, lake, scratch, contracts, runId }: RebuildContext,
  silver: SilverSnapshots,
  touched: Partition[] | 'all',
): Promise<DataFile[]> => {
  const keys =
    touched === 'all' ? undefined : new Set(touched.map((p) => partitionKey(p, model.partitionedBy)));
  const wanted = (file: DataFile): boolean =>
    keys?.has(partitionKey(file.partition, model.partitionedBy)) ?? true;
  for (const [dataset, snapshot] of silver) {
    const contract = contracts.get(dataset);
    if (contract !== undefined) await attachSilver(db, contract, snapshot, lake.silver, scratch, wanted);
  }
  const columns = model.columns.map(({ name, type }) => `CAST(${ident(name)} AS ${type}) AS ${ident(name)}`);
  await modelled(model, async () => {
    await checkColumns(db, model);
    await db.run(
      `CREATE OR REPLACE TEMP TABLE _built AS SELECT ${columns.join(', ')} FROM (${model.sql}\n) ORDER BY ALL`,
    );
  });
  await checkRows(db, model);
  const files = await writeFiles(db, 'FROM _built', lake.gold, {
    keyOf: (file) => lakePaths.data(model.name, file),
    prefix: runId,
    partitionedBy: model.partitionedBy,
    scratch: path.join(scratch, model.name),
  });
  const strays = files.filter((file) => !wanted(file));
  if (strays.length > 0)
    throw new ModelFailed(
      `Gold model ${model.file} is not partition-local: from silver's partitions ${JSON.stringify(touched)} it makes rows of ${JSON.stringify(strays.map(({ partition }) => partition))}. Carry silver's partition columns through, or drop partitionedBy.`,
    );
  return files;
};

const draftOf = (
  model: GoldModel,
  { runId }: RebuildContext,
  base: Snapshot | undefined,
  files: readonly DataFile[],
  touched: Partition[] | 'all',
  fingerprint: string,
  silver: SilverSnapshots,
): Draft => {
  const gone =
    touched === 'all' ? undefined : new Set(touched.map((p) => partitionKey(p, model.partitionedBy)));
  const kept =
    gone === undefined
      ? []
      : (base?.files ?? []).filter((file) => !gone.has(partitionKey(file.partition, model.partitionedBy)));
  const builtFrom: BuiltFrom = {
    silver: Object.fromEntries([...silver].map(([dataset, snapshot]) => [dataset, snapshot?.version ?? 0])),
    fingerprint,
  };
  return {
    runId,
    operation: touched === 'all' ? 'replace table' : 'replace partitions',
    columns: model.columns.map(({ name, type }) => ({ name, type })),
    partitionedBy: model.partitionedBy,
    files: [...kept, ...files],
    sources: {},
    touched,
    properties: { ...builtFrom },
  };
};

const checkColumns = async (db: Db, model: GoldModel): Promise<void> => {
  const produced = (await db.describe(`(${model.sql}\n)`)).map(({ name }) => name);
  const declared = model.columns.map(({ name }) => name);
  const missing = declared.filter((name) => !produced.includes(name));
  const extra = produced.filter((name) => !declared.includes(name));
  if (missing.length + extra.length > 0)
    throw new RangeError(
      `its header and its SELECT differ: declared but not produced [${missing.join(', ')}], produced but not declared [${extra.join(', ')}]`,
    );
};

/** What the header promises of the rows: required columns are never NULL, the key is unique. */
const checkRows = async (db: Db, model: GoldModel): Promise<void> => {
  for (const { name } of model.columns.filter(({ required }) => required)) {
    const { nulls } = await db.one<{ nulls: number }>(
      `SELECT count(*) AS nulls FROM _built WHERE ${ident(name)} IS NULL`,
    );
    if (nulls > 0)
      throw new ModelFailed(`Gold model ${model.file}: ${nulls} rows have no ${name}, which is required.`);
  }
  if (model.primaryKey.length === 0) return;
  const repeated = await db.all(
    `SELECT 1 AS found FROM _built GROUP BY ${identList(model.primaryKey)} HAVING count(*) > 1 LIMIT 1`,
  );
  if (repeated.length > 0)
    throw new ModelFailed(
      `Gold model ${model.file}: rows share a primary key (${model.primaryKey.join(', ')}).`,
    );
};

const modelled = async (model: GoldModel, work: () => Promise<void>): Promise<void> => {
  try {
    await work();
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new ModelFailed(`Gold model ${model.file} fails: ${reason}. Mend it, deploy, and redrive.`, {
      cause: error,
    });
  }
};
