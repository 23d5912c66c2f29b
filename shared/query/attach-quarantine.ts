import type { Contract } from '../contract/model.ts';
import { ident, literalList } from '../engine/sql.ts';
import type { Db } from '../engine/with-duckdb.ts';
import type { ObjectStore } from '../lake/storage/object-store.ts';
import { localPaths, typed } from '../lake/table/read/table-view.ts';
import { QUARANTINE_COLUMNS } from '../stages/quarantine/quarantine-table.ts';

/**
 * Creates a view `quarantine.<dataset>` of the quarantined rows of each dataset with a contract, and one for each folder
 * of files whose dataset has none.
 */
export const attachQuarantine = async (
  db: Db,
  store: ObjectStore,
  contracts: readonly Contract[],
  scratch: string,
  wanted: (table: string) => boolean,
): Promise<void> => {
  await db.run('CREATE SCHEMA IF NOT EXISTS quarantine');
  for (const [dataset, keys] of await keysByDataset(store, contracts, wanted)) {
    const paths = [...(await localPaths({ store, scratch }, keys)).values()];
    const rows = `FROM read_parquet(${literalList(paths)}, union_by_name = true, hive_partitioning = false)`;
    await db.run(
      `CREATE OR REPLACE VIEW quarantine.${ident(dataset)} AS ${typed(QUARANTINE_COLUMNS, paths.length === 0 ? undefined : rows)}`,
    );
  }
};

const keysByDataset = async (
  store: ObjectStore,
  contracts: readonly Contract[],
  wanted: (table: string) => boolean,
): Promise<Map<string, string[]>> => {
  const keys = new Map<string, string[]>(contracts.map(({ dataset }) => [dataset, []]));
  for await (const { key } of store.list('')) {
    const [folder = '', kind] = key.split('/');
    // SQL ignores the case of names, so files in a folder `Signups` belong to the view `signups` too.
    const dataset = folder.toLowerCase();
    if (kind !== 'rows' || !wanted(dataset)) continue;
    const own = keys.get(dataset) ?? [];
    own.push(key);
    keys.set(dataset, own);
  }
  return keys;
};
