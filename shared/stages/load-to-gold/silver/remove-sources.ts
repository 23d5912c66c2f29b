import path from 'node:path';
import type { Contract } from '../../../contract/model.ts';
import { literal } from '../../../engine/sql.ts';
import type { Look, Made } from '../../../lake/table/commit/change.ts';
import { type MetadataVersion, Table, type TableOptions } from '../../../lake/table/commit/table.ts';
import type { Snapshot } from '../../../lake/table/read/snapshot.ts';
import { localPaths, readFiles } from '../../../lake/table/read/table-view.ts';
import type { Workbench } from '../../../lake/table/workbench.ts';
import { compareSequencers } from '../../../run/run-identity.ts';
import { silverSchema } from '../../transform/silver-table.ts';
import { carryOutFiles } from './carry-out-files.ts';
import type { CommitContext } from './commit-context.ts';
import { filesOfSources } from './files-of-sources.ts';
import { Intents } from './intents.ts';
import { type CommittedSource, type SourceRemoval, sourcesRoot, sourceTree } from './sources.ts';
import { wasThere } from './was-there.ts';

/** A source whose rows are to leave silver. */
export interface SourceToRemove {
  sourceId: string;
  /** Its key in raw. */
  key: string;
  /** Of the newest version that was there when the removal was asked for, where it is known. */
  sequencer?: string | undefined;
  version?: string | undefined;
}

export interface SilverRemoval {
  /** 24 hex digits, as a run's id. */
  id: string;
  /** ISO 8601, by the storage's clock: versions that were uploaded before stay out. */
  at: string;
  sources: readonly SourceToRemove[];
}

export interface RemovedSources {
  /** The rows of each source that left, by source id; none for a source that was left alone. */
  removed: ReadonlyMap<string, CommittedSource>;
  /** The table as it is now. */
  table: MetadataVersion | undefined;
}

/**
 * Takes all rows of some sources out of silver in one commit. Rows of other files that theirs hid show again. Their entries
 * become tombstones, which keep out what was uploaded before (`isRemoved`). A source whose rows a later version or a
 * replay has brought since is left alone. A repetition changes nothing.
 *
 * @throws SchemaIncompatible, CommitConflict
 */
export const removeSources = async (
  { db, store, scratch }: Workbench,
  contract: Contract,
  removal: SilverRemoval,
  options?: TableOptions,
): Promise<RemovedSources> => {
  const { dataset } = contract;
  const committedSources = sourceTree(store, dataset);
  const context: CommitContext = {
    ...{ db, store, scratch: path.join(scratch, 'silver'), contract, committedSources },
    intents: new Intents(store, dataset),
  };
  const ids = removal.sources.map(({ sourceId }) => sourceId);
  const entriesIn = (base: Snapshot | undefined) => committedSources.getMany(sourcesRoot(base), ids);
  const change = {
    look: async (base: Snapshot | undefined): Promise<Look<'remove', undefined>> =>
      outstanding(removal, await entriesIn(base)).length > 0 ? { todo: 'remove' } : { outcome: undefined },
    make: async (base: Snapshot | undefined): Promise<Made<undefined>> => {
      const committed = await entriesIn(base);
      const sources = outstanding(removal, committed);
      const columns = silverSchema(contract, base);
      const rows = await countRows(
        context,
        base,
        sources.map(({ sourceId }) => sourceId),
      );
      const remove = new Map(
        sources.map((source) => [
          source.sourceId,
          tombstone(removal, source, committed.get(source.sourceId), rows.get(source.sourceId) ?? 0),
        ]),
      );
      const input = { contract, load: [], confirm: [], remove, committed };
      const { draft } = await carryOutFiles(context, base, columns, input, removal.id);
      return { draft, outcome: undefined };
    },
  };
  const { snapshot, version } = await new Table(store, dataset, options).commit(change);
  const now = await entriesIn(snapshot);
  const removed = [...now].filter(([, entry]) => entry.removal?.id === removal.id);
  return { removed: new Map(removed), table: version };
};

/** Sources whose entries this removal has still to replace. */
const outstanding = (
  { id, at, sources }: SilverRemoval,
  committed: ReadonlyMap<string, CommittedSource>,
): SourceToRemove[] =>
  sources.filter(({ sourceId, sequencer, version }) => {
    const entry = committed.get(sourceId);
    if (entry === undefined) return true;
    if (entry.removal?.id === id || isLater(entry.removal?.at, at) || isLater(entry.replayedAt, at))
      return false;
    return wasThere({ at, sequencer, version }, entry);
  });

const isLater = (time: string | undefined, at: string): boolean =>
  time !== undefined && Date.parse(time) > Date.parse(at);

const tombstone = (
  { id, at }: SilverRemoval,
  { key, sequencer = '', version }: SourceToRemove,
  before: CommittedSource | undefined,
  rows: number,
): CommittedSource => {
  const sequencers = [sequencer, before?.sequencer ?? '', before?.removal?.sequencer ?? ''];
  const newest = sequencers.toSorted(compareSequencers).at(-1) ?? '';
  const removal: SourceRemoval = {
    ...{ id, at, sequencer: newest, rows },
    ...(version !== undefined && { version }),
  };
  return {
    runId: before?.runId ?? '',
    key,
    sequencer: newest,
    uploadedAt: before?.uploadedAt ?? at,
    content: '',
    partitions: [],
    removedAt: at,
    removal,
  };
};

/** The rows of each source that the newest snapshot has, by source id; see `SourceRemoval`. */
export const countSources = async (
  workbench: Workbench,
  { dataset }: Pick<Contract, 'dataset'>,
  sourceIds: readonly string[],
): Promise<Map<string, number>> =>
  await countRows(workbench, await new Table(workbench.store, dataset).current(), sourceIds);

/** The rows of each source, hidden ones included. Only files of several sources are read. */
const countRows = async (
  context: Workbench,
  base: Snapshot | undefined,
  ids: readonly string[],
): Promise<Map<string, number>> => {
  const rows = new Map<string, number>();
  const field = base?.schema.fields.find(({ name }) => name === '_source_id');
  if (base === undefined || field === undefined || ids.length === 0) return rows;
  const found = await filesOfSources(context, await base.files(), ids, base.schema);
  const add = (id: string, count: number): unknown => rows.set(id, (rows.get(id) ?? 0) + count);
  const several = [...found.whole, ...found.mixed].filter((file) => {
    const { lower, upper } = file.columns[field.id] ?? {};
    if (lower === undefined || lower !== upper) return true;
    add(lower, file.rows);
    return false;
  });
  if (several.length === 0) return rows;
  const paths = await localPaths(
    context,
    several.map(({ key }) => key),
  );
  const counted = await context.db.all<{ id: string; rows: number }>(
    `SELECT _source_id AS id, count(*) AS rows FROM (${readFiles([...paths.values()], [field])})
     WHERE _source_id IN (${ids.map(literal).join(', ')}) GROUP BY ALL`,
  );
  for (const each of counted) add(each.id, each.rows);
  return rows;
};
