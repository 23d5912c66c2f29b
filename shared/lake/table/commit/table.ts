import { setTimeout } from 'node:timers/promises';
import { CommitConflict, StorageUnavailable } from '../../../errors.ts';
import { parseMetadata, snapshotById } from '../../iceberg/metadata.ts';
import type { TableMetadata } from '../../iceberg/types.ts';
import { lakePaths } from '../../paths.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { locationOf } from '../location.ts';
import { Snapshot } from '../read/snapshot.ts';
import type { Change, CommitOptions } from './change.ts';
import { CommitLock } from './locks.ts';
import { type Base, nextVersion, tidied, type Writer } from './next-version.ts';
import { DEFAULT_RETENTION, type Retention } from './retention.ts';

export interface TableOptions {
  /** How often `commit` may lose the race for a version that it has made before it throws. */
  maxAttempts?: number;
  /** How long `commit` waits for others before it throws, in milliseconds. */
  patienceMs?: number;
  /** Waits so many milliseconds. */
  sleep?: (ms: number) => Promise<unknown>;
  /** In [0, 1). */
  random?: () => number;
  /** Milliseconds since 1970. */
  now?: () => number;
  retention?: Retention;
  /** How long another writer may give no sign of life before it is passed by, in milliseconds. */
  leaseMs?: number;
}

export interface Commit<Outcome> {
  /** The newest snapshot that the commit saw: its own if it is committed. */
  snapshot: Snapshot | undefined;
  /** The metadata with it. */
  version: MetadataVersion | undefined;
  committed: boolean;
  /** Of the last `look` or `make`. */
  outcome: Outcome;
  /** How many versions of its own it made. */
  attempts: number;
}

/** A version of the table's metadata, as it lies in the store. */
export interface MetadataVersion extends Base {
  version: number;
}

const POLL_MS = { first: 25, most: 1_000 };

/**
 * A version that was read so long ago, by a laptop that slept in between, may have been removed by maintenance since;
 * then its successor's name is free. Far longer than any step takes, far shorter than maintenance keeps anything.
 */
const STALE_MS = 6 * 3_600_000;

/**
 * An Iceberg table whose catalog is its own folder: metadata files `v1.metadata.json`, `v2.metadata.json` … each
 * the whole truth of one version. Creating the next is the commit, and the only step that readers can see. The
 * names have no gaps from the oldest that is kept, so the newest is found by going up from any that exists.
 */
export class Table {
  readonly name: string;
  readonly #store: ObjectStore;
  readonly #options: Required<TableOptions>;

