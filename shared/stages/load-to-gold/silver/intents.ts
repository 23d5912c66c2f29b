import { inParallel } from '../../../base/in-parallel.ts';
import { DAY_MS } from '../../../base/time.ts';
import { StorageUnavailable } from '../../../errors.ts';
import { lakePaths } from '../../../lake/paths.ts';
import type { ObjectStore } from '../../../lake/storage/object-store.ts';
import { type Intent, intentFromJson, intentToJson } from './intent.ts';

const MAX_WAIT_MS = DAY_MS;

/** Most intents that one commit takes along; the next commit takes the others. */
const MAX_TAKEN_ALONG = 100;

/**
 * The intents that wait for their turn, each an object. The run that commits next takes them along, so that N writers
 * at once need a few commits and not N, and the others find themselves committed. A run that dies after it has written
 * its intent is committed all the same, which is what its redrive would do; so is one that leaves, and is tried again.
 */
export class Intents {
  readonly #store: ObjectStore;
  readonly #dataset: string;
  /** Those of the own run that may lie in the storage, by run id. */
  readonly #expected = new Map<string, Intent>();

  constructor(store: ObjectStore, dataset: string) {
    this.#store = store;
    this.#dataset = dataset;
  }

  async write(intent: Intent): Promise<void> {
    this.expect(intent);
    await this.#store.write(this.#key(intent.run.run_id), intentToJson(intent));
  }

  /** Removes an intent. One that storage does not remove now costs the next commit a look, and nothing else. */
  async remove({ run }: Intent): Promise<void> {
    try {
      await this.#store.remove(this.#key(run.run_id));
    } catch (error) {
      if (!(error instanceof StorageUnavailable)) throw error;
    }
  }

  /** Takes note of an intent that may have been written, by this attempt of its run or by one before. */
  expect(intent: Intent): void {
    this.#expected.set(intent.run.run_id, intent);
  }

  /** Removes the intents that were written or expected. */
  async removeExpected(): Promise<void> {
    for (const intent of this.#expected.values()) await this.remove(intent);
  }

  /**
   * The waiting intents of other runs. Removes those that are a day old: no run waits as long, and maintenance may have
   * removed the files that they name. One request, and one more for each. Expects the own one where an earlier attempt left it.
   */
  async waiting(own: Intent, now = Date.now()): Promise<Intent[]> {
    const keys: string[] = [];
    for await (const { key, lastModified } of this.#store.list(lakePaths.intents(this.#dataset, ''))) {
      if (key === this.#key(own.run.run_id)) {
        this.expect(own);
        continue;
      }
      if (now - lastModified.getTime() > MAX_WAIT_MS) await this.#store.remove(key);
      else keys.push(key);
      if (keys.length === MAX_TAKEN_ALONG) break;
    }
    const found = await inParallel(keys, async (key) => {
      const body = await this.#store.read(key);
      // Removed since it was listed: it is committed.
      return body === undefined ? undefined : intentFromJson(body);
    });
    return found.filter((intent) => intent !== undefined);
  }

  #key(runId: string): string {
    return lakePaths.intents(this.#dataset, `${runId}.json`);
  }
}
