import type { Usage } from './payload.ts';
import { type Consumption, NOTHING } from './prices.ts';

/** Size of `/tmp` that Lambda does not charge for, in MB. */
const FREE_STORAGE_MB = 512;

/** Largest size of `/tmp`, in MB. It is assumed where a payload does not give the size. */
export const MAX_STORAGE_MB = 10_240;

/**
 * Sums the usage of states by the items that AWS charges for, without state transitions.
 *
 * Payloads of older releases lack fields; the most expensive value is assumed for each.
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

/** The route of a run through the state machine, up to its end. */
export interface Path {
  /** Number of Task states. */
  tasks: number;
  /** Whether the run reached the quality gate. */
  judged: boolean;
  /** Whether the file was loaded; the state machine then checks for rejected rows. */
  loaded: boolean;
}

/**
 * State transitions of a route: into each Task, into the Choices after QualityScore and LoadToGold, into Succeed, and the
 * end. Retries, and rounds under an earlier contract, are not counted, because states do not know about them.
 */
export const transitionsOn = ({ tasks, judged, loaded }: Path): number =>
  tasks + (judged ? 1 : 0) + (loaded ? 1 : 0) + 2;
