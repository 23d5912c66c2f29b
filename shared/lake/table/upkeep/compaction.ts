import type { DataFile } from '../data-file.ts';

export interface CompactionPolicy {
  /**
   * Sizes in bytes, rising, each about `minFiles` times the one before: a tier holds the files that are smaller than
   * its size and not smaller than that of the tier before. Files of the last size or more are left alone.
   */
  tiers: readonly number[];
  /** A partition's tier with so many files is due. */
  minFiles: number;
  /** Most files and bytes that become one file. */
  group: { files: number; bytes: number };
  /** Most files and bytes that one commit merges. */
  commit: { files: number; bytes: number };
}

const KB = 1024;
const MB = 1024 * KB;

/**
 * What a run does beside its own work: little, so that it ends about as soon as it would have without. A run looks at
 * every eighth commit, and merges up to eight times the largest file that it still calls small: it keeps up.
 */
export const INLINE: Readonly<CompactionPolicy> = {
  tiers: [128 * KB, MB, 8 * MB],
  minFiles: 8,
  group: { files: 32, bytes: 64 * MB },
  // Room for the largest group and for those of all lower tiers: else these, being cheaper, would keep it waiting for ever.
  commit: { files: 128, bytes: 128 * MB },
};

/** What maintenance does, which has time. */
export const THOROUGH: Readonly<CompactionPolicy> = {
  tiers: [128 * KB, MB, 8 * MB, 64 * MB, 128 * MB],
  minFiles: 4,
  group: { files: 1_000, bytes: 256 * MB },
  commit: { files: 4_000, bytes: 1024 * MB },
};

/**
 * Which files are to be merged: groups of one partition, each to become one file, those first that save the most files
 * for the bytes that they cost.
 *
 * A file is merged with files of about its size only. What comes of `minFiles` of them belongs to the next tier, so a
 * byte is written again once a tier, and not once for every file that comes after it. The lowest tier has no lower
 * end: what comes of its files may stay in it, at a cost of less than its size each time. A partition keeps fewer
 * than `minFiles` files a tier, beside those that are large enough.
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

/** In the order of the files, which is about that of their commits: rows that came together stay together. */
const groupsOf = (files: readonly DataFile[], { minFiles, group: most }: CompactionPolicy): DataFile[][] => {
  const groups: DataFile[][] = [];
  for (let rest = files; rest.length >= minFiles; ) {
    let [length, bytes] = [0, 0];
    for (const file of rest.slice(0, most.files)) {
      if (bytes + file.bytes > most.bytes) break;
      length += 1;
      bytes += file.bytes;
    }
    if (length > 1) groups.push(rest.slice(0, length));
    rest = rest.slice(Math.max(1, length));
  }
  return groups;
};

/** Bytes for each file that is saved. */
const cost = (group: readonly DataFile[]): number => bytesOf(group) / (group.length - 1);
