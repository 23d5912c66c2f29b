import type { Schema } from '../../shared/lake/iceberg/types.ts';
import type { Change } from '../../shared/lake/table/commit/change.ts';
import type { Retention } from '../../shared/lake/table/commit/retention.ts';
import type { DataFile } from '../../shared/lake/table/data-file.ts';
import type { Draft, TableSchema } from '../../shared/lake/table/draft.ts';
import type { Snapshot } from '../../shared/lake/table/read/snapshot.ts';

/** Expires no snapshot, so that a test sees the whole history. */
export const KEEP_ALL: Retention = { newest: 100_000, hours: 0, days: 0 };

const SCHEMA: Schema = {
  type: 'struct',
  'schema-id': 0,
  fields: [
    { id: 1, name: 'id', required: false, type: 'long' },
    { id: 2, name: 'day', required: false, type: 'string' },
  ],
};

export const COLUMNS: TableSchema = {
  schema: SCHEMA,
  columnIds: { current: { id: 1, day: 2 }, retired: {} },
  lastColumnId: 2,
};

/** The entry of a data file with the columns above. The file itself does not exist. */
export const fileOf = (name: string, of: Partial<DataFile> = {}): DataFile => ({
  key: `t/data/${name}.parquet`,
  specId: 0,
  partition: { day: null },
  rows: 1,
  bytes: 10,
  columns: {},
  ...of,
});

/** The next snapshot of a table to which each run adds one file, once. */
export const increment = (base: Snapshot | undefined, runId: string): Draft => ({
  runId,
  operation: 'append',
  title: 'append',
  columns: COLUMNS,
  partitionedBy: [{ 'source-id': 2, transform: 'identity', name: 'day' }],
  added: [fileOf(runId)],
  removed: [],
  changedDeletes: [],
  touched: 'all',
  properties: { base: String(base?.version ?? 0) },
});

/** The ids of the runs whose files are in a snapshot, oldest first. */
export const runsOf = async (snapshot: Snapshot | undefined): Promise<string[]> => {
  const manifests = (await snapshot?.manifests()) ?? [];
  const entries = (await Promise.all(manifests.map((manifest) => manifest.entries()))).flat();
  return entries
    .toSorted((a, b) => a.sequenceNumber - b.sequenceNumber)
    .map(({ file }) => file.path.replace(/^.*\/t\/data\//, '').replace('.parquet', ''));
};

/** A change that every look finds to do. `look` hears of each base that the commit meets. */
export const changeBy = (
  make: (base: Snapshot | undefined) => Draft | undefined | Promise<Draft | undefined>,
  look: (base: Snapshot | undefined) => unknown = () => undefined,
): Change<undefined, undefined> => ({
  look: async (base) => {
    await look(base);
    return { todo: undefined };
  },
  make: async (base) => {
    const draft = await make(base);
    return { ...(draft !== undefined && { draft }), outcome: undefined };
  },
});

/** A change that no look finds to do. */
export const NOTHING: Change<undefined, undefined> = {
  ...changeBy(() => undefined),
  look: async () => ({ outcome: undefined }),
};
