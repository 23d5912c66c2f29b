import { createHash } from 'node:crypto';
import { cpSync } from 'node:fs';
import { loadContract } from '../../shared/contract/load.ts';
import type { Contract } from '../../shared/contract/model.ts';
import type { Row } from '../../shared/engine/values.ts';
import type { Db } from '../../shared/engine/with-duckdb.ts';
import type { TableMetadata } from '../../shared/lake/iceberg/types.ts';
import { lakePaths } from '../../shared/lake/paths.ts';
import type { ObjectStore } from '../../shared/lake/storage/object-store.ts';
import { Table } from '../../shared/lake/table/commit/table.ts';
import { tableColumns } from '../../shared/lake/table/commit/table-schema.ts';
import { createTableView } from '../../shared/lake/table/read/table-view.ts';
import { writeFiles } from '../../shared/lake/table/write/write-files.ts';
import type { RunIdentity } from '../../shared/run/run-identity.ts';
import { attachSilver } from '../../shared/stages/transform/attach-silver.ts';
import { silverLayout, silverSchema } from '../../shared/stages/transform/silver-table.ts';
import { stagedLayout } from '../../shared/stages/transform/staged-silver.ts';
import { datasets } from '../helpers/pipeline.ts';
import { scratch } from '../helpers/scratch.ts';
import { contractYaml, keysIn, runOf, testDb } from '../helpers/silver-lake.ts';
import { type Load, type LoadContext, MODEL, type Tables, tablesIn } from './load.ts';

const PROPERTIES = [
  '{ name: id, logicalType: integer, primaryKey: true }',
  '{ name: v, logicalType: integer }',
  '{ name: part, logicalType: integer, partitioned: true }',
];

/** A folder of datasets with the contract of `t`, for child processes as well. */
export const contractFolder = (): string => datasets({ 't/contract.yaml': contractYaml('t', PROPERTIES) });

/** The rows of a source: ids that all have the value `v`, in one of four partitions. */
export interface SourceRows {
  file: string;
  turn: number;
  ids: readonly number[];
  v: number;
}

const partOf = ({ v }: SourceRows): number => v % 4;

/** The rows of each writer: three with keys of its own, or one whose key the next two writers have too. */
export const sourcesFor = (writers: number, keys: 'own' | 'common' = 'own'): SourceRows[] =>
  Array.from({ length: writers }, (_, i) => ({
    file: `f${i}`,
    turn: i + 1,
    ids: [0, 1, 2].map((j) => (keys === 'own' ? 3 * i + j : i + j)),
    v: i,
  }));

/** The rows that silver must show, by id: for each key that of the latest upload. */
export const expectedSilver = (sources: readonly SourceRows[]): Row[] => {
  const latest = new Map<number, Row>();
  for (const source of sources.toSorted((a, b) => a.turn - b.turn))
    for (const id of source.ids) latest.set(id, { id, v: source.v, part: partOf(source) });
  return [...latest.values()].toSorted((a, b) => Number(a.id) - Number(b.id));
};

export const expectedGold = (silver: readonly Row[]): Row[] =>
  [...Map.groupBy(silver, ({ part }) => Number(part))]
    .map(([part, rows]) => ({ part, n: rows.length, total: rows.reduce((sum, { v }) => sum + Number(v), 0) }))
    .toSorted((a, b) => a.part - b.part);

/** Writes each run's files as Transform does. */
export const stage = async (
  sources: readonly SourceRows[],
  contract: Contract,
  silver: ObjectStore,
): Promise<Load[]> => {
  const columns = silverSchema(contract, await new Table(silver, 't').current());
  return await testDb(async (db, folder) => {
    const loads: Load[] = [];
    for (const source of sources) {
      const run = runOf(source.file, source.turn);
      const rows = rowsOf(source, run);
      const files = await writeFiles({ db, store: silver, scratch: folder }, rows, {
        keyOf: (file) => lakePaths.data('t', file),
        prefix: run.run_id,
        ...silverLayout(contract, columns),
      });
      const content = createHash('sha256').update(JSON.stringify(source.ids)).update(`${source.v}`);
      loads.push({
        run,
        staged: {
          content: content.digest('hex'),
          ...stagedLayout(contract, columns),
          files,
          stagedAt: new Date().toISOString(),
        },
      });
    }
    return loads;
  });
};

const rowsOf = (source: SourceRows, { run_id, source_id }: RunIdentity): string =>
  `SELECT unnest([${source.ids.join(', ')}]) AS id, ${source.v} AS v, ${partOf(source)} AS part, '${run_id}' AS _run_id,
    '${source_id}' AS _source_id, generate_subscripts([${source.ids.join(', ')}], 1) AS _row, NULL::VARCHAR AS _rescued`;

/** A lake in a folder in which these sources are staged, and a way to copy it. */
export interface StagedLake {
  folder: string;
  context: LoadContext;
  sqlDir: string;
  sources: SourceRows[];
  loads: Load[];
  /** A copy in which nothing is committed yet. */
  copy: () => { folder: string; context: LoadContext };
}

