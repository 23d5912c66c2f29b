import { isDeepStrictEqual } from 'node:util';
import type { Db } from '../../../engine/with-duckdb.ts';
import { ConservationBroken } from '../../../errors.ts';
import { currentSchema, defaultSpec, kind } from '../../iceberg/metadata.ts';
import type { PartitionSpec } from '../../iceberg/types.ts';
import { lakePaths } from '../../paths.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import type { Look } from '../commit/change.ts';
import type { MetadataVersion, Table } from '../commit/table.ts';
import type { DataFile } from '../data-file.ts';
import type { Draft } from '../draft.ts';
import type { Partition } from '../partition-names.ts';
import { SUMMARY } from '../properties.ts';
import type { Snapshot } from '../read/snapshot.ts';
import { type Rewritten, rewriteFiles } from '../write/rewrite.ts';
import { bytesOf, type CompactionPolicy, planCompaction } from './compaction.ts';

export interface CompactOptions {
  store: ObjectStore;
  scratch: string;
  /** Of the run, or of the maintenance, that does it; first part of the new files' names. */
  runId: string;
  /** Columns that tell one row from all others; needed where files hide rows. */
  identity: readonly string[];
  policy: CompactionPolicy;
  /** Only these; all when absent. */
  partitions?: readonly Partition[];
  /**
   * False: merge while nobody else can commit, or not at all. True: merge first, however long it takes, and then
   * wait for a turn to commit what has not been changed meanwhile.
   */
  patient?: boolean;
}

export interface Compacted {
  /** The table with the merged files. */
  version: MetadataVersion | undefined;
  /** How many files became how many. */
  before: number;
  after: number;
  bytes: number;
}

/** A group of files, and what it has become. */
interface Merged {
  group: DataFile[];
  files: Rewritten[];
}

/** Groups that are to become larger files, of a snapshot. */
interface Due {
  base: Snapshot;
  /** The new files, where they were written before the commit began. */
  merged: Merged[] | undefined;
}

/** What snapshots say of the table's state, and not of one commit: a snapshot that does not say it has lost it. */
const STATE = [SUMMARY.sources, SUMMARY.silver, SUMMARY.fingerprint];

/**
 * Merges small files, as the policy wants, in a commit of its own that changes no row. Undefined where nothing is to
 * be merged, or others were at work and it is not to wait: whoever comes next does it.
 *
 * @throws ConservationBroken when a merged file has not all rows of its files, or hides others; CommitConflict
 */
export const compactTable = async (
  db: Db,
  table: Table,
  options: CompactOptions,
): Promise<Compacted | undefined> => {
  const { policy, partitions, patient = false } = options;
  const ready = patient ? await merge(db, await table.current(), options) : undefined;
  const { committed, version, outcome } = await table.commit(
    {
      look: async (base): Promise<Look<Due, Merged[]>> => {
        if (base === undefined) return { outcome: [] };
        const files = await base.files(partitions);
        const merged = ready && intact(ready, base, files);
        const groups = merged ?? planOf(base, files, policy);
        return groups.length === 0 ? { outcome: [] } : { todo: { base, merged } };
      },
      make: async (_, { base, merged: before }) => {
        const merged = before ?? (await merge(db, base, options));
        return { draft: draftOf(base, merged, options), outcome: merged };
      },
    },
    { patient },
  );
  if (!committed || outcome === undefined) return undefined;
  const before = outcome.flatMap(({ group }) => group);
  return {
    version,
    before: before.length,
    after: outcome.flatMap(({ files }) => files).length,
    bytes: bytesOf(before),
  };
};

/** Ids of the specifications that split as the default one does, whatever they call it. */
const currentSpecs = ({ metadata }: Snapshot): Set<number> => {
  const kinds = ({ fields }: PartitionSpec): string => fields.map((field) => kind(field)).join(', ');
  const current = kinds(defaultSpec(metadata));
  const alike = metadata['partition-specs'].filter((spec) => kinds(spec) === current);
  return new Set(alike.map((spec) => spec['spec-id']));
};

