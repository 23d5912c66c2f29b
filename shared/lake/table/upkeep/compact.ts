import { isDeepStrictEqual } from 'node:util';
import { ConservationBroken } from '../../../errors.ts';
import { currentSchema, defaultSpec, kind } from '../../iceberg/metadata.ts';
import type { PartitionSpec } from '../../iceberg/types.ts';
import { lakePaths } from '../../paths.ts';
import type { Look } from '../commit/change.ts';
import type { MetadataVersion, Table } from '../commit/table.ts';
import type { DataFile } from '../data-file.ts';
import type { Draft } from '../draft.ts';
import type { Partition } from '../partition-names.ts';
import { SUMMARY } from '../properties.ts';
import type { Snapshot } from '../read/snapshot.ts';
import type { Workbench } from '../workbench.ts';
import { type Rewritten, rewriteFiles } from '../write/rewrite.ts';
import { bytesOf, type CompactionPolicy, planCompaction } from './compaction.ts';

export interface CompactOptions {
  /** The run, or the maintenance, that compacts. First part of the new files' names. */
  runId: string;
  /** Columns that identify a row; needed if files have deleted rows. */
  identity: readonly string[];
  policy: CompactionPolicy;
  /** Only these partitions. Default: all. */
  partitions?: readonly Partition[];
  /**
   * False: merge while this writer holds the lock, and skip if another one does. True: merge first, however long it
   * takes, and then wait for the lock to commit the groups that no other commit has changed meanwhile.
   */
  patient?: boolean;
}

export interface Compacted {
  /** The table with the merged files. */
  version: MetadataVersion | undefined;
  /** Files that were merged. */
  before: number;
  /** Files that they were merged into. */
  after: number;
  /** Bytes of the files that were merged. */
  bytes: number;
}

/** A group of files, and the files that it was merged into. */
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

/** Summary properties that describe the table and not one commit: each snapshot must carry them over from the last. */
const CARRIED_OVER = [SUMMARY.sources, SUMMARY.silver, SUMMARY.fingerprint];

/**
 * Merges small files by the policy, in a commit of its own that changes no row. Undefined if there is nothing to merge, or
 * another writer was at work and `patient` is false; then a later call merges.
 *
 * @throws ConservationBroken when a merged file loses rows, or deletes other rows than the files that it replaces
 * @throws CommitConflict when other writers won every race
 */
export const compactTable = async (
  workbench: Workbench,
  table: Table,
  options: CompactOptions,
): Promise<Compacted | undefined> => {
  const { policy, partitions, patient = false } = options;
  const ready = patient ? await merge(workbench, await table.current(), options) : undefined;
  const { committed, version, outcome } = await table.commit(
    {
      look: async (base): Promise<Look<Due, Merged[]>> => {
        if (base === undefined) return { outcome: [] };
        const files = await base.files(partitions);
        const merged = ready && stillValid(ready, base, files);
        const groups = merged ?? planOf(base, files, policy);
        return groups.length === 0 ? { outcome: [] } : { todo: { base, merged } };
      },
      make: async (_, { base, merged: before }) => {
        const merged = before ?? (await merge(workbench, base, options));
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

/** Ids of the specs that partition as the default one does, whatever the names of their fields. */
const currentSpecs = ({ metadata }: Snapshot): Set<number> => {
  const kinds = ({ fields }: PartitionSpec): string => fields.map((field) => kind(field)).join(', ');
  const current = kinds(defaultSpec(metadata));
  const alike = metadata['partition-specs'].filter((spec) => kinds(spec) === current);
  return new Set(alike.map((spec) => spec['spec-id']));
};

/**
 * The groups of files to merge. Files of an earlier partition spec stay, since their rows may belong to many current
 * partitions.
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

const merge = async (
  workbench: Workbench,
  base: Snapshot | undefined,
  options: CompactOptions,
): Promise<Merged[]> => {
  if (base === undefined) return [];
  const { runId, identity, policy, partitions } = options;
  const merged: Merged[] = [];
  for (const group of planOf(base, await base.files(partitions), policy)) {
    const files = await rewriteFiles(workbench, group, {
      schema: currentSchema(base.metadata),
      retired: Object.values(base.columnIds.retired),
      spec: defaultSpec(base.metadata),
      prefix: runId,
      dataKey: (file) => lakePaths.data(base.table, file),
      deletesKey: (file) => lakePaths.deletes(base.table, file),
      uriOf: (key) => base.uriOf(key),
      identity,
    });
    checkConservation(base, group, files);
    merged.push({ group, files });
  }
  return merged;
};

/** Checks that the merged files have all rows, in their partition, and the same number of deleted rows. */
const checkConservation = (base: Snapshot, group: readonly DataFile[], files: readonly Rewritten[]): void => {
  const partition = JSON.stringify(group[0]?.partition);
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
  const rows = [sum(group.map((file) => file.rows)), sum(files.map(({ file }) => file.rows))];
  const deleted = [
    sum(group.map(({ deletes }) => deletes?.rows ?? 0)),
    sum(files.map(({ deletes }) => deletes?.rows ?? 0)),
  ];
  const strays = files.filter(({ file }) => JSON.stringify(file.partition) !== partition);
  if (rows[0] !== rows[1] || deleted[0] !== deleted[1] || strays.length > 0)
    throw new ConservationBroken(
      `Merging ${group.length} files of ${base.table} made ${rows[1]} rows of ${rows[0]} and ${deleted[1]} deleted rows of ${deleted[0]}, and put ${strays.length} files into other partitions. The table was not changed.`,
    );
};

/**
 * The merged groups that are still valid: no input file was replaced or got other deletes since, and the partition spec and
 * the names of its fields are unchanged. Otherwise the merged files would be committed to other partitions.
 */
const stillValid = (merged: readonly Merged[], base: Snapshot, files: readonly DataFile[]): Merged[] => {
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
      CARRIED_OVER.flatMap((name) => (properties[name] === undefined ? [] : [[name, properties[name]]])),
    ),
  };
};
