import path from 'node:path';
import { inParallel } from '../../../base/in-parallel.ts';
import { DAY_MS } from '../../../base/time.ts';
import type { Contract } from '../../../contract/model.ts';
import type { Db } from '../../../engine/with-duckdb.ts';
import { ObjectMissing, StorageUnavailable, TransientError } from '../../../errors.ts';
import type { IndexTree } from '../../../lake/index-tree/index-tree.ts';
import type { Lake } from '../../../lake/paths.ts';
import type { ObjectStore } from '../../../lake/storage/object-store.ts';
import { type MetadataVersion, Table, type TableOptions } from '../../../lake/table/commit/table.ts';
import type { Draft } from '../../../lake/table/draft.ts';
import type { Snapshot } from '../../../lake/table/read/snapshot.ts';
import { compareSequencers, type RunIdentity } from '../../../run/run-identity.ts';
import { type StagedSilver, silverSchema, stagedLayout } from '../../transform/silver-table.ts';
import { type Intent, Intents } from './intents.ts';
import { replaceSources } from './replace-sources.ts';
import { isLaidOut, restaged } from './restage.ts';
import { type CommittedSource, sourcesRoot, sourceTree } from './sources.ts';

export interface SilverCommit {
  /**
   * `superseded`: a newer version of the source is committed already, so this one changed nothing. `unchanged`:
   * the version before brought the same rows; they stay as they are and as old as they are.
   */
  status: 'loaded' | 'unchanged' | 'superseded';
  version: number;
  /** The table as it is now. */
  table: MetadataVersion | undefined;
}

export interface CommitContext {
  db: Db;
  contract: Contract;
  store: ObjectStore;
  scratch: string;
  sources: IndexTree<CommittedSource>;
}

/**
 * Makes a run's files the ones that silver holds of their source, in place of those of the version before. The
 * same rows of a run are committed at most once, and an older version never replaces a newer one. A run that is
 * started anew under a mended contract, and brings other rows, replaces its own: what it refuses now goes to
 * quarantine in place of what it refused before, so that each row is in one of the two.
 *
 * Of many runs at once one commits for all who wait (`intents.ts`).
 *
 * @param staged what Transform wrote
 * @throws SchemaIncompatible
 * @throws CommitConflict when other writers won every race
 */
export const commitSilver = async (
  db: Db,
  contract: Contract,
  run: RunIdentity,
  staged: StagedSilver,
  { lake, scratch, table }: { lake: Pick<Lake, 'silver'>; scratch: string; table?: TableOptions },
): Promise<SilverCommit> => {
  const store = lake.silver;
  const sources = sourceTree(store, contract.dataset);
  const context = { db, contract, store, scratch: path.join(scratch, 'silver'), sources };
  const own: Intent = { run, staged, fingerprint: contract.fingerprint };
  const intents = new Intents(store, contract.dataset);
  let waits = false;
  let status: SilverCommit['status'] = 'loaded';
  try {
    const { snapshot, version } = await new Table(store, contract.dataset, table).commit(
      async (base) => {
        const standing = standingOf(await sources.get(sourcesRoot(base), run.source_id), own);
        status = STATUS[standing];
        if (standing !== 'to load' && standing !== 'to confirm') return undefined;
        return async () => {
          const others = await intents.others(own);
          const { draft, newest } = await draftOf(context, base, own, intents, others).catch(
            async (error: unknown) => {
              // What another run brings must not keep this one from its commit. Where it is not the others' fault
              // the same error comes again.
              if (others.length === 0 || error instanceof TransientError) throw error;
              return await draftOf(context, base, own, intents, []);
            },
          );
          if (!newest) status = 'superseded';
          return draft;
        };
      },
      {
        whenBusy: async () => {
          // Who takes it along looks no closer.
          await stillThere(context, own);
          waits = true;
          await intents.write(own);
        },
      },
    );
    return { status, version: snapshot?.version ?? 0, table: version };
  } finally {
    if (waits) await removed(intents, own);
  }
};

/** How a run's rows stand to what is committed of their source. */
type Standing = 'to load' | 'to confirm' | 'loaded' | 'unchanged' | 'superseded';

