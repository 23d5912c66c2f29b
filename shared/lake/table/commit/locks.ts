import { randomUUID } from 'node:crypto';
import { StorageUnavailable } from '../../../errors.ts';
import type { ObjectStore } from '../../storage/object-store.ts';

export interface CommitLockOptions {
  /** How long a holder is waited for before it is taken for dead. Default 5,000. */
  leaseMs?: number;
  /** Milliseconds since any moment; only differences count, so no two clocks are compared. */
  now?: () => number;
}

/** More than one, so that a slow write of one is not taken for death. */
const HEARTBEATS_PER_LEASE = 3;

/** What this instance knows of the lock of one version. */
interface Claim {
  /** How many holders it has given up waiting for. */
  passed: number;
  /** Since when there was no sign of life of the one after them. */
  busySince: number | undefined;
  /** The last of its signs of life. */
  seen: string | undefined;
  /** Keys of objects that are ours, or may be, because the attempt to create them ended without an answer. */
  keys: Map<string, 'ours' | 'unsure'>;
  /** Present while this instance holds the lock. */
  held?: { timer: NodeJS.Timeout; signing?: Promise<void> };
}

/**
 * Who may commit a table's next version. Of many writers one prepares the version and the others wait, instead of
 * all preparing it and all but one in vain: this makes the time of N commits linear in N.
 *
 * It saves work and decides nothing: that one writer wins a version is for the version's own object to see to, and
 * two holders at once, after a slow one was passed by, do no harm.
 *
 * A lock is an object `v<version>-<k>`. Whoever creates k = 0 holds it, and writes it again now and then as a sign of
 * life; who has seen none for a lease tries k + 1, for which there is one winner again, and the others wait a lease
 * for that. Each waiter measures leases on its own clock alone. One instance per writer.
 */
export class CommitLock {
  readonly #store: ObjectStore;
  readonly #keyOf: (name: string) => string;
  readonly #leaseMs: number;
  readonly #now: () => number;
  /** Stands in the objects that this instance creates. */
  readonly #token = randomUUID();
  readonly #claims = new Map<number, Claim>();

  /** @param keyOf the key of the lock of a name */
  constructor(store: ObjectStore, keyOf: (name: string) => string, options: CommitLockOptions = {}) {
    this.#store = store;
    this.#keyOf = keyOf;
    this.#leaseMs = options.leaseMs ?? 5_000;
    this.#now = options.now ?? (() => performance.now());
  }

  /**
   * Takes the lock of a version, or says that another holds it: ask again later, as often as the version is still
   * to be committed. One write, and a look before it where another was seen to hold it; only the look while that
   * one is at work, and nothing where this instance holds it. One read more where an earlier write of the same
   * object threw, and the lock that is there may therefore be our own.
   *
   * The store may also repeat a write whose answer was lost, find its own object and say so: "busy" for what is
   * ours. Reading back every time would cost every waiter a request to save one lease now and then, so it is not
   * found out: the lock counts as a dead holder's and is passed by like one.
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
   * Whether the other writer that was seen to hold the lock still does: false once it has let go, or was silent for
   * a lease. One look; none where nobody was seen.
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
   * Removes what this instance created for a version and forgets it, the waiting included: to be called when a
   * writer is through with the version, also where it did not get the lock. One removal for each object; none
   * where it created none. An object that stays, because the store is not available, is harmless: nobody asks for
   * a version that is committed.
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

  /** Gives signs of life, each another content. One that fails may cost others a vain attempt, and nothing else. */
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
