import { z } from 'zod';
import { IndexTree } from '../../../lake/index-tree/index-tree.ts';
import { lakePaths } from '../../../lake/paths.ts';
import type { ObjectStore } from '../../../lake/storage/object-store.ts';
import { SUMMARY } from '../../../lake/table/properties.ts';
import type { Snapshot } from '../../../lake/table/read/snapshot.ts';

const entry = z.object({
  runId: z.string(),
  sequencer: z.string(),
  uploadedAt: z.string(),
  content: z.string(),
  contractFingerprint: z.string().exactOptional(),
  partitions: z.array(z.record(z.string(), z.string().nullable())).exactOptional(),
  removedAt: z.string().exactOptional(),
});

/** The entry of one source in silver's index. An event with a smaller sequencer is out of date. */
export interface CommittedSource {
  runId: string;
  sequencer: string;
  uploadedAt: string;
  /** Equal for equal rows; see `StagedSilver`. */
  content: string;
  /** Of the contract under which this version was loaded or confirmed. Runs of earlier releases have none. */
  contractFingerprint?: string;
  /** The partitions that its rows are in; absent when there are very many. */
  partitions?: Record<string, string | null>[];
  /** ISO 8601: when rows of this version were taken out. */
  removedAt?: string;
}

/** The index of a dataset's committed sources, by source_id. Each snapshot names the root of its own version. */
export const sourceTree = (store: ObjectStore, dataset: string): IndexTree<CommittedSource> =>
  new IndexTree(
    store,
    (node) => lakePaths.sources(dataset, node),
    (value) => entry.parse(value),
  );

export const sourcesRoot = (snapshot: Snapshot | undefined): string | undefined =>
  snapshot?.properties[SUMMARY.sources];
