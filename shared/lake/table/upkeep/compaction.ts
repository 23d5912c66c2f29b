import type { DataFile } from '../data-file.ts';

export interface CompactionPolicy {
  /**
   * Sizes in bytes, rising, each about `minFiles` times the one before. A tier has the files that are smaller than its size
   * and not smaller than the previous tier's. Files of the last size or more are never merged.
   */
  tiers: readonly number[];
  /** A partition's tier is merged if it has this many files. */
  minFiles: number;
  /** Maximum of files and bytes that become one file. */
  group: { files: number; bytes: number };
  /** Maximum of files and bytes that one commit merges. */
  commit: { files: number; bytes: number };
}

const KB = 1024;
const MB = 1024 * KB;

/**
 * For runs, which merge few files so that they do not end noticeably later. A run compacts at every eighth commit, and
 * merges up to eight times the size of the largest small file, which is enough to keep up.
 */
export const INLINE: Readonly<CompactionPolicy> = {
  tiers: [128 * KB, MB, 8 * MB],
  minFiles: 8,
  group: { files: 32, bytes: 64 * MB },
  // Room for the largest group and those of all lower tiers. With less, the lower tiers, which are cheaper and come first,
  // would keep the largest group waiting for ever.
  commit: { files: 128, bytes: 128 * MB },
};

/** For maintenance, which has more time. */
export const THOROUGH: Readonly<CompactionPolicy> = {
  tiers: [128 * KB, MB, 8 * MB, 64 * MB, 128 * MB],
  minFiles: 4,
  group: { files: 1_000, bytes: 256 * MB },
  commit: { files: 4_000, bytes: 1024 * MB },
};

/**
 * Plans which files to merge: groups of files of one partition, each of which becomes one file. Groups that save the most
 * files per byte come first.
 *
 * A file is merged only with files of about its size. Merging `minFiles` of them gives a file of the next tier, so a byte is
 * rewritten once per tier, and not once for every later file. The lowest tier has no lower limit: a merged file may stay in
 * it, and rewriting it costs less than the tier's size each time. A partition keeps fewer than `minFiles` files per tier, in
 * addition to those that are large enough.
 *
 * @param files of one partition spec
 */
export const planCompaction = (files: readonly DataFile[], policy: CompactionPolicy): DataFile[][] => {
  const groups = [...Map.groupBy(files, ({ partition }) => JSON.stringify(partition)).values()]
    .flatMap((partition) => policy.tiers.map((_, tier) => filesOfTier(partition, tier, policy)))
    .flatMap((tier) => groupsOf(tier, policy));
  const plan: DataFile[][] = [];
  const left = { ...policy.commit };
  for (const group of groups.toSorted((a, b) => cost(a) - cost(b))) {
    if (group.length > left.files || bytesOf(group) > left.bytes) continue;
    left.files -= group.length;
    left.bytes -= bytesOf(group);
    plan.push(group);
  }
  return plan;
};

export const bytesOf = (files: readonly Pick<DataFile, 'bytes'>[]): number =>
  files.reduce((sum, { bytes }) => sum + bytes, 0);

const filesOfTier = (files: readonly DataFile[], tier: number, { tiers }: CompactionPolicy): DataFile[] =>
  files.filter(({ bytes }) => bytes < (tiers[tier] ?? 0) && bytes >= (tiers[tier - 1] ?? 0));

/** Groups files in their order, which is about that of their commits, so that rows that arrived together stay together. */
const groupsOf = (files: readonly DataFile[], { minFiles, group: limit }: CompactionPolicy): DataFile[][] => {
  const groups: DataFile[][] = [];
  for (let rest = files; rest.length >= minFiles; ) {
    let [length, bytes] = [0, 0];
    for (const file of rest.slice(0, limit.files)) {
      if (bytes + file.bytes > limit.bytes) break;
      length += 1;
      bytes += file.bytes;
    }
    if (length > 1) groups.push(rest.slice(0, length));
    rest = rest.slice(Math.max(1, length));
  }
  return groups;
};

/** Bytes to rewrite for each file that is saved. */
const cost = (group: readonly DataFile[]): number => bytesOf(group) / (group.length - 1);