/**
 * What is to be merged of some files of a snapshot. Files of an earlier way of splitting stay: their rows may belong
 * to many of today's partitions.
 */
export const planOf = (
  base: Snapshot,
  files: readonly DataFile[],
  policy: CompactionPolicy,
): DataFile[][] => {
  const current = currentSpecs(base);
  return planCompaction(
    files.filter(({ specId }) => current.has(specId)),
    policy,
  );
};

const merge = async (db: Db, base: Snapshot | undefined, options: CompactOptions): Promise<Merged[]> => {
  if (base === undefined) return [];
  const { store, scratch, runId, identity, policy, partitions } = options;
  const merged: Merged[] = [];
  for (const group of planOf(base, await base.files(partitions), policy)) {
    const files = await rewriteFiles(db, group, {
      store,
      scratch,
      schema: currentSchema(base.metadata),
      retired: Object.values(base.columnIds.retired),
      spec: defaultSpec(base.metadata),
      prefix: runId,
      dataKey: (file) => lakePaths.data(base.table, file),
      deletesKey: (file) => lakePaths.deletes(base.table, file),
      uriOf: (key) => base.uriOf(key),
      identity,
    });
    conserve(base, group, files);
    merged.push({ group, files });
  }
  return merged;
};

/** Every row is in the merged files, in their partition, and those that were hidden are hidden. */
const conserve = (base: Snapshot, group: readonly DataFile[], files: readonly Rewritten[]): void => {
  const partition = JSON.stringify(group[0]?.partition);
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
  const rows = [sum(group.map((file) => file.rows)), sum(files.map(({ file }) => file.rows))];
  const hidden = [
    sum(group.map(({ deletes }) => deletes?.rows ?? 0)),
    sum(files.map(({ deletes }) => deletes?.rows ?? 0)),
  ];
  const strays = files.filter(({ file }) => JSON.stringify(file.partition) !== partition);
  if (rows[0] !== rows[1] || hidden[0] !== hidden[1] || strays.length > 0)
    throw new ConservationBroken(
      `Merging ${group.length} files of ${base.table} made ${rows[1]} rows of ${rows[0]}, hides ${hidden[1]} of ${hidden[0]}, and puts ${strays.length} files elsewhere. The table was left as it is.`,
    );
};

/**
 * The groups of which nobody has replaced a file, or hidden other rows, since they were merged; none where the table is
 * split otherwise by now, or calls its partitions otherwise, as the merged files would be entered into others.
 */
const intact = (merged: readonly Merged[], base: Snapshot, files: readonly DataFile[]): Merged[] => {
  const current = currentSpecs(base);
  const now = new Map(files.map((file) => [file.key, file]));
  return merged.filter(({ group }) =>
    group.every((file) => {
      const same = now.get(file.key);
      return (
        current.has(file.specId) &&
        same?.deletes?.key === file.deletes?.key &&
        isDeepStrictEqual(same?.partition, file.partition)
      );
    }),
  );
};

const draftOf = (base: Snapshot, merged: readonly Merged[], { runId }: CompactOptions): Draft => {
  const { metadata, columnIds, properties } = base;
  const files = merged.flatMap((each) => each.files);
  return {
    runId,
    operation: 'replace',
    title: 'compact',
    columns: { schema: currentSchema(metadata), columnIds, lastColumnId: metadata['last-column-id'] },
    partitionedBy: defaultSpec(metadata).fields.map(({ 'field-id': _, ...field }) => field),
    added: files.map(({ file }) => file),
    removed: merged.flatMap(({ group }) => group),
    changedDeletes: files.filter(({ deletes }) => deletes !== undefined),
    touched: [],
    properties: Object.fromEntries(
      STATE.flatMap((name) => (properties[name] === undefined ? [] : [[name, properties[name]]])),
    ),
  };
};
