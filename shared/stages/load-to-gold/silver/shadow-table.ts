import { isDeepStrictEqual } from 'node:util';
import type { Contract } from '../../../contract/model.ts';
import { ContractChanged } from '../../../errors.ts';
import { lakePaths } from '../../../lake/paths.ts';
import type { ObjectStore } from '../../../lake/storage/object-store.ts';
import { RenamedStore } from '../../../lake/storage/renamed-store.ts';
import type { Look } from '../../../lake/table/commit/change.ts';
import { MetadataFiles } from '../../../lake/table/commit/metadata-files.ts';
import { type MetadataVersion, Table } from '../../../lake/table/commit/table.ts';
import { partitionBy } from '../../../lake/table/commit/table-schema.ts';
import type { Draft, TableSchema } from '../../../lake/table/draft.ts';
import { SUMMARY } from '../../../lake/table/properties.ts';
import type { Snapshot } from '../../../lake/table/read/snapshot.ts';
import { compareAges } from '../../../run/version-age.ts';
import { silverSchema } from '../../transform/silver-table.ts';
import { type CommittedSource, sourcesRoot, sourceTree } from './sources.ts';

/**
 * Silver as a rebuild sees it: the versions of the table's metadata, and the locks and intents of its commits, lie apart, so
 * that the live table does not change. Data files, manifests and the index of sources lie where they lie for the live
 * table, under names that are new: the swap only has to name them.
 */
export const shadowOf = (silver: ObjectStore, dataset: string, id: string): ObjectStore => {
  const apart = lakePaths.rebuild(id, '');
  const isApart = (key: string): boolean =>
    key.startsWith(lakePaths.metadata(dataset, 'v')) || key.startsWith(lakePaths.commits(dataset));
  return new RenamedStore(silver, {
    to: (key) => (isApart(key) ? apart + key : key),
    from: (key) => (key.startsWith(apart) ? key.slice(apart.length) : key),
  });
};

/** The name of a rebuild in the table's history, in place of a run. */
const nameOf = (id: string): string => `rebuild-${id.replace('/', '-')}`;

const isDone = (base: Snapshot | undefined, id: string): boolean =>
  base?.history.some(({ runId }) => runId === nameOf(id)) ?? false;

/**
 * Begins a rebuild: a copy of the live table without rows, with the contract's columns. A repetition changes nothing.
 *
 * @throws SchemaIncompatible, ContractInvalid when the table cannot have the contract's columns
 */
export const beginShadow = async (silver: ObjectStore, contract: Contract, id: string): Promise<void> => {
  const { dataset } = contract;
  const shadow = shadowOf(silver, dataset, id);
  const table = new Table(shadow, dataset);
  if ((await table.newest()) === undefined) {
    const live = await new Table(silver, dataset).newest();
    if (live === undefined) return;
    await new MetadataFiles(shadow, dataset).create(live.version, live.metadata);
  }
  await table.commit({
    look: async (base): Promise<Look<'empty', undefined>> =>
      base === undefined || isDone(base, id) ? { outcome: undefined } : { todo: 'empty' },
    make: async (base) => ({ draft: await emptyDraft(contract, base as Snapshot, id), outcome: undefined }),
  });
};

const emptyDraft = async (contract: Contract, base: Snapshot, id: string): Promise<Draft> => {
  const columns = silverSchema(contract, base, { replace: true });
  return {
    runId: nameOf(id),
    operation: 'delete',
    title: 'rebuild',
    columns,
    partitionedBy: partitionBy(columns.schema, contract.partitionedBy),
    added: [],
    removed: await base.files(),
    changedDeletes: [],
    touched: 'all',
    properties: {},
  };
};

export type Swap =
  | { status: 'swapped'; version: number; table: MetadataVersion | undefined }
  /** Sources of which the live table has a later version than the rebuilt one: they are to be loaded there first. */
  | { status: 'behind'; sources: string[] };

/**
 * Puts the rebuilt rows in the place of the live ones, as one commit. A repetition finds its own commit.
 *
 * @param takenOut entries for sources that have no rows in the rebuilt table on purpose, or those of an earlier version, by
 *   source id. Their versions and removals are kept, so that later versions stay out
 * @throws ContractChanged when the live table's columns have changed since the rebuild began: it has to begin again
 * @throws CommitConflict when other writers won every race
 */
