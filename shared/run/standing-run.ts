import type { StoredRunRecord } from './run-record.ts';
import { compareAges, type VersionAge } from './version-age.ts';

/** The columns of a run record that decide which run stands. */
export type JudgedVersion = Pick<
  StoredRunRecord,
  'source_version' | 'source_sequencer' | 'uploaded_at' | 'status' | 'finished_at'
>;

/** Records of earlier releases have no sequencer: their upload stands in for it. */
export const ageOfRecord = ({ source_sequencer, uploaded_at }: JudgedVersion): VersionAge => ({
  sequencer: source_sequencer ?? uploaded_at,
  uploadedAt: uploaded_at,
});

/**
 * The run that stands for a source: of its newest version the last that finished, not counting those that a newer version
 * superseded. `standing-runs.ts` has the same rule in SQL.
 *
 * @param runs all of one source
 */
export const standingRun = <Run extends JudgedVersion>(runs: readonly Run[]): Run | undefined => {
  let standing: Run | undefined;
  for (const run of runs)
    if (run.status !== 'superseded' && (standing === undefined || isAfter(run, standing))) standing = run;
  return standing;
};

const isAfter = (run: JudgedVersion, other: JudgedVersion): boolean => {
  const isSameVersion = run.source_version !== null && run.source_version === other.source_version;
  const age = isSameVersion ? 0 : compareAges(ageOfRecord(run), ageOfRecord(other));
  return age > 0 || (age === 0 && run.finished_at > other.finished_at);
};
