import path from 'node:path';
import type { Contract } from '../contract/model.ts';
import { ident, literal, literalList } from '../engine/sql.ts';
import type { Db } from '../engine/with-duckdb.ts';
import { storedType } from '../lake/iceberg/duckdb-types.ts';
import { type Lake, lakePaths } from '../lake/paths.ts';
import { Table } from '../lake/table/commit/table.ts';
import { tableColumns } from '../lake/table/commit/table-schema.ts';
import type { TableColumn, ViewColumn } from '../lake/table/data-file.ts';
import type { Snapshot } from '../lake/table/read/snapshot.ts';
import { createTableView, localPaths, typed } from '../lake/table/read/table-view.ts';
import type { Workbench } from '../lake/table/workbench.ts';
import { RUN_COLUMNS } from '../run/run-record.ts';
import { goldColumns } from '../stages/load-to-gold/gold/gold-table.ts';
import type { GoldModel } from '../stages/load-to-gold/gold/model-header.ts';
import { QUARANTINE_COLUMNS } from '../stages/quarantine/quarantine-table.ts';
import { silverColumns } from '../stages/transform/silver-table.ts';
import { asOf, fullName, type LakeTable } from './as-of.ts';
import { filtersOf } from './filters.ts';
import { planFiles } from './plan-files.ts';
import type { When } from './when.ts';

export interface AttachOptions {
  /** Tells by a table's name whether its files are needed; without them it is an empty view. From S3 they are fetched. */
  wanted?: (table: string) => boolean;
  /** Silver, gold and runs as of then, with the columns that they had. Quarantine has no history. */
  at?: When;
  /** The only query that will be asked: files whose rows cannot matter to it are left out. */
  sql?: string;
  /** Hears what is not exactly as it was at that time. */
  remark?: (text: string) => void;
}

/**
 * Makes the committed lake readable as SQL: `silver.<dataset>`, `gold.<model>`, `quarantine.<dataset>` and `runs`.
 * What has not arrived yet is there as an empty view.
 *
 * @throws UsageError for a time or a snapshot that is not kept
 */
export const attachLake = async (
  db: Db,
  lake: Lake,
  contracts: readonly Contract[],
  models: readonly GoldModel[],
  scratch: string,
  { wanted = () => true, at, sql, remark }: AttachOptions = {},
): Promise<void> => {
  const tables = lakeTables(lake, contracts, models);
  const then = at && (await asOf(at, tables, ({ name }) => wanted(name)));
  for (const text of then?.remarks ?? []) remark?.(text);
  const filters = sql === undefined ? undefined : await filtersOf(db, sql);
  for (const table of tables) {
    const snapshot = then
      ? then.snapshots.get(table)
      : wanted(table.name)
        ? await new Table(table.store, table.name).current()
        : undefined;
    const columns = then && snapshot ? columnsThen(snapshot) : tableColumns(snapshot, table.columns);
    const own = filters?.get(fullName(table).toLowerCase()) ?? [];
    await createTableView(
      { db, store: table.store, scratch: path.join(scratch, table.zone) },
      { schema: table.zone, table: table.name },
      columns,
      snapshot ? await planFiles(db, snapshot, columns, own) : [],
    );
  }
  await attachQuarantine({ db, store: lake.quarantine, scratch }, contracts, wanted);
  await attachRuns({ db, store: lake.gold, scratch }, wanted('runs'), then?.time);
};

/** The tables that contracts and models make, whether anything is committed or not. */
export const lakeTables = (
  lake: Pick<Lake, 'silver' | 'gold'>,
  contracts: readonly Contract[],
  models: readonly GoldModel[],
): (LakeTable & { columns: (ViewColumn & { identity: string })[] })[] => [
  ...contracts.map((contract) => ({
    zone: 'silver' as const,
    name: contract.dataset,
    store: lake.silver,
    columns: silverColumns(contract),
  })),
  ...models.map((model) => ({
    zone: 'gold' as const,
    name: model.name,
    store: lake.gold,
    columns: goldColumns(model),
  })),
];

/** The columns that a snapshot had, by their names and types of then. */
const columnsThen = ({ schema }: Snapshot): TableColumn[] =>
  schema.fields.map((field) => ({ name: field.name, type: storedType(field.type), field }));

/** One view per dataset with a contract, and one per folder of files whose dataset nobody knows. */
const attachQuarantine = async (
  { db, store, scratch }: Workbench,
  contracts: readonly Contract[],
  wanted: (table: string) => boolean,
): Promise<void> => {
  const keys = new Map<string, string[]>(contracts.map(({ dataset }) => [dataset, []]));
  for await (const { key } of store.list('')) {
    const [folder = '', kind] = key.split('/');
    // SQL does not tell `Signups` from `signups`, so a mistyped folder's files are found under the same name.
    const dataset = folder.toLowerCase();
    if (kind !== 'rows' || !wanted(dataset)) continue;
    const own = keys.get(dataset) ?? [];
    own.push(key);
    keys.set(dataset, own);
  }
  await db.run('CREATE SCHEMA IF NOT EXISTS quarantine');
  for (const [dataset, own] of keys) {
    const paths = [...(await localPaths({ store, scratch: path.join(scratch, 'quarantine') }, own)).values()];
    const rows = `FROM read_parquet(${literalList(paths)}, union_by_name = true, hive_partitioning = false)`;
    await db.run(
      `CREATE OR REPLACE VIEW quarantine.${ident(dataset)} AS ${typed(QUARANTINE_COLUMNS, paths.length === 0 ? undefined : rows)}`,
    );
  }
};

/** @param until leaves out the runs that finished later; milliseconds since 1970 */
const attachRuns = async (
  { db, store, scratch }: Workbench,
  wanted: boolean,
  until: number | undefined,
): Promise<void> => {
  const keys: string[] = [];
  if (wanted) for await (const { key } of store.list(lakePaths.runs)) keys.push(key);
  const paths = await localPaths({ store, scratch: path.join(scratch, 'gold') }, keys);
  const columns = Object.entries(RUN_COLUMNS).map(([name, type]) => ({ name, type }));
  const types = columns.map(({ name, type }) => `${ident(name)}: ${literal(type)}`).join(', ');
  const records = `FROM read_json(${literalList([...paths.values()])}, columns = {${types}})`;
  await db.run(
    `CREATE OR REPLACE VIEW runs AS ${typed(columns, keys.length === 0 ? undefined : records)}${until === undefined ? '' : ` WHERE finished_at <= make_timestamp_ms(${until})`} ORDER BY finished_at`,
  );
};
