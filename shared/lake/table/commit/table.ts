import { setTimeout } from 'node:timers/promises';
import { HOUR_MS } from '../../../base/time.ts';
import { CommitConflict } from '../../../errors.ts';
import type { TableMetadata } from '../../iceberg/types.ts';
import { lakePaths } from '../../paths.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { locationOf } from '../location.ts';
import type { Snapshot } from '../read/snapshot.ts';
import type { Change, CommitOptions } from './change.ts';
import { CommitLock } from './locks.ts';
import { MetadataFiles, type MetadataVersion } from './metadata-files.ts';
import { type Base, nextVersion, type Writer, withRetention } from './next-version.ts';
import { DEFAULT_RETENTION, type Retention } from './retention.ts';

export type { MetadataVersion } from './metadata-files.ts';

export interface TableOptions {
  /** `commit` throws after losing this many races for a version that it has prepared. Default 32. */
  maxAttempts?: number;
  /** `commit` throws after waiting this long for other writers, in milliseconds. Default 5 minutes. */
  patienceMs?: number;
  sleep?: (ms: number) => Promise<unknown>;
  /** In [0, 1). */
  random?: () => number;
  /** Milliseconds since 1970. */
  now?: () => number;
  retention?: Retention;
  /** A writer that sends no heartbeat for this long is skipped, in milliseconds. Default 5,000. */
  leaseMs?: number;
}

export interface Commit<Outcome> {
  /** The newest snapshot that the commit saw: its own if it committed. */
  snapshot: Snapshot | undefined;
  /** The metadata that holds the snapshot. */
  version: MetadataVersion | undefined;
  committed: boolean;
  /** Of the last `look` or `make`. */
  outcome: Outcome;
  /** How many versions it prepared. */
  attempts: number;
}

const MIN_POLL_MS = 25;
const MAX_POLL_MS = 1_000;

/**
 * A base that was read longer ago, by a laptop that slept in between, may have been removed by maintenance since; then
 * its successor's name is free again. Steps take far less time, and maintenance keeps everything far longer.
 */
const STALE_MS = 6 * HOUR_MS;

/**
 * An Iceberg table whose catalog is its own folder: metadata files `v1.metadata.json`, `v2.metadata.json` … each
 * describe one version completely. Creating the next file is the commit, and the only step that readers can see.
 */
export class Table {
  readonly name: string;
  readonly #store: ObjectStore;
  readonly #files: MetadataFiles;
  readonly #options: Required<TableOptions>;

  constructor(store: ObjectStore, name: string, options: TableOptions = {}) {
    this.#store = store;
    this.name = name;
    this.#files = new MetadataFiles(store, name);
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

  /**
   * The snapshot with a sequence number; undefined if the table no longer has it.
   *
   * @throws TableDamaged when the metadata is broken
   */
  async at(version: number): Promise<Snapshot | undefined> {
    return (await this.current())?.history.find((snapshot) => snapshot.version === version);
  }

  /** One version of the metadata, not of a snapshot; undefined if its file was removed. */
  async metadataAt(version: number): Promise<MetadataVersion | undefined> {
    return await this.#files.read(version);
  }

  /**
   * The newest metadata; undefined before the first commit.
   *
   * @param known a version that was read or made moments ago: if it still is the newest, this takes one request
   */
  async newest(known?: MetadataVersion): Promise<MetadataVersion | undefined> {
    return await this.#files.newest(known);
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
      const { newest: base, hinted } = await this.#files.look();
      const unchanged = { snapshot: base?.snapshot, version: base, committed: false };
      const found = await change.look(base?.snapshot);
      if ('outcome' in found) {
        // The writer of this version ended before it wrote the hint, and no other writer is about to write it.
        if (!announced && base !== undefined && base.version !== hinted)
          await this.#files.writeHint(base.version);
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
          const version = this.#files.of(next, metadata, written);
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
   * Waits until it is this writer's turn to make a version. Returns `passed` if another writer has made it meanwhile,
   * `never` if the turn does not come before `giveUpAt`; without that time it does not wait.
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
      if (await this.#files.exists(version)) return 'passed';
    }
    return 'taken';
  }

  /** Expires the snapshots that the retention policy does not keep. Returns how many; 0 leaves the table unchanged. */
  async expire(): Promise<number> {
    const { now, retention } = this.#options;
    const { newest: base, hinted } = await this.#files.look();
    if (base === undefined) return 0;
    if (base.version !== hinted) await this.#files.writeHint(base.version);
    const at = Math.max(now(), base.metadata['last-updated-ms']);
    const metadata = { ...withRetention(base.metadata, base, at, retention), 'last-updated-ms': at };
    const expired = base.metadata.snapshots.length - metadata.snapshots.length;
    // If another writer wins, its commit expires them, as every commit does.
    return expired > 0 && (await this.#create(base.version + 1, metadata)) ? expired : 0;
  }

  /** False if another writer has made the version. "Taken" may also mean that a retry met our own request. */
  async #create(version: number, metadata: TableMetadata): Promise<boolean> {
    const created = await this.#files.create(version, metadata);
    if (!created && !(await this.#isOwn(version, metadata))) return false;
    await this.#files.writeHint(version);
    return true;
  }

  async #isOwn(version: number, metadata: TableMetadata): Promise<boolean> {
    const there = await this.#files.read(version);
    return (
      there?.metadata['table-uuid'] === metadata['table-uuid'] &&
      there.metadata['current-snapshot-id'] === metadata['current-snapshot-id']
    );
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

  /** Waits longer each time, and for a random part of it, so that writers that collide once do not collide again. */
  async #pause(polls: number): Promise<void> {
    const longest = Math.min(MAX_POLL_MS, MIN_POLL_MS * 2 ** polls);
    await this.#options.sleep(longest * (0.5 + this.#options.random() / 2));
  }

  #conflict(): CommitConflict {
    const { maxAttempts, patienceMs } = this.#options;
    return new CommitConflict(
      `${this.#store.name}/${this.name}: other writers won ${maxAttempts} races, or were at work for ${patienceMs / 1000} s`,
    );
  }
}
