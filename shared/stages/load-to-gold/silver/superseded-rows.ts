import type { SupersededRows } from '../../../run/build-run-record.ts';
import type { Standing } from './plan-sources.ts';
import type { CommittedSource } from './sources.ts';

const NONE: SupersededRows = { superseding: 0, superseded: 0 };

/**
 * The next entries of committed sources with the counts of this commit, so that a run that finds itself committed, by another
 * run or before a crash, reports the same counts as the run that commits.
 *
 * @param confirmed sources that are confirmed: the counts of the run that brought their rows stay beside the new ones
 * @param rows by source, where a count is above 0
 */
export const withSupersededRows = (
  entries: ReadonlyMap<string, CommittedSource>,
  confirmed: ReadonlySet<string>,
  rows: ReadonlyMap<string, SupersededRows>,
): Map<string, CommittedSource> =>
  new Map(
    [...entries].map(([id, entry]) => {
      if (confirmed.has(id)) return [id, { ...entry, confirmed: rows.get(id) ?? NONE }];
      return [id, { ...entry, ...rows.get(id) }];
    }),
  );

/** The counts that a run of this standing reports. */
export const supersededRowsOf = (
  standing: Standing,
  committed: CommittedSource | undefined,
): SupersededRows => {
  if (committed === undefined || standing === 'superseded' || standing === 'removed') return NONE;
  const { superseding = 0, superseded = 0, confirmed } = committed;
  const isConfirmed = standing === 'to confirm' || standing === 'unchanged';
  return (isConfirmed ? confirmed : undefined) ?? { superseding, superseded };
};
