import path from 'node:path';
import type { Contract } from '../../contract/model.ts';
import type { Db } from '../../engine/with-duckdb.ts';
import type { ObjectStore } from '../../lake/storage/object-store.ts';
import type { Partition } from '../../lake/table/partition-names.ts';
import type { Snapshot } from '../../lake/table/read/snapshot.ts';
import { createTableView } from '../../lake/table/read/table-view.ts';
import { silverTableColumns } from './silver-table.ts';

/**
 * Creates the view `silver.<dataset>`: one row per primary key, as of the given snapshot.
 *
 * @param snapshot undefined before the dataset's first commit: an empty view
 * @param partitions reads only files that may hold rows of these; all when absent
 */
export const attachSilver = async (
  db: Db,
  contract: Contract,
  snapshot: Snapshot | undefined,
  store: ObjectStore,
  scratch: string,
  partitions?: readonly Partition[],
): Promise<void> =>
  await createTableView(
    db,
    { schema: 'silver', table: contract.dataset },
    silverTableColumns(contract, snapshot),
    (await snapshot?.files(partitions)) ?? [],
    store,
    path.join(scratch, 'silver'),
  );
