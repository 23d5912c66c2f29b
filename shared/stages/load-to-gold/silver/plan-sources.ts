import type { RunIdentity } from '../../../run/run-identity.ts';
import { ageOf, compareAges, compareWithCommitted } from '../../../run/version-age.ts';
import { isLaidOut, type StagedLayout } from '../../transform/staged-silver.ts';
import type { Intent } from './intent.ts';
import type { CommittedSource, SourceRemoval } from './sources.ts';
import { wasThere } from './was-there.ts';

/**
 * How an intent compares with its committed source.
 *
 * - `to load`: it brings rows that silver does not have, or has of the same version under another contract.
 * - `to confirm`: a newer version with the same rows. The rows stay and are as old as this version; versions between the
 *   two are out of date.
 * - `loaded`: it is committed already.
 * - `unchanged`: it is confirmed already.
 * - `superseded`: a newer version is committed, or is taken along.
 * - `removed`: the source was removed since this version was uploaded.
 */
export type Standing = 'to load' | 'to confirm' | 'loaded' | 'unchanged' | 'superseded' | 'removed';

/** Whether a commit would change anything for an intent of this standing. */
export const isOutstanding = (standing: Standing): boolean =>
  standing === 'to load' || standing === 'to confirm';

export const standingOf = (committed: CommittedSource | undefined, { run, staged }: Intent): Standing => {
  if (committed === undefined) return 'to load';
  const sameRows = committed.content === staged.content;
  if (committed.runId === run.run_id && sameRows) return 'loaded';
  if (committed.removal !== undefined && isRemoved(committed.removal, run)) return 'removed';
  if (committed.removedAt !== undefined) return 'to load';
  const age = compareWithCommitted(committed, run);
  if (age > 0) return 'superseded';
  // The same version under a changed contract brings other rows, which replace its own.
  if (!sameRows) return 'to load';
  if (age < 0) return 'to confirm';
  return isOfOtherContract(committed, run) ? 'to load' : 'unchanged';
};

/** The rows are the same, but belong to a run that may have ended without a record: the contract changed before it did. */
const isOfOtherContract = (
  { contractFingerprint: before }: CommittedSource,
  { contract_fingerprint: now }: RunIdentity,
): boolean => before !== undefined && now !== undefined && before !== now;

/** Whether a removal of the source keeps a run out: one of a version that was there then, unless it was replayed afterwards. */
export const isRemoved = (
  removal: SourceRemoval,
  run: Pick<RunIdentity, 'sequencer' | 'version_id' | 'uploaded_at' | 'replayed_at'>,
): boolean => {
  const { sequencer, version_id: version, uploaded_at: uploadedAt, replayed_at } = run;
  if (replayed_at !== undefined && Date.parse(replayed_at) > Date.parse(removal.at)) return false;
  return wasThere(removal, { sequencer, version, uploadedAt });
};

export interface SourcesInput {
  own: Intent;
  waiting: readonly Intent[];
  /** The committed sources of all these intents, by source id. */
  committed: ReadonlyMap<string, CommittedSource>;
  /** How the table lays out files after the commit. */
  layout: StagedLayout;
}

/** The first half of the plan of a commit: what becomes of each intent. */
export interface SourcesPlan {
  /** Of the own intent. */
  own: Standing;
  /** Of all intents, by run id. */
  standings: ReadonlyMap<string, Standing>;
  /** Their staged files become all that silver holds of their sources. At most one intent for each source. */
  load: readonly Intent[];
  /** Their committed sources get their sequencers and ages. At most one intent for each source. */
  confirm: readonly Intent[];
  /** Waiting intents that need no commit any more: their runs have died, or are about to find themselves committed. */
  done: readonly Intent[];
  /** Waiting intents that are left to the commits of their own runs. */
  left: readonly Intent[];
}

/**
 * Decides which intents a commit takes along: waiting ones that were made under the same contract and whose files are
 * laid out as the table wants them, and of each source the newest version. The own intent is not among them where a
 * newer version of its source waits.
 */
export const planSources = ({ own, waiting, committed, layout }: SourcesInput): SourcesPlan => {
  const standings = new Map<string, Standing>(
    [own, ...waiting].map((intent) => [
      intent.run.run_id,
      standingOf(committed.get(intent.run.source_id), intent),
    ]),
  );
  const standing = ({ run }: Intent): Standing => standings.get(run.run_id) ?? 'to load';
  const isFit = ({ fingerprint, staged }: Intent): boolean =>
    fingerprint === own.fingerprint && isLaidOut(staged, layout);
  const candidates = [own, ...waiting.filter(isFit)];
  // A version that a removal keeps out must not displace an older one that was replayed.
  const newest = newestOfEachSource(candidates.filter((intent) => isOutstanding(standing(intent))));
  const load = newest.filter((intent) => standing(intent) === 'to load');
  const confirm = newest.filter((intent) => standing(intent) === 'to confirm');
  const done = waiting.filter((intent) => !isOutstanding(standing(intent)));
  const settled = new Set([...load, ...confirm, ...done]);
  for (const intent of candidates)
    if (!settled.has(intent) && isOutstanding(standing(intent)))
      standings.set(intent.run.run_id, 'superseded');
  const left = waiting.filter((intent) => !settled.has(intent));
  return { own: standing(own), standings, load, confirm, done, left };
};

/** In the order in which the sources come. Of equal versions the first. */
const newestOfEachSource = (intents: readonly Intent[]): Intent[] => {
  const newest = new Map<string, Intent>();
  for (const intent of intents) {
    const known = newest.get(intent.run.source_id);
    if (known === undefined || compareAges(ageOf(known.run), ageOf(intent.run)) < 0)
      newest.set(intent.run.source_id, intent);
  }
  return [...newest.values()];
};
