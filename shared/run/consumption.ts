import type { Usage } from './payload.ts';
import { type Consumption, NOTHING } from './prices.ts';

/** What Lambda gives of `/tmp` without charge, in MB. */
const FREE_STORAGE_MB = 512;

/** The most that a function may have, and what is assumed of one that does not say. */
export const MAX_STORAGE_MB = 10_240;

/**
 * What states used of what AWS charges for, all but the state transitions.
 *
 * An execution that began under an earlier release says less of its first states: what is not said is taken for
 * the dearest that it can be.
 */
export const consumed = (usages: readonly Usage[]): Consumption =>
  usages.reduce<Consumption>(
    (sum, usage) => {
      const seconds = (usage.duration_ms + (usage.init_ms ?? 0)) / 1000;
      const storageMb = Math.max(0, (usage.storage_mb ?? MAX_STORAGE_MB) - FREE_STORAGE_MB);
      return {
        gbSeconds: sum.gbSeconds + seconds * (usage.memory_mb / 1024),
        storageGbSeconds: sum.storageGbSeconds + seconds * (storageMb / 1024),
        architecture: usage.architecture ?? sum.architecture,
        invocations: sum.invocations + 1,
        transitions: 0,
        s3Writes: sum.s3Writes + (usage.requests_write ?? usage.requests),
        s3Reads: sum.s3Reads + (usage.requests_read ?? 0),
        catalogRequests: sum.catalogRequests + (usage.requests_catalog ?? 0),
      };
    },
    { ...NOTHING },
  );

/** The way that a run took, or will have taken at its end. */
export interface Path {
  /** Task states. */
  tasks: number;
  /** Whether the quality gate was asked. */
  judged: boolean;
  /** Whether the file was loaded, after which it is asked for refused rows. */
  loaded: boolean;
}

/**
 * State transitions on the way: into each Task, into the Choices after QualityScore and LoadToGold, into Succeed, and
 * the end. Without retries, of which the states themselves do not know.
 */
export const transitionsOn = ({ tasks, judged, loaded }: Path): number =>
  tasks + (judged ? 1 : 0) + (loaded ? 1 : 0) + 2;
