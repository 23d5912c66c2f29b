import path from 'node:path';
import { type MetadataVersion, Table } from '../../../lake/table/commit/table.ts';
import { distinctPartitions, type Partition } from '../../../lake/table/partition-names.ts';
import { touchedIn } from '../../../lake/table/properties.ts';
import type { Snapshot } from '../../../lake/table/read/snapshot.ts';
import { type Compacted, compactTable, planOf } from '../../../lake/table/upkeep/compact.ts';
import { INLINE } from '../../../lake/table/upkeep/compaction.ts';
import type { Workbench } from '../../../lake/table/workbench.ts';
import { ROW_IDENTITY } from '../../transform/silver-table.ts';

/** One commit in this many looks for files to merge. */
const COMMITS_PER_CHECK = 8;

/** Most bytes of manifests that a run reads for it. A table with more is left to maintenance. */
const MAX_BYTES_READ = 8 * 2 ** 20;

/**
 * Merges small files of the partitions that the last commits of a dataset have touched, so that their number stays
 * bounded however many files arrive. The run whose commit made the given version does it, at every eighth version or
 * when it brought many files itself. Other runs make no request for it, and no run waits for another.
 *
 * @param committed the table as the run's commit left it
 * @returns the table with merged files; undefined when nothing was merged
 */
export const compactSilver = async (
  { db, store, scratch }: Workbench,
  committed: MetadataVersion | undefined,
  runId: string,
): Promise<Compacted | undefined> => {
  const snapshot = committed?.snapshot;
  if (snapshot === undefined || snapshot.runId !== runId || !isDue(snapshot)) return undefined;
  const partitions = lastTouched(snapshot);
  if ((await bytesToRead(snapshot, partitions)) > MAX_BYTES_READ) return undefined;
  if (planOf(snapshot, await snapshot.files(partitions), INLINE).length === 0) return undefined;
  const workbench = { db, store, scratch: path.join(scratch, 'compact') };
  return await compactTable(workbench, new Table(store, snapshot.table), {
    runId,
    identity: ROW_IDENTITY,
    policy: INLINE,
    ...(partitions && { partitions }),
  });
};

/** Decided by the metadata, which has been read already. */
const isDue = ({ version, properties, touched }: Snapshot): boolean => {
  if (Number(properties['total-data-files']) < INLINE.minFiles) return false;
  const partitions = touched === 'all' ? Number.POSITIVE_INFINITY : Math.max(1, touched.length);
  const many = Number(properties['added-data-files'] ?? 0) >= INLINE.minFiles * partitions;
  return many || version % COMMITS_PER_CHECK === 0;
};

/** The partitions that the commits since the last check have touched; undefined for all. */
const lastTouched = (snapshot: Snapshot): Partition[] | undefined => {
  const last = snapshot.metadata.snapshots.filter(
    (entry) => entry['sequence-number'] > snapshot.version - COMMITS_PER_CHECK,
  );
  const touched = last.map(({ summary }) => touchedIn(summary));
  const partitions = touched.flatMap((each) => (each === 'all' ? [] : each));
  return touched.includes('all') ? undefined : distinctPartitions(partitions);
};

const bytesToRead = async (
  snapshot: Snapshot,
  partitions: readonly Partition[] | undefined,
): Promise<number> => {
  const manifests = await snapshot.manifestsOf(partitions);
  return manifests.reduce((sum, { file }) => sum + file.length, 0);
};