export const stagedLake = async (sources: SourceRows[]): Promise<StagedLake> => {
  const [folder, sqlDir] = [scratch(), contractFolder()];
  const contract = await loadContract(sqlDir, 't');
  const loads = await stage(sources, contract, tablesIn(folder).silver);
  const at = (where: string) => ({
    folder: where,
    context: { tables: tablesIn(where), contract, scratch: scratch() },
  });
  const copy = () => {
    const other = scratch();
    cpSync(folder, other, { recursive: true });
    return at(other);
  };
  return { ...at(folder), sqlDir, sources, loads, copy };
};

const withViews = async <T>(
  { tables, contract }: Pick<LoadContext, 'tables' | 'contract'>,
  work: (db: Db) => Promise<T>,
): Promise<T> =>
  await testDb(async (db, folder) => {
    await attachSilver(
      { db, store: tables.silver, scratch: `${folder}/s` },
      contract,
      await new Table(tables.silver, 't').current(),
    );
    const gold = await new Table(tables.gold, MODEL.name).current();
    const columns = MODEL.columns.map((column) => ({ ...column, identity: column.name }));
    if (gold !== undefined)
      await createTableView(
        { db, store: tables.gold, scratch: `${folder}/g` },
        { schema: 'gold', table: 'm' },
        tableColumns(gold, columns),
        await gold.files(),
      );
    return await work(db);
  });

/** The rows of both tables, in order; gold has none before its first commit. */
export const rowsIn = async (
  context: Pick<LoadContext, 'tables' | 'contract'>,
): Promise<{ silver: Row[]; gold: Row[] }> =>
  await withViews(context, async (db) => ({
    silver: await db.all('SELECT id, v, part FROM silver.t ORDER BY ALL'),
    gold:
      (await new Table(context.tables.gold, MODEL.name).current()) === undefined
        ? []
        : await db.all('FROM gold.m ORDER BY ALL'),
  }));

/** All metadata files of a table. Expects v1, v2 … without a gap, each derived from the one before. */
export const linearHistory = async (store: ObjectStore, table: string): Promise<TableMetadata[]> => {
  const names = (await keysIn(store, lakePaths.metadata(table, 'v'))).map(
    (key) => /v(\d+)\.metadata/.exec(key)?.[1],
  );
  const versions = names
    .filter((name) => name !== undefined)
    .map(Number)
    .toSorted((a, b) => a - b);
  expect(versions).toEqual(versions.map((_, i) => i + 1));
  const read = async (version: number): Promise<TableMetadata> =>
    JSON.parse(String(await store.read(lakePaths.metadata(table, `v${version}.metadata.json`))));
  const history = await Promise.all(versions.map(read));
  history.forEach((metadata, i) => {
    const own = metadata.snapshots.find((each) => each['snapshot-id'] === metadata['current-snapshot-id']);
    const before = history[i - 1];
    expect(metadata['last-sequence-number']).toBe(i + 1);
    expect(own).toMatchObject({ 'sequence-number': i + 1 });
    expect(own?.['parent-snapshot-id']).toBe(before?.['current-snapshot-id'] ?? undefined);
    expect(metadata['table-uuid']).toBe(history[0]?.['table-uuid']);
    expect(metadata['metadata-log'].at(-1)?.['metadata-file']).toBe(
      before && `${metadata.location}/metadata/v${i}.metadata.json`,
    );
  });
  return history;
};

/** The runs that the snapshots of a history committed. */
export const runsIn = (history: readonly TableMetadata[]): string[] =>
  history.flatMap((metadata) => {
    const own = metadata.snapshots.find((each) => each['snapshot-id'] === metadata['current-snapshot-id']);
    const { 'duckstep.run-ids': many, 'duckstep.run-id': one = '' } = { ...own?.summary };
    return many?.split(' ') ?? [one];
  });

/** Locks and intents that were not removed. */
export const leftBehind = async ({ silver, gold }: Tables): Promise<string[]> => [
  ...(await keysIn(silver, '_commits/')),
  ...(await keysIn(gold, '_commits/')),
];

/**
 * Expects the rows of the first `n` writers, a linear history, and no leftovers.
 *
 * @param history `each`: every run is in it once; `some`: some runs were too late, or were already replaced
 */
export const expectAll = async (
  context: Pick<LoadContext, 'tables' | 'contract'>,
  { sources, loads }: Pick<StagedLake, 'sources' | 'loads'>,
  n: number,
  { history = 'each' }: { history?: 'each' | 'some' } = {},
): Promise<void> => {
  const silver = expectedSilver(sources.slice(0, n));
  expect(await rowsIn(context)).toEqual({ silver, gold: expectedGold(silver) });
  const runs = runsIn(await linearHistory(context.tables.silver, 't'));
  const all = loads.slice(0, n).map(({ run }) => run.run_id);
  if (history === 'each') expect(runs.toSorted()).toEqual(all.toSorted());
  else expect(new Set(runs).size).toBe(runs.length);
  await linearHistory(context.tables.gold, MODEL.name);
  expect(await leftBehind(context.tables)).toEqual([]);
};