export const swapIn = async (
  silver: ObjectStore,
  { dataset }: Contract,
  id: string,
  takenOut: ReadonlyMap<string, CommittedSource>,
): Promise<Swap> => {
  const index = sourceTree(silver, dataset);
  const rebuilt = (await new Table(shadowOf(silver, dataset, id), dataset).newest())?.snapshot;
  const { snapshot, version, outcome } = await new Table(silver, dataset).commit({
    look: async (base): Promise<Look<Snapshot, string[]>> =>
      rebuilt === undefined || isDone(base, id) ? { outcome: [] } : { todo: rebuilt },
    make: async (base, restored) => {
      requireSameShape(base, restored);
      const behind = await sourcesBehind(base, restored, takenOut, index);
      if (behind.length > 0) return { outcome: behind };
      const entries = await entriesOf(restored, takenOut, index);
      const root = await index.put(sourcesRoot(restored), entries);
      return { draft: swapDraft(restored, id, root), outcome: [] };
    },
  });
  return outcome.length > 0
    ? { status: 'behind', sources: outcome }
    : { status: 'swapped', version: snapshot?.version ?? 0, table: version };
};

const swapDraft = (restored: Snapshot, id: string, root: string): Draft => ({
  runId: nameOf(id),
  operation: 'overwrite',
  title: 'rebuild',
  columns: columnsOf(restored),
  partitionedBy: specIn(restored)?.fields ?? [],
  added: [],
  removed: [],
  changedDeletes: [],
  restored,
  touched: 'all',
  properties: { [SUMMARY.sources]: root },
});

const columnsOf = ({ metadata, columnIds, schema }: Snapshot): TableSchema => ({
  schema,
  columnIds,
  lastColumnId: metadata['last-column-id'],
});

const specIn = ({ metadata }: Snapshot) =>
  metadata['partition-specs'].find((spec) => spec['spec-id'] === metadata['default-spec-id']);

/** The rebuilt table went on from the live one's ids of columns and of partitionings: these must not have gone on as well. */
const requireSameShape = (base: Snapshot | undefined, { table, metadata }: Snapshot): void => {
  if (base === undefined) return;
  const specs = base.metadata['partition-specs'];
  const isKnown = specs.every((spec) =>
    metadata['partition-specs'].some((other) => isDeepStrictEqual(other, spec)),
  );
  const hasFields = base.schema.fields.every((field) =>
    metadata.schemas.some(({ fields }) => fields.some((other) => isDeepStrictEqual(other, field))),
  );
  if (isKnown && hasFields) return;
  throw new ContractChanged(
    `The columns of silver.${table} have changed since its rebuild began, by a file that was loaded under another contract. Begin the rebuild again.`,
  );
};

const sourcesBehind = async (
  base: Snapshot | undefined,
  restored: Snapshot,
  takenOut: ReadonlyMap<string, CommittedSource>,
  index: ReturnType<typeof sourceTree>,
): Promise<string[]> => {
  const behind: string[] = [];
  for await (const [id, live] of index.entries(sourcesRoot(base))) {
    const known = takenOut.get(id) ?? (await index.get(sourcesRoot(restored), id));
    if (known === undefined || compareAges(known, live) < 0) behind.push(id);
  }
  return behind;
};

const entriesOf = async (
  restored: Snapshot,
  takenOut: ReadonlyMap<string, CommittedSource>,
  index: ReturnType<typeof sourceTree>,
): Promise<Map<string, CommittedSource>> => {
  const rebuilt = await index.getMany(sourcesRoot(restored), takenOut.keys());
  return new Map(
    [...takenOut].map(([id, live]) => {
      const rows = rebuilt.get(id);
      if (rows === undefined) return [id, live];
      const { sequencer } = compareAges(rows, live) < 0 ? live : rows;
      return [id, { ...rows, sequencer, ...(live.removal !== undefined && { removal: live.removal }) }];
    }),
  );
};