  constructor(store: ObjectStore, name: string, options: TableOptions = {}) {
    this.#store = store;
    this.name = name;
    this.#options = {
      maxAttempts: 32,
      patienceMs: 5 * 60_000,
      sleep: setTimeout,
      random: Math.random,
      now: Date.now,
      retention: DEFAULT_RETENTION,
      leaseMs: 5_000,
      ...options,
    };
  }

  /** The newest snapshot; undefined before the first commit. */
  async current(): Promise<Snapshot | undefined> {
    return (await this.newest())?.snapshot;
  }

  /** The snapshot of one version, if the table still has it. Throws `TableDamaged` for broken metadata. */
  async at(version: number): Promise<Snapshot | undefined> {
    return (await this.current())?.history.find((snapshot) => snapshot.version === version);
  }

  /** A version of the metadata, if its file is still there; not to be mixed up with a snapshot's version. */
  async metadataAt(version: number): Promise<MetadataVersion | undefined> {
    return await this.#read(version);
  }

  /**
   * The newest metadata: undefined before the first commit.
   *
   * @param known a version that was read or made moments ago: where it still is the newest, one look is all
   */
  async newest(known?: MetadataVersion): Promise<MetadataVersion | undefined> {
    if (known !== undefined) return (await this.#newestFrom(known.version, known)) ?? (await this.newest());
    return (await this.#look()).newest;
  }

  /** The newest metadata, and the version that the hint names. */
  async #look(): Promise<{ newest: MetadataVersion | undefined; hinted: number | undefined }> {
    const hinted = await this.#hint();
    const found = hinted === undefined ? undefined : await this.#newestFrom(hinted);
    if (found) return { newest: found, hinted };
    const listed = await this.#newestListed();
    return { newest: listed === undefined ? undefined : await this.#read(listed), hinted };
  }

  /**
   * Commits what `change` makes of the newest snapshot. One writer at a time makes the next version; the others
   * wait, look at the version that was made, and often find nothing left to do. After `StorageUnavailable` the
   * commit may have happened: a retry finds out from the table.
   *
   * @returns without an outcome where the writer was not patient, and another was at work or won
   * @throws CommitConflict when other writers won every race
   */
  async commit<Todo, Outcome>(
    change: Change<Todo, Outcome>,
    options?: CommitOptions & { patient?: true },
  ): Promise<Commit<Outcome>>;
  async commit<Todo, Outcome>(
    change: Change<Todo, Outcome>,
    options: CommitOptions,
  ): Promise<Commit<Outcome | undefined>>;
  async commit<Todo, Outcome>(
    change: Change<Todo, Outcome>,
    { whenBusy, patient = true }: CommitOptions = {},
  ): Promise<Commit<Outcome | undefined>> {
    const { maxAttempts, patienceMs, leaseMs, now } = this.#options;
    const lock = new CommitLock(this.#store, (name) => lakePaths.locks(this.name, name), { leaseMs, now });
    const giveUpAt = now() + patienceMs;
    let announced = false;
    const announce = async (): Promise<void> => {
      if (!announced) await whenBusy?.();
      announced = true;
    };
    for (let attempts = 0; attempts < maxAttempts; ) {
      const readAt = now();
      const { newest: base, hinted } = await this.#look();
      const unchanged = { snapshot: base?.snapshot, version: base, committed: false };
      const found = await change.look(base?.snapshot);
      if ('outcome' in found) {
        // The writer of this version ended before it wrote the hint, and nobody else is about to.
        if (!announced && base !== undefined && base.version !== hinted) await this.#writeHint(base.version);
        return { ...unchanged, outcome: found.outcome, attempts };
      }
      const next = (base?.version ?? 0) + 1;
      try {
        const turn = await this.#turn(lock, next, patient ? giveUpAt : undefined, announce);
        if (turn === 'passed') continue;
        if (turn === 'never') {
          if (patient) break;
          return { ...unchanged, outcome: undefined, attempts };
        }
        const { draft, outcome } = await change.make(base?.snapshot, found.todo);
        if (draft === undefined) return { ...unchanged, outcome, attempts };
        attempts += 1;
        const written = new Map<string, Buffer>();
        const metadata = await nextVersion(base, draft, this.#writer(base, written));
        if (now() - readAt < STALE_MS && (await this.#create(next, metadata))) {
          const version = this.#version(next, metadata, written);
          return { snapshot: version.snapshot, version, committed: true, outcome, attempts };
        }
        if (!patient) return { ...unchanged, outcome: undefined, attempts };
      } finally {
        await lock.release(next);
      }
    }
    throw this.#conflict();
  }

  /**
   * Waits until it is this writer's turn to make a version. `passed`: somebody else has made it meanwhile. `never`:
   * not before the given time; without one, not now.
   */
  async #turn(
    lock: CommitLock,
    version: number,
    giveUpAt: number | undefined,
    announce: () => Promise<void>,
  ): Promise<'taken' | 'passed' | 'never'> {
    while ((await lock.tryTake(version)) === 'busy') {
      let polls = 0;
      do {
        if (giveUpAt === undefined || this.#options.now() > giveUpAt) return 'never';
        await announce();
        await this.#pause(polls);
        polls += 1;
      } while (await lock.isHeld(version));
      if (await this.#store.head(this.#key(version))) return 'passed';
    }
    return 'taken';
  }

  /** Lets go the snapshots that the retention does not keep. Returns how many; 0 leaves the table as it is. */
  async expire(): Promise<number> {
    const { now, retention } = this.#options;
    const { newest: base, hinted } = await this.#look();
    if (base === undefined) return 0;
    if (base.version !== hinted) await this.#writeHint(base.version);
    const at = Math.max(now(), base.metadata['last-updated-ms']);
    const metadata = { ...tidied(base.metadata, base, at, retention), 'last-updated-ms': at };
    const gone = base.metadata.snapshots.length - metadata.snapshots.length;
    // Who wins instead expires them as well: every commit does.
    return gone > 0 && (await this.#create(base.version + 1, metadata)) ? gone : 0;
  }

  /** False where another writer has the version. The store's "taken" may also be the echo of our own request. */
  async #create(version: number, metadata: TableMetadata): Promise<boolean> {
    const created = await this.#store.writeIfAbsent(this.#key(version), JSON.stringify(metadata));
    if (!created && !(await this.#isOwn(version, metadata))) return false;
    await this.#writeHint(version);
    return true;
  }

  async #isOwn(version: number, metadata: TableMetadata): Promise<boolean> {
    const there = await this.#read(version);
    return (
      there?.metadata['table-uuid'] === metadata['table-uuid'] &&
      there.metadata['current-snapshot-id'] === metadata['current-snapshot-id']
    );
  }

  /** Goes up from a version that should exist; undefined where it does not. */
  async #newestFrom(version: number, known?: MetadataVersion): Promise<MetadataVersion | undefined> {
    let newest = version;
    while (await this.#store.head(this.#key(newest + 1))) newest += 1;
    return newest === known?.version ? known : this.#read(newest);
  }

  async #newestListed(): Promise<number | undefined> {
    let newest: number | undefined;
    for await (const { key } of this.#store.list(lakePaths.metadata(this.name, 'v'))) {
      const version = Number(/\/v(\d+)\.metadata\.json$/.exec(key)?.[1] ?? 0);
      if (version > (newest ?? 0)) newest = version;
    }
    return newest;
  }

  async #read(version: number): Promise<MetadataVersion | undefined> {
    const key = this.#key(version);
    const body = await this.#store.read(key);
    return body && this.#version(version, parseMetadata(body.toString(), `${this.#store.name}/${key}`));
  }

  /** @param written what was written for it, by URI: need not be read again */
  #version(version: number, metadata: TableMetadata, written?: ReadonlyMap<string, Buffer>): MetadataVersion {
    const location = locationOf(this.#store, this.name, metadata);
    const current = metadata['current-snapshot-id'];
    const entry = current === null ? undefined : snapshotById(metadata, current);
    const files = { store: this.#store, location, ...(written && { written }) };
    const snapshot = entry && new Snapshot(this.name, metadata, entry, files);
    return { version, metadata, file: location.uriOf(this.#key(version)), snapshot };
  }

  #writer(base: Base | undefined, written: Map<string, Buffer>): Writer {
    const location = locationOf(this.#store, this.name, base?.metadata);
    return {
      location,
      uriOf: (name) => location.uriOf(lakePaths.metadata(this.name, name)),
      write: async (uri, body) => {
        await this.#store.write(location.keyOf(uri), body);
        written.set(uri, body);
      },
      now: this.#options.now,
      retention: this.#options.retention,
    };
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

  /** Longer and longer, and never twice the same, so that writers who meet once do not meet again. */
  async #pause(polls: number): Promise<void> {
    const most = Math.min(POLL_MS.most, POLL_MS.first * 2 ** polls);
    await this.#options.sleep(most * (0.5 + this.#options.random() / 2));
  }

  #key(version: number): string {
    return lakePaths.metadata(this.name, `v${version}.metadata.json`);
  }

  #hintKey(): string {
    return lakePaths.metadata(this.name, 'version-hint.text');
  }

  #conflict(): CommitConflict {
    const { maxAttempts, patienceMs } = this.#options;
    return new CommitConflict(
      `${this.#store.name}/${this.name}: other writers won ${maxAttempts} races, or were at work for ${patienceMs / 1000} s`,
    );
  }
}