const STATUS: Record<Standing, SilverCommit['status']> = {
  'to load': 'loaded',
  loaded: 'loaded',
  'to confirm': 'unchanged',
  unchanged: 'unchanged',
  superseded: 'superseded',
};

const DONE: readonly Standing[] = ['loaded', 'unchanged', 'superseded'];

const standingOf = (committed: CommittedSource | undefined, { run, staged }: Intent): Standing => {
  if (committed === undefined) return 'to load';
  const same = committed.content === staged.content;
  if (committed.runId === run.run_id && same) return 'loaded';
  const age = compareSequencers(committed.sequencer, run.sequencer);
  if (age > 0) return 'superseded';
  if (!same) return 'to load';
  return age === 0 ? 'unchanged' : 'to confirm';
};

/**
 * The next snapshot: what the run brings, and what all those bring who wait and whose files are laid out as it wants.
 * The run's own rows are not among it where a newer version of its source waits.
 */
const draftOf = async (
  context: CommitContext,
  base: Snapshot | undefined,
  own: Intent,
  intents: Intents,
  others: readonly Intent[],
): Promise<{ draft: Draft; newest: boolean }> => {
  const { contract, sources } = context;
  const columns = silverSchema(contract, base);
  const layout = stagedLayout(contract, columns);
  const states = await sources.getMany(
    sourcesRoot(base),
    [own, ...others].map(({ run }) => run.source_id),
  );
  // Its writer has died, or is about to find itself committed.
  for (const intent of others)
    if (DONE.includes(standingOf(states.get(intent.run.source_id), intent))) await removed(intents, intent);
  const loads: Intent[] = [];
  const changes = new Map<string, CommittedSource>();
  const waiting = others.filter(
    ({ fingerprint, staged }) => fingerprint === own.fingerprint && isLaidOut(staged, layout),
  );
  const newest = newestPerSource(own, waiting);
  for (const intent of newest) {
    const before = states.get(intent.run.source_id);
    const standing = standingOf(before, intent);
    if (standing === 'to load') loads.push(intent);
    // The same rows, which have now been seen in this version: an older one that arrives late is out of date.
    if (standing === 'to confirm' && before !== undefined)
      changes.set(intent.run.source_id, { ...before, sequencer: intent.run.sequencer });
  }
  const ready = await Promise.all(
    loads.map(async (intent) => ({
      ...intent,
      staged:
        intent === own ? await restaged(context, columns, await stillThere(context, intent)) : intent.staged,
    })),
  );
  const draft = await replaceSources(context, base, columns, ready, { own: own.run.run_id, states, changes });
  return { draft, newest: newest.includes(own) };
};

/** Files that are younger are there: maintenance lets them lie for longer by far. */
const YOUNG_MS = DAY_MS;

/**
 * The same intent, once it is sure that its files are there: a redrive may come so late that maintenance has removed
 * them, and a table that names them could not be read. One request a file, of old ones only.
 *
 * @throws ObjectMissing
 */
const stillThere = async ({ store, contract }: CommitContext, intent: Intent): Promise<Intent> => {
  const { files, stagedAt } = intent.staged;
  if (stagedAt !== undefined && Date.now() - Date.parse(stagedAt) < YOUNG_MS) return intent;
  const gone = await inParallel(files, async ({ key }) =>
    (await store.head(key)) === undefined ? [key] : [],
  );
  const [first] = gone.flat();
  if (first === undefined) return intent;
  throw new ObjectMissing(
    `silver/${first}, which this run has written for silver.${contract.dataset}, was removed: its redrive came too late. Upload the file again to start over.`,
  );
};

/** Our own first; of a source that waits in several versions, the newest. */
const newestPerSource = (own: Intent, waiting: readonly Intent[]): Intent[] => {
  const newest = new Map([[own.run.source_id, own]]);
  for (const intent of waiting) {
    const known = newest.get(intent.run.source_id);
    if (known === undefined || compareSequencers(known.run.sequencer, intent.run.sequencer) < 0)
      newest.set(intent.run.source_id, intent);
  }
  return [...newest.values()];
};

/** An intent that stays costs the next commit a look, and nothing else. */
const removed = async (intents: Intents, intent: Intent): Promise<void> => {
  try {
    await intents.remove(intent);
  } catch (error) {
    if (!(error instanceof StorageUnavailable)) throw error;
  }
};
