import path from 'node:path';
import type { Contract } from '../../contract/model.ts';
import type { Partition } from '../../lake/table/partition-names.ts';
import type { Snapshot } from '../../lake/table/read/snapshot.ts';
import { createTableView } from '../../lake/table/read/table-view.ts';
import type { Workbench } from '../../lake/table/workbench.ts';
import { silverTableColumns } from './silver-table.ts';

/**
 * Creates the view `silver.<dataset>`: one row per primary key, as of the given snapshot.
 *
 * @param snapshot undefined before the dataset's first commit: an empty view
 * @param partitions reads only files that may hold rows of these; all when absent
 */
export const attachSilver = async (
  { db, store, scratch }: Workbench,
  contract: Contract,
  snapshot: Snapshot | undefined,
  partitions?: readonly Partition[],
): Promise<void> =>
  await createTableView(
    { db, store, scratch: path.join(scratch, 'silver') },
    { schema: 'silver', table: contract.dataset },
    silverTableColumns(contract, snapshot),
    (await snapshot?.files(partitions)) ?? [],
  );
