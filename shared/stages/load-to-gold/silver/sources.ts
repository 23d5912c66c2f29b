import { z } from 'zod';
import { IndexTree } from '../../../lake/index-tree/index-tree.ts';
import { lakePaths } from '../../../lake/paths.ts';
import type { ObjectStore } from '../../../lake/storage/object-store.ts';
import { SUMMARY } from '../../../lake/table/properties.ts';
import type { Snapshot } from '../../../lake/table/read/snapshot.ts';
import type { SupersededRows } from '../../../run/build-run-record.ts';

const supersededRows = z.object({ superseding: z.number(), superseded: z.number() });

const removal = z.object({
  id: z.string(),
  at: z.string(),
  sequencer: z.string(),
  version: z.string().exactOptional(),
  rows: z.number(),
});

/** A removal of a source's rows. Versions up to it stay out, unless they are replayed later; see `isRemoved`. */
export type SourceRemoval = z.infer<typeof removal>;

const entry = z.object({
  runId: z.string(),
  key: z.string().exactOptional(),
  version: z.string().exactOptional(),
  sequencer: z.string(),
  uploadedAt: z.string(),
  content: z.string(),
  contractFingerprint: z.string().exactOptional(),
  partitions: z.array(z.record(z.string(), z.string().nullable())).exactOptional(),
  superseding: z.number().exactOptional(),
  superseded: z.number().exactOptional(),
  confirmed: supersededRows.exactOptional(),
  replayedAt: z.string().exactOptional(),
  removedAt: z.string().exactOptional(),
  removal: removal.exactOptional(),
});

/** The entry of one source in silver's index. An event with a smaller sequencer is out of date. */
export interface CommittedSource {
  runId: string;
  /** Its key in raw. Earlier releases did not write it. */
  key?: string;
  /** The object's version in raw, as `key`. */
  version?: string;
  sequencer: string;
  uploadedAt: string;
  /** Equal for equal rows; see `StagedSilver`. */
  content: string;
  /** Of the contract under which this version was loaded or confirmed. Runs of earlier releases have none. */
  contractFingerprint?: string;
  /** The partitions that its rows are in; absent when there are very many. */
  partitions?: Record<string, string | null>[];
  /** `SupersededRows` of the commit that loaded the rows; absent where both counts are 0. */
  superseding?: number;
  superseded?: number;
  /** `SupersededRows` of the commit that confirmed them last. */
  confirmed?: SupersededRows;
  /** ISO 8601: when the replay was asked for that brought the rows. */
  replayedAt?: string;
  /** ISO 8601. The source was removed and has no rows: `content` is empty. */
  removedAt?: string;
  /** The last removal. It stays when a later version or a replay brings rows. */
  removal?: SourceRemoval;
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
