import { createHash } from 'node:crypto';
import { z } from 'zod';
import { lakePaths } from '../lake/paths.ts';
import type { ObjectCreated } from './event.ts';

/** The file version that a run processes, and the contract that it is judged by. Validate derives it; later states copy it. */
export const RunIdentity = z.object({
  /**
   * Hash of bucket, key, version and the contract's fingerprint: the same event twice is the same run, unless the contract
   * changed in between. Runs of earlier releases, and files whose dataset has no contract, have no fingerprint in it.
   */
  run_id: z.string(),
  /** Hash of bucket and key: a re-upload replaces the rows of this source. */
  source_id: z.string(),
  /** First folder of the key; `_unknown` if the key has none. */
  dataset: z.string(),
  bucket: z.string(),
  key: z.string(),
  version_id: z.string().optional(),
  /** Orders versions of this key. */
  sequencer: z.string(),
  /** ISO 8601; orders files of different keys. */
  uploaded_at: z.string(),
  /** `Contract.fingerprint` of the contract that the file is judged by. Absent as in `run_id`. */
  contract_fingerprint: z.string().optional(),
  /** ISO 8601: when `duckstep replay` asked for this execution. It does not change the file's age. */
  replayed_at: z.string().optional(),
});
export type RunIdentity = z.infer<typeof RunIdentity>;

/** 96 bits: a billion runs collide with a chance below 1e-11. */
const HASH_LENGTH = 24;

const hash = (...parts: string[]): string =>
  createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, HASH_LENGTH);

/** The id of a key in a raw bucket. */
export const sourceIdOf = (bucket: string, key: string): string => hash(bucket, key);

export const identify = (event: ObjectCreated, contractFingerprint?: string): RunIdentity => {
  const { bucket, object } = event.detail;
  const version = object['version-id'];
  const instance = version ?? object.etag ?? object.sequencer ?? event.time;
  return {
    run_id: hash(
      bucket.name,
      object.key,
      instance,
      ...(contractFingerprint === undefined ? [] : [contractFingerprint]),
    ),
    source_id: sourceIdOf(bucket.name, object.key),
    dataset: lakePaths.datasetOf(object.key) ?? '_unknown',
    bucket: bucket.name,
    key: object.key,
    ...(version !== undefined && { version_id: version }),
    sequencer: object.sequencer ?? event.time,
    uploaded_at: new Date(event.time).toISOString(),
    ...(contractFingerprint !== undefined && { contract_fingerprint: contractFingerprint }),
    ...(event.replay !== undefined && { replayed_at: event.replay.requested_at }),
  };
};

/**
 * Compares two sequencers of one key: negative when `a` is the earlier. Source: Amazon S3 user guide, "Event
 * message structure": the shorter one is right-padded with zeros, then both are compared as text.
 */
export const compareSequencers = (a: string, b: string): number => {
  const length = Math.max(a.length, b.length);
  const [left, right] = [a.padEnd(length, '0'), b.padEnd(length, '0')];
  return left < right ? -1 : left > right ? 1 : 0;
};
