import { z } from 'zod';
import { IndexTree } from '../../../lake/index-tree/index-tree.ts';
import { lakePaths } from '../../../lake/paths.ts';
import type { ObjectStore } from '../../../lake/storage/object-store.ts';
import { SUMMARY } from '../../../lake/table/properties.ts';
import type { Snapshot } from '../../../lake/table/read/snapshot.ts';

const state = z.object({
  runId: z.string(),
  sequencer: z.string(),
  uploadedAt: z.string(),
  content: z.string(),
  partitions: z.array(z.record(z.string(), z.string().nullable())).exactOptional(),
});

/** What is committed of one source. An event with a smaller sequencer is out of date. */
export interface CommittedSource {
  runId: string;
  sequencer: string;
  uploadedAt: string;
  /** Equal for equal rows; see `StagedSilver`. */
  content: string;
  /** Where its rows are; absent where they are in very many partitions. */
  partitions?: Record<string, string | null>[];
}

/** A dataset's sources, by source_id; each snapshot names the root of the tree as it was. */
export const sourceTree = (store: ObjectStore, dataset: string): IndexTree<CommittedSource> =>
  new IndexTree(
    store,
    (node) => lakePaths.sources(dataset, node),
    (value) => state.parse(value),
  );

export const sourcesRoot = (snapshot: Snapshot | undefined): string | undefined =>
  snapshot?.properties[SUMMARY.sources];
