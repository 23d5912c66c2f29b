import { z } from 'zod';
import { IndexTree } from '../../../lake/index-tree/index-tree.ts';
import { lakePaths } from '../../../lake/paths.ts';
import type { ObjectStore } from '../../../lake/storage/object-store.ts';
import { SUMMARY } from '../../../lake/table/properties.ts';
import type { Snapshot } from '../../../lake/table/read/snapshot.ts';
import type { SupersededRows } from '../../../run/build-run-record.ts';

const supersededRows = z.object({ superseding: z.number(), superseded: z.number() });

const entry = z.object({
  runId: z.string(),
  sequencer: z.string(),
  uploadedAt: z.string(),
  content: z.string(),
  partitions: z.array(z.record(z.string(), z.string().nullable())).exactOptional(),
  superseding: z.number().exactOptional(),
  superseded: z.number().exactOptional(),
  confirmed: supersededRows.exactOptional(),
});

/** The entry of one source in silver's index. An event with a smaller sequencer is out of date. */
export interface CommittedSource {
  runId: string;
  sequencer: string;
  uploadedAt: string;
  /** Equal for equal rows; see `StagedSilver`. */
  content: string;
  /** The partitions that its rows are in; absent when there are very many. */
  partitions?: Record<string, string | null>[];
  /** `SupersededRows` of the commit that loaded the rows; absent where both counts are 0. */
  superseding?: number;
  superseded?: number;
  /** `SupersededRows` of the commit that confirmed them last. */
  confirmed?: SupersededRows;
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
