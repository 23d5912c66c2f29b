import { inParallel } from '../../../base/in-parallel.ts';
import { lakePaths } from '../../../lake/paths.ts';
import type { ObjectStore } from '../../../lake/storage/object-store.ts';
import type { RunIdentity } from '../../../run/run-identity.ts';
import type { StagedSilver } from '../../transform/silver-table.ts';

/** A run's commit, complete but for the table's next version. */
export interface Intent {
  run: RunIdentity;
  /** Of the contract that the rows were made under. */
  fingerprint: string;
  staged: StagedSilver;
}

const FORMAT = 1;

const LONGEST_WAIT_MS = 24 * 3_600_000;

/** Most intents that one commit takes along; the next takes the others. */
const BATCH = 100;

/**
 * Commits that wait for their turn, each an object. Whoever commits next takes them along, so that N writers at
 * once need a few commits and not N, and the others find themselves committed. A run that dies after it has said
 * what it wants is committed all the same, which is what its redrive would do.
 */
export class Intents {
  readonly #store: ObjectStore;
  readonly #dataset: string;

  constructor(store: ObjectStore, dataset: string) {
    this.#store = store;
    this.#dataset = dataset;
  }

  async write(intent: Intent): Promise<void> {
    await this.#store.write(this.#key(intent.run.run_id), JSON.stringify({ format: FORMAT, ...intent }));
  }

  async remove({ run }: Intent): Promise<void> {
    await this.#store.remove(this.#key(run.run_id));
  }

  /**
   * The waiting ones but our own, and those that wait no longer: nobody has waited for a day, and the files that
   * such an intent names may have been removed since. One request, and one more for each.
   */
  async others(own: Intent, now = Date.now()): Promise<Intent[]> {
    const keys: string[] = [];
    for await (const { key, lastModified } of this.#store.list(lakePaths.intents(this.#dataset, ''))) {
      if (key === this.#key(own.run.run_id)) continue;
      if (now - lastModified.getTime() > LONGEST_WAIT_MS) await this.#store.remove(key);
      else keys.push(key);
      if (keys.length === BATCH) break;
    }
    const read = await inParallel(keys, async (key) => {
      const body = await this.#store.read(key);
      // Removed since it was listed: it is committed.
      return body === undefined ? undefined : readable(body);
    });
    return read.filter((intent) => intent !== undefined);
  }

  #key(runId: string): string {
    return lakePaths.intents(this.#dataset, `${runId}.json`);
  }
}

/** Undefined for what another release left: taking it along is a favour, and its writer commits by itself. */
const readable = (body: Buffer): Intent | undefined => {
  try {
    const intent = JSON.parse(body.toString()) as Intent & { format?: unknown };
    return intent.format === FORMAT ? intent : undefined;
  } catch {
    return undefined;
  }
};
