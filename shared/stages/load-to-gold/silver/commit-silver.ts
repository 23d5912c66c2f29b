import path from 'node:path';
import type { Contract } from '../../../contract/model.ts';
import { CommitConflict, TransientError } from '../../../errors.ts';
import type { Look, Made } from '../../../lake/table/commit/change.ts';
import { type MetadataVersion, Table, type TableOptions } from '../../../lake/table/commit/table.ts';
import type { Snapshot } from '../../../lake/table/read/snapshot.ts';
import type { Workbench } from '../../../lake/table/workbench.ts';
import type { SupersededRows } from '../../../run/build-run-record.ts';
import type { RunIdentity } from '../../../run/run-identity.ts';
import type { StagedSilver } from '../../transform/staged-silver.ts';
import { type CommitOutcome, carryOut } from './carry-out.ts';
import type { CommitContext } from './commit-context.ts';
import type { Intent } from './intent.ts';
import { Intents } from './intents.ts';
import { isOutstanding, type Standing, standingOf } from './plan-sources.ts';
import { requireStagedFiles } from './restage.ts';
import { sourcesRoot, sourceTree } from './sources.ts';
import { supersededRowsOf } from './superseded-rows.ts';

export interface SilverCommit {
  /**
   * `superseded`: a newer version of the source is committed already, so this one changed nothing. `unchanged`:
   * the version before brought the same rows; they stay, and are as old as this version. `removed`: the source was removed
   * after this version was uploaded, so this one changed nothing.
   */
  status: 'loaded' | 'unchanged' | 'superseded' | 'removed';
  version: number;
  rows: SupersededRows;
  /** The table as it is now. */
  table: MetadataVersion | undefined;
}

const STATUS: Record<Standing, SilverCommit['status']> = {
  'to load': 'loaded',
  loaded: 'loaded',
  'to confirm': 'unchanged',
  unchanged: 'unchanged',
  superseded: 'superseded',
  removed: 'removed',
};

/**
 * Makes a run's staged files all that silver holds of their source, in place of the version before. The same rows of a
 * run are committed at most once, and an older version never replaces a newer one. A run that is started again under a
 * corrected contract, and brings other rows, replaces its own: the rows that the contract rejects now go to quarantine
 * in place of those that it rejected before, so that each row is in one of the two.
 *
 * Of many runs at once one commits for all that wait (`intents.ts`). The words are explained in `intent.ts`.
 *
 * @throws SchemaIncompatible, ObjectMissing
 * @throws CommitConflict when other writers won every race, or were at work for longer than `options.patienceMs`. The
 *   intent stays: another run may take it along, and the retry of this one finds itself committed.
 */
export const commitSilver = async (
  { db, store, scratch }: Workbench,
  contract: Contract,
  run: RunIdentity,
  staged: StagedSilver,
  options?: TableOptions,
): Promise<SilverCommit> => {
  const committedSources = sourceTree(store, contract.dataset);
  const intents = new Intents(store, contract.dataset);
  const context = { db, store, scratch: path.join(scratch, 'silver'), contract, committedSources, intents };
  const own: Intent = { run, staged, fingerprint: contract.fingerprint };
  const change = {
    look: async (base: Snapshot | undefined): Promise<Look<'commit', CommitOutcome>> => {
      const committed = await committedSources.get(sourcesRoot(base), run.source_id);
      const standing = standingOf(committed, own);
      if (isOutstanding(standing)) return { todo: 'commit' };
      return { outcome: { standing, rows: supersededRowsOf(standing, committed) } };
    },
    make: async (base: Snapshot | undefined) => await carryOutForAll(context, base, own),
  };
  const whenBusy = async (): Promise<void> => {
    // The run that takes the intent along does not check its files.
    await requireStagedFiles(context, own);
    await intents.write(own);
  };
  let leaves = false;
  try {
    const silver = new Table(store, contract.dataset, options);
    const { snapshot, version, committed, outcome } = await silver.commit(change, { whenBusy });
    // An earlier attempt that left may have written it; one that commits sees it.
    if (!committed) intents.expect(own);
    const { standing, rows } = outcome;
    return { status: STATUS[standing], version: snapshot?.version ?? 0, rows, table: version };
  } catch (error) {
    leaves = error instanceof CommitConflict;
    throw error;
  } finally {
    if (!leaves) await intents.removeExpected();
  }
};

/** Takes along the intents that wait. Where that fails, the own intent alone: other runs must not keep it from its commit. */
const carryOutForAll = async (
  context: CommitContext,
  base: Snapshot | undefined,
  own: Intent,
): Promise<Made<CommitOutcome>> => {
  const waiting = await context.intents.waiting(own);
  try {
    return await carryOut(context, base, own, waiting);
  } catch (error) {
    // An error that the others did not cause comes again.
    if (waiting.length === 0 || error instanceof TransientError) throw error;
    return await carryOut(context, base, own, []);
  }
};
