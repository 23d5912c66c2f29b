import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { CommitConflict, StorageUnavailable } from '../errors.ts';
import { lakePaths } from '../lake.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { type Draft, parseSnapshot, type Snapshot } from './snapshot.ts';

export interface TableOptions {
  /** How often `commit` tries before it throws. Of N writers at once the last may need N attempts. */
  maxAttempts?: number;
  /** Waits so many milliseconds. */
  sleep?: (ms: number) => Promise<unknown>;
  /** In [0, 1). */
  random?: () => number;
}

export interface Commit {
  /** The newest snapshot that the commit saw: its own if it is committed. */
  snapshot: Snapshot | undefined;
  committed: boolean;
  attempts: number;
}

const BACKOFF_MS = { first: 25, most: 2_000 };

/** Full jitter: anything up to a bound that doubles, so that writers who collided once do not meet again. */
const backoff = (attempt: number, random: () => number): number =>
  random() * Math.min(BACKOFF_MS.most, BACKOFF_MS.first * 2 ** attempt);

/**
 * A table: data files, and manifests `v00000001.json`, `v00000002.json` … each of which names the files of
 * one version. Creating the next manifest is the commit, and the only step that readers can see. Versions
 * have no gaps, so the newest is found by going up from any version that exists.
 */
export class Table {
  readonly name: string;
  readonly #store: ObjectStore;
  readonly #maxAttempts: number;
  readonly #sleep: (ms: number) => Promise<unknown>;
  readonly #random: () => number;

  constructor(store: ObjectStore, name: string, options: TableOptions = {}) {
    this.#store = store;
    this.name = name;
    this.#maxAttempts = options.maxAttempts ?? 32;
    this.#sleep = options.sleep ?? setTimeout;
    this.#random = options.random ?? Math.random;
  }

  /** The newest snapshot; undefined before the first commit. */
  async current(): Promise<Snapshot | undefined> {
    const hinted = await this.#hint();
    const found = hinted === undefined ? undefined : await this.#newestFrom(hinted);
    if (found) return found;
    const listed = await this.#newestListed();
    return listed === undefined ? undefined : this.at(listed);
  }

  /** The snapshot of one version; undefined where there is none. Throws `InvalidInput` for a broken manifest. */
  async at(version: number): Promise<Snapshot | undefined> {
    const key = this.#key(version);
    const body = await this.#store.read(key);
    return body && parseSnapshot(body.toString(), `${this.#store.name}/${key}`);
  }

  /**
   * Commits what `change` makes of the newest snapshot; undefined from it means that nothing is to be done.
   * A writer who loses the race for a version asks again with the winner's snapshot, so `change` may run
   * many times and must take everything from the snapshot it is given. Throws `CommitConflict` after the last
   * attempt. After `StorageUnavailable` the commit may have happened: whoever retries finds out from
   * `sources` or `runId`.
   */
  async commit(change: (base: Snapshot | undefined) => Promise<Draft | undefined>): Promise<Commit> {
    for (let attempts = 1; attempts <= this.#maxAttempts; attempts += 1) {
      if (attempts > 1) await this.#sleep(backoff(attempts - 1, this.#random));
      const base = await this.current();
      const draft = await change(base);
      if (!draft) return { snapshot: base, committed: false, attempts };
      const snapshot: Snapshot = {
        ...draft,
        format: 1,
        id: randomUUID(),
        table: this.name,
        version: (base?.version ?? 0) + 1,
        committedAt: new Date().toISOString(),
      };
      if (await this.#create(snapshot)) return { snapshot, committed: true, attempts };
    }
    throw new CommitConflict(
      `${this.#where()}: other writers won all ${this.#maxAttempts} attempts to commit`,
    );
  }

  /** False where another writer has the version. The store's "taken" may also be the echo of our own request. */
  async #create(snapshot: Snapshot): Promise<boolean> {
    const created = await this.#store.writeIfAbsent(this.#key(snapshot.version), JSON.stringify(snapshot));
    if (!created && (await this.at(snapshot.version))?.id !== snapshot.id) return false;
    await this.#writeHint(snapshot.version);
    return true;
  }

  /** Goes up from a version that should exist; undefined where it does not. */
  async #newestFrom(version: number): Promise<Snapshot | undefined> {
    let newest = version;
    while (await this.#store.head(this.#key(newest + 1))) newest += 1;
    return this.at(newest);
  }

  async #newestListed(): Promise<number | undefined> {
    let newest: number | undefined;
    for await (const { key } of this.#store.list(`${lakePaths.manifests(this.name)}v`)) {
      const version = Number(/v(\d+)\.json$/.exec(key)?.[1] ?? 0);
      if (version > (newest ?? 0)) newest = version;
    }
    return newest;
  }

  /** A version near the newest, or nonsense, or nothing: it saves requests and decides nothing. */
  async #hint(): Promise<number | undefined> {
    const text = (await this.#store.read(this.#hintKey()))?.toString() ?? '';
    return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined;
  }

  async #writeHint(version: number): Promise<void> {
    try {
      await this.#store.write(this.#hintKey(), String(version));
    } catch (error) {
      // The commit stands without it.
      if (!(error instanceof StorageUnavailable)) throw error;
    }
  }

  #key(version: number): string {
    return `${lakePaths.manifests(this.name)}v${String(version).padStart(8, '0')}.json`;
  }

  #hintKey(): string {
    return `${lakePaths.manifests(this.name)}hint`;
  }

  #where(): string {
    return `${this.#store.name}/${this.name}`;
  }
}
