import { randomUUID } from 'node:crypto';
import { StorageUnavailable } from '../../../errors.ts';
import type { ObjectStore } from '../../storage/object-store.ts';

export interface CommitLockOptions {
  /** A holder that sends no heartbeat for this long is assumed dead, in milliseconds. Default 5,000. */
  leaseMs?: number;
  /** Milliseconds since any moment. Only differences count, so no two clocks are compared. */
  now?: () => number;
}

/** More than one, so that a single slow write does not make a holder look dead. */
const HEARTBEATS_PER_LEASE = 3;

/** This instance's knowledge about the lock of one version. */
interface Claim {
  /** Holders that it has stopped waiting for. */
  passed: number;
  /** When the current holder's last heartbeat was seen. */
  busySince: number | undefined;
  /** The etag of that heartbeat. */
  seen: string | undefined;
  /** Keys of objects that are ours, or may be, because no answer came to the request that creates them. */
  keys: Map<string, 'ours' | 'unsure'>;
  /** Present while this instance holds the lock. */
  held?: { timer: NodeJS.Timeout; signing?: Promise<void> };
}

/**
 * The lock for committing a table's next version. One of many writers prepares the version while the others wait. Without
 * the lock all would prepare it, and all but one in vain. This makes the time of N commits linear in N.
 *
 * The lock saves work and decides nothing: the conditional write of the version's own object decides which writer wins. Two
 * holders at once, after waiters have skipped a slow one, are harmless.
 *
 * A lock is an object `v<version>-<k>`. The writer that creates k = 0 holds it, and rewrites it regularly as a heartbeat. A
 * waiter that sees no heartbeat for a lease tries to create k + 1. One waiter succeeds, and the others wait a lease for that
 * one. Each waiter measures leases on its own clock only. Use one instance per writer.
 */
export class CommitLock {
  readonly #store: ObjectStore;
  readonly #keyOf: (name: string) => string;
  readonly #leaseMs: number;
  readonly #now: () => number;
  /** Marks the objects that this instance creates. */
  readonly #token = randomUUID();
  readonly #claims = new Map<number, Claim>();

  /** @param keyOf the key of a lock, by its name */
  constructor(store: ObjectStore, keyOf: (name: string) => string, options: CommitLockOptions = {}) {
    this.#store = store;
    this.#keyOf = keyOf;
    this.#leaseMs = options.leaseMs ?? 5_000;
    this.#now = options.now ?? (() => performance.now());
  }

  /**
   * Takes the lock of a version, or returns "busy" if another writer holds it. Callers ask again until the version is
   * committed.
   *
   * Takes one write; one HEAD before it if another writer was seen to hold the lock, and only the HEAD while that writer
   * is alive; nothing if this instance holds the lock. It takes one more read if an earlier write of the same object
   * failed without an answer, because the existing lock may then be our own.
   *
   * A PUT that the SDK retried may report "busy" for our own lock. We do not check that, since it would cost every waiter a
   * request. The lock then expires after a lease, like that of a dead holder.
   */
  async tryTake(version: number): Promise<'taken' | 'busy'> {
    const claim = this.#claim(version);
    if (claim.held !== undefined) return 'taken';
    if (await this.isHeld(version)) return 'busy';
    const key = this.#key(version, claim);
    const created = await this.#create(key, claim);
    if (created || (claim.keys.get(key) === 'unsure' && (await this.#isOurs(key)))) {
      claim.keys.set(key, 'ours');
      claim.held = this.#hold(key);
      return 'taken';
    }
    claim.keys.delete(key);
    claim.busySince = this.#now();
    return 'busy';
  }

  /**
   * Whether the writer that was seen to hold the lock still holds it: false once it has released the lock, or sent no
   * heartbeat for a lease. Takes one HEAD, or no request if no other holder was seen.
   */
  async isHeld(version: number): Promise<boolean> {
    const claim = this.#claim(version);
    if (claim.busySince === undefined) return false;
    const there = await this.#store.head(this.#key(version, claim));
    if (there !== undefined && claim.seen !== undefined && claim.seen !== there.etag)
      claim.busySince = this.#now();
    claim.seen = there?.etag;
    if (there !== undefined && this.#now() - claim.busySince < this.#leaseMs) return true;
    if (there !== undefined) claim.passed += 1;
    claim.busySince = undefined;
    claim.seen = undefined;
    return false;
  }

  /**
   * Removes the objects that this instance created for a version, and forgets the version. Call it when a writer is done
   * with the version, even if it did not get the lock. Takes one removal per object. An object that stays because the
   * store is unavailable is harmless, since no writer asks for the lock of a committed version.
   */
  async release(version: number): Promise<void> {
    const claim = this.#claims.get(version);
    this.#claims.delete(version);
    clearInterval(claim?.held?.timer);
    await claim?.held?.signing;
    for (const [key, whose] of claim?.keys ?? []) {
      try {
        if (whose === 'ours' || (await this.#isOurs(key))) await this.#store.remove(key);
      } catch (error) {
        if (!(error instanceof StorageUnavailable)) throw error;
      }
    }
  }

  #claim(version: number): Claim {
    const known = this.#claims.get(version);
    if (known !== undefined) return known;
    const claim: Claim = { passed: 0, busySince: undefined, seen: undefined, keys: new Map() };
    this.#claims.set(version, claim);
    return claim;
  }

  #key(version: number, { passed }: Claim): string {
    return this.#keyOf(`v${String(version).padStart(8, '0')}-${passed}`);
  }

  /** Writes heartbeats, each with different content. If one fails, a waiter may at most prepare a version in vain. */
  #hold(key: string): NonNullable<Claim['held']> {
    let signs = 0;
    const sign = async (): Promise<void> => {
      signs += 1;
      await this.#store.write(key, `${this.#token} ${signs}`).catch(() => undefined);
      delete held.signing;
    };
    const timer = setInterval(() => {
      held.signing ??= sign();
    }, this.#leaseMs / HEARTBEATS_PER_LEASE).unref();
    const held: NonNullable<Claim['held']> = { timer };
    return held;
  }

  async #create(key: string, claim: Claim): Promise<boolean> {
    try {
      return await this.#store.writeIfAbsent(key, this.#token);
    } catch (error) {
      claim.keys.set(key, 'unsure');
      throw error;
    }
  }

  async #isOurs(key: string): Promise<boolean> {
    return (await this.#store.read(key))?.toString().startsWith(this.#token) ?? false;
  }
}
