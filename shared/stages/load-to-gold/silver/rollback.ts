import { UsageError } from '../../../errors.ts';
import { currentSchema } from '../../../lake/iceberg/metadata.ts';
import type { IndexTree } from '../../../lake/index-tree/index-tree.ts';
import type { ObjectStore } from '../../../lake/storage/object-store.ts';
import type { Look } from '../../../lake/table/commit/change.ts';
import { type MetadataVersion, Table, type TableOptions } from '../../../lake/table/commit/table.ts';
import type { DataFile } from '../../../lake/table/data-file.ts';
import type { Draft, TableSchema } from '../../../lake/table/draft.ts';
import { distinctPartitions, type Partition } from '../../../lake/table/partition-names.ts';
import { SUMMARY } from '../../../lake/table/properties.ts';
import type { Snapshot } from '../../../lake/table/read/snapshot.ts';
import { type CommittedSource, type SourceRemoval, sourcesRoot, sourceTree } from './sources.ts';

export interface Rollback {
  /** Id of the snapshot whose rows the table is to have again. */
  to: number;
  /** ISO 8601: when it was asked for. Two rollbacks of a table differ in it. */
  at: string;
}

export interface RolledBack {
  version: number;
  /** The table as it is now. */
  table: MetadataVersion | undefined;
  /** Source ids of the files that have no rows in the table any more, and of those that have earlier ones. */
  sources: { gone: string[]; earlier: string[] };
  /** Their keys, as far as silver knows them: earlier releases did not write them. */
  keys: ReadonlyMap<string, string>;
}

/** Entries of the index that are compared at a time. */
const BATCH = 1_000;

/**
 * Gives a silver table the rows of an earlier snapshot, as one commit. The versions of files that were committed since are
 * out: only a replay loads them again, and a later upload of their key loads as usual. A repetition finds its own commit
 * and changes nothing.
 *
 * @throws UsageError when the table does not have the snapshot, or not any more
 * @throws CommitConflict when other writers won every race
 */
export const rollbackSilver = async (
  store: ObjectStore,
  dataset: string,
  { to, at }: Rollback,
  options?: TableOptions,
): Promise<RolledBack> => {
  const index = sourceTree(store, dataset);
  const { snapshot, version } = await new Table(store, dataset, options).commit({
    look: async (base): Promise<Look<Snapshot, undefined>> =>
      isDone(base, { to, at }) ? { outcome: undefined } : { todo: snapshotOf(base, dataset, to) },
    make: async (base, restored) => ({
      draft: await rollbackDraft(index, base as Snapshot, restored, { to, at }),
      outcome: undefined,
    }),
  });
  const name = snapshot?.history.find(({ runId }) => runId.startsWith(`rollback-${to}-`))?.runId;
  return {
    version: snapshot?.version ?? 0,
    table: version,
    ...(await takenOut(index, snapshot, name ?? nameOf({ to, at }))),
  };
};

/** The name under which a rollback stands in the table's history, in place of a run. */
const nameOf = ({ to, at }: Rollback): string => `rollback-${to}-${Date.parse(at)}`;

/** Whether this rollback is committed, or one to the same snapshot, with nothing after it. */
const isDone = (base: Snapshot | undefined, rollback: Rollback): boolean =>
  base?.properties[SUMMARY.rolledBackTo] === String(rollback.to) ||
  (base?.history.some(({ runId }) => runId === nameOf(rollback)) ?? false);

const snapshotOf = (base: Snapshot | undefined, dataset: string, id: number): Snapshot => {
  const found = base?.history.find((snapshot) => snapshot.id === id);
  if (found !== undefined) return found;
  const problem = base === undefined ? 'has no commit yet' : `has no snapshot ${id}, or it has expired`;
  throw new UsageError(
    `silver.${dataset} ${problem}: \`duckstep history silver.${dataset}\` lists the snapshots that are kept.`,
  );
};

