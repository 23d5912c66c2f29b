import { compareSequencers, type RunIdentity, unjudgedRunId } from './run-identity.ts';

/** The age of one version of a key, by which versions are ordered. */
export interface VersionAge {
  /** S3's; for an event that was put together from a listing of versions, one of `sequencersOf`. */
  sequencer: string;
  /** ISO 8601. */
  uploadedAt: string;
}

/** Whether S3, or a folder, gave the sequencer. Others begin with a time. */
export const isSequencer = (text: string): boolean => /^[0-9a-f]+$/i.test(text);

/** S3 tells the time of an event, and of a version, in whole seconds. */
const secondOf = ({ uploadedAt }: VersionAge): number => Math.floor(Date.parse(uploadedAt) / 1_000);

/**
 * Compares the ages of two versions of one key: negative when `a` is the earlier. By their sequencers; where one of them
 * has none, by the second of the upload. Within a second the version without a sequencer is the earlier: had it been the
 * later, the other's sequencer would have given it one (`sequencersOf`).
 */
export const compareAges = (a: VersionAge, b: VersionAge): number => {
  const [real, otherReal] = [isSequencer(a.sequencer), isSequencer(b.sequencer)];
  if (real && otherReal) return compareSequencers(a.sequencer, b.sequencer);
  const apart = secondOf(a) - secondOf(b);
  if (apart !== 0 || real !== otherReal) return apart || Number(real) - Number(otherReal);
  return a.sequencer < b.sequencer ? -1 : a.sequencer > b.sequencer ? 1 : 0;
};

/** SQL that orders versions of different keys: the later upload last. The columns are `uploaded_at` and `sequencer`. */
export const UPLOAD_ORDER = `uploaded_at, regexp_full_match(sequencer, '[0-9A-Fa-f]+'), sequencer`;

export const ageOf = (run: RunIdentity): VersionAge => ({
  sequencer: run.sequencer,
  uploadedAt: run.uploaded_at,
});

/**
 * Compares what is committed of a source with a run of the same source. Where a replay could not learn the sequencer of its
 * version, because the record of an earlier release does not hold it, the run that is committed is of the same age.
 */
export const compareWithCommitted = (committed: VersionAge & { runId: string }, run: RunIdentity): number => {
  const isSame = committed.runId === run.run_id || committed.runId === unjudgedRunId(run);
  return isSame && !isSequencer(run.sequencer) ? 0 : compareAges(committed, ageOf(run));
};

/** A version as a listing of its key shows it. */
interface Listed {
  lastModified: Date;
  /** Its sequencer, where a run record or its id tells it. */
  sequencer?: string | undefined;
}

/**
 * Sequencers for all versions of a key, whose order is that of the listing. A version without one gets that of the last
 * one before it that has one, lengthened: S3 pads with zeros, so it sorts behind that version and before every later
 * one. Where no earlier version has one, the time of the upload stands in, with the position among the versions of that time.
 *
 * @param versions all of one key, the oldest first
 */
export const sequencersOf = (versions: readonly Listed[]): string[] => {
  let before: string | undefined;
  let since = 0;
  return versions.map(({ lastModified, sequencer }) => {
    since += 1;
    if (sequencer !== undefined) {
      if (isSequencer(sequencer)) [before, since] = [sequencer, 0];
      return sequencer;
    }
    if (before !== undefined) return `${before}${since.toString(16).padStart(8, '0')}`;
    return `${lastModified.toISOString()}-${String(since).padStart(8, '0')}`;
  });
};
