import path from 'node:path';
import type { Contract } from '../contract/model.ts';
import { ident, literal, literalList } from '../duckdb/sql.ts';
import type { Db } from '../duckdb/with-duckdb.ts';
import type { GoldModel } from '../gold/model-header.ts';
import { type Lake, lakePaths } from '../lake.ts';
import { QUARANTINE_COLUMNS } from '../quarantine/quarantine-table.ts';
import { attachSilver } from '../silver/attach-silver.ts';
import { RUN_COLUMNS } from '../steps/run-record.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import type { Snapshot } from '../table/snapshot.ts';
import { Table } from '../table/table.ts';
import { tableColumns } from '../table/table-schema.ts';
import { createTableView, localPaths, typed } from '../table/table-view.ts';

/**
 * Makes the committed lake readable as SQL: `silver.<dataset>`, `gold.<model>`, `quarantine.<dataset>` and `runs`.
 * What has not arrived yet is there as an empty view.
 *
 * @param wanted tells by a table's name whether its files are needed; without them it is an empty view. From S3
 *   they are fetched.
 */
export const attachLake = async (
  db: Db,
  lake: Lake,
  contracts: readonly Contract[],
  models: readonly GoldModel[],
  scratch: string,
  wanted: (table: string) => boolean = () => true,
): Promise<void> => {
  const current = async (store: ObjectStore, table: string): Promise<Snapshot | undefined> =>
    wanted(table) ? await new Table(store, table).current() : undefined;
  for (const contract of contracts) {
    const snapshot = await current(lake.silver, contract.dataset);
    await attachSilver(db, contract, snapshot, lake.silver, scratch);
  }
  for (const model of models) {
    const snapshot = await current(lake.gold, model.name);
    const folder = path.join(scratch, 'gold');
    await createTableView(
      db,
      { schema: 'gold', table: model.name },
      tableColumns(
        snapshot,
        model.columns.map((column) => ({ ...column, identity: column.name.toLowerCase() })),
      ),
      (await snapshot?.files()) ?? [],
      lake.gold,
      folder,
    );
  }
  await attachQuarantine(db, lake.quarantine, contracts, scratch, wanted);
  await attachRuns(db, lake.gold, scratch, wanted('runs'));
};

/** One view per dataset with a contract, and one per folder of files whose dataset nobody knows. */
const attachQuarantine = async (
  db: Db,
  store: ObjectStore,
  contracts: readonly Contract[],
  scratch: string,
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
    const paths = [...(await localPaths(store, path.join(scratch, 'quarantine'), own)).values()];
    const rows = `FROM read_parquet(${literalList(paths)}, union_by_name = true, hive_partitioning = false)`;
    await db.run(
      `CREATE OR REPLACE VIEW quarantine.${ident(dataset)} AS ${typed(QUARANTINE_COLUMNS, paths.length === 0 ? undefined : rows)}`,
    );
  }
};

const attachRuns = async (db: Db, store: ObjectStore, scratch: string, wanted: boolean): Promise<void> => {
  const keys: string[] = [];
  if (wanted) for await (const { key } of store.list(lakePaths.runs)) keys.push(key);
  const paths = await localPaths(store, path.join(scratch, 'gold'), keys);
  const columns = Object.entries(RUN_COLUMNS).map(([name, type]) => ({ name, type }));
  const types = columns.map(({ name, type }) => `${ident(name)}: ${literal(type)}`).join(', ');
  const records = `FROM read_json(${literalList([...paths.values()])}, columns = {${types}})`;
  await db.run(
    `CREATE OR REPLACE VIEW runs AS ${typed(columns, keys.length === 0 ? undefined : records)} ORDER BY finished_at`,
  );
};
