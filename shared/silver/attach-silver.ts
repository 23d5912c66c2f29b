import path from 'node:path';
import type { Contract } from '../contract/model.ts';
import type { Db } from '../duckdb/with-duckdb.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import type { DataFile, Snapshot } from '../table/snapshot.ts';
import { createTableView } from '../table/table-view.ts';
import { silverColumns } from './silver-table.ts';

/**
 * Creates the view `silver.<dataset>`: one row per primary key, as of the given snapshot.
 *
 * @param snapshot undefined before the dataset's first commit: an empty view
 * @param wanted which of the snapshot's files the view reads; all when absent
 */
export const attachSilver = async (
  db: Db,
  contract: Contract,
  snapshot: Snapshot | undefined,
  store: ObjectStore,
  scratch: string,
  wanted: (file: DataFile) => boolean = () => true,
): Promise<void> =>
  await createTableView(
    db,
    { schema: 'silver', table: contract.dataset },
    silverColumns(contract),
    snapshot?.files.filter(wanted) ?? [],
    store,
    path.join(scratch, 'silver'),
  );