const rollbackDraft = async (
  index: IndexTree<CommittedSource>,
  base: Snapshot,
  restored: Snapshot,
  { to, at }: Rollback,
): Promise<Draft> => {
  const entries = await nextEntries(index, base, restored, { id: nameOf({ to, at }), at });
  return {
    runId: nameOf({ to, at }),
    operation: 'overwrite',
    title: 'rollback',
    columns: columnsOf(base),
    partitionedBy: partitioningOf(base),
    added: [],
    removed: [],
    changedDeletes: [],
    restored,
    touched: await differing(base, restored),
    properties: {
      [SUMMARY.sources]: await index.put(sourcesRoot(restored), entries),
      [SUMMARY.rolledBackTo]: String(restored.id),
    },
  };
};

/** The columns stay those of the newest commit: files are read by field id, whatever the columns were when they were written. */
const columnsOf = ({ metadata, columnIds }: Snapshot): TableSchema => ({
  schema: currentSchema(metadata),
  columnIds,
  lastColumnId: metadata['last-column-id'],
});

const partitioningOf = ({ metadata }: Snapshot): Draft['partitionedBy'] =>
  metadata['partition-specs'].find((spec) => spec['spec-id'] === metadata['default-spec-id'])?.fields ?? [];

/**
 * The sources that were committed after the restored snapshot, with a note of the version that goes: it, and older ones, must
 * not come back by an event that arrives late.
 */
const nextEntries = async (
  index: IndexTree<CommittedSource>,
  base: Snapshot,
  restored: Snapshot,
  { id, at }: { id: string; at: string },
): Promise<Map<string, CommittedSource>> => {
  const next = new Map<string, CommittedSource>();
  const compare = async (now: ReadonlyMap<string, CommittedSource>): Promise<void> => {
    const then = await index.getMany(sourcesRoot(restored), now.keys());
    for (const [sourceId, entry] of now) {
      const before = then.get(sourceId);
      if (isSame(before, entry)) continue;
      const rows = before ?? { ...entry, content: '', partitions: [], removedAt: at };
      next.set(sourceId, { ...rows, removal: removalOf(entry, id) });
    }
  };
  let batch = new Map<string, CommittedSource>();
  for await (const [sourceId, entry] of index.entries(sourcesRoot(base))) {
    batch.set(sourceId, entry);
    if (batch.size < BATCH) continue;
    await compare(batch);
    batch = new Map();
  }
  await compare(batch);
  return next;
};

/** Later uploads load as usual, also those that are on their way already. */
const removalOf = (
  { sequencer, version, uploadedAt, replayedAt, removal }: CommittedSource,
  id: string,
): SourceRemoval => {
  const times = [uploadedAt, replayedAt, removal?.at].filter((time) => time !== undefined);
  const at = times.toSorted((a, b) => Date.parse(a) - Date.parse(b)).at(-1) ?? uploadedAt;
  return { id, at, sequencer, rows: 0, ...(version !== undefined && { version }) };
};

const isSame = (before: CommittedSource | undefined, now: CommittedSource): boolean =>
  before !== undefined &&
  before.runId === now.runId &&
  before.sequencer === now.sequencer &&
  before.content === now.content &&
  before.removal?.id === now.removal?.id;

/** The partitions of the files that only one of the two snapshots has, or that have other position deletes in it. */
const differing = async (one: Snapshot, other: Snapshot): Promise<Partition[]> => {
  const nameOfRows = ({ key, deletes }: DataFile): string => `${key}\0${deletes?.key ?? ''}`;
  const [here, there] = await Promise.all([one.files(), other.files()]);
  const [inOne, inOther] = [new Set(here.map(nameOfRows)), new Set(there.map(nameOfRows))];
  const changed = [
    ...here.filter((file) => !inOther.has(nameOfRows(file))),
    ...there.filter((file) => !inOne.has(nameOfRows(file))),
  ];
  return distinctPartitions(changed.map(({ partition }) => partition));
};

const takenOut = async (
  index: IndexTree<CommittedSource>,
  snapshot: Snapshot | undefined,
  id: string,
): Promise<Pick<RolledBack, 'sources' | 'keys'>> => {
  const sources: RolledBack['sources'] = { gone: [], earlier: [] };
  const keys = new Map<string, string>();
  for await (const [sourceId, { removal, content, key }] of index.entries(sourcesRoot(snapshot))) {
    if (removal?.id !== id) continue;
    sources[content === '' ? 'gone' : 'earlier'].push(sourceId);
    if (key !== undefined) keys.set(sourceId, key);
  }
  return { sources, keys };
};
