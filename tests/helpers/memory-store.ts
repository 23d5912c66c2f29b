import { batchesOf } from '../../shared/base/in-parallel.ts';
import { ConfigurationError, ObjectMissing } from '../../shared/errors.ts';
import { metered } from '../../shared/lake/storage/metered-store.ts';
import {
  combineObservers,
  MAX_KEYS_REMOVED,
  type ObjectInfo,
  type ObjectStore,
  type ObjectVersion,
  type RequestKind,
  type RequestObserver,
} from '../../shared/lake/storage/object-store.ts';

interface Stored {
  body: Buffer;
  lastModified: Date;
}

/** Objects by key, which sorts its keys only when keys were added since: a listing asks for them at every page. */
class Objects extends Map<string, Stored> {
  /** All keys that there ever were. */
  readonly #known = new Set<string>();
  #sorted: string[] = [];
  #added: string[] = [];

  override set(key: string, value: Stored): this {
    if (!this.#known.has(key)) this.#added.push(key);
    this.#known.add(key);
    return super.set(key, value);
  }

  /** The first keys from this one on. */
  from(first: string, count: number): string[] {
    if (this.#added.length > 0) this.#sorted = this.#sorted.concat(this.#added.sort()).sort();
    this.#added = [];
    const found: string[] = [];
    for (let at = this.#place(first); at < this.#sorted.length && found.length < count; at += 1) {
      const key = this.#sorted[at] ?? '';
      if (this.has(key)) found.push(key);
    }
    return found;
  }

  /** Where a key is or would be. */
  #place(key: string): number {
    let [from, to] = [0, this.#sorted.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.#sorted[middle] ?? '') < key) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

/** A bucket in memory. A test can set its clock, and have something happen before any request. */
export class MemoryStore implements ObjectStore {
  readonly name = 'memory';
  readonly uri = 'file:///memory/';
  readonly objects: Objects;
  /** The modification time of objects that are written from now on, in milliseconds since 1970. */
  clock: { now: number };
  readonly #before: (kind: RequestKind, key: string) => Promise<void>;
  readonly #observer: RequestObserver;

  constructor(
    before: (kind: RequestKind, key: string) => Promise<void> = async () => undefined,
    shared: Pick<MemoryStore, 'objects' | 'clock'> = { objects: new Objects(), clock: { now: 0 } },
    observer: RequestObserver = () => undefined,
  ) {
    this.#before = before;
    this.objects = shared.objects;
    this.clock = shared.clock;
    this.#observer = observer;
  }

  /** The same bucket for another user, before whose requests something happens. */
  watched(before: (kind: RequestKind, key: string) => Promise<void>): MemoryStore {
    return this.#like(new MemoryStore(before, this));
  }

  observed(observer: RequestObserver): MemoryStore {
    return this.#like(new MemoryStore(this.#before, this, combineObservers(this.#observer, observer)));
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    await this.#request('head', key);
    return this.#info(key);
  }

  async read(key: string): Promise<Buffer | undefined> {
    await this.#request('get', key);
    return this.objects.get(key)?.body;
  }

  async write(key: string, body: string | Buffer): Promise<void> {
    await this.#request('put', key);
    this.#set(key, body);
  }

  async writeIfAbsent(key: string, body: string | Buffer): Promise<boolean> {
    await this.#request('put', key);
    if (this.objects.has(key)) return false;
    this.#set(key, body);
    return true;
  }

  async localPath(key: string): Promise<string> {
    throw new ObjectMissing(`${key} is in memory only`);
  }

  async upload(_path: string, key: string): Promise<number> {
    throw new ObjectMissing(`${key} cannot be uploaded into memory`);
  }

  /** How many objects a page of a listing has: few, so that other requests may run in between. */
  pageSize = 10;

  async *list(prefix: string, start = ''): AsyncIterable<ObjectInfo> {
    for (let after = start; ; ) {
      await this.#request('list', prefix);
      const page = this.objects.from(after < prefix ? prefix : after, this.pageSize + 1);
      const keys = page.filter((key) => key !== after && key.startsWith(prefix)).slice(0, this.pageSize);
      for (const key of keys) {
        const info = this.#info(key);
        if (info !== undefined) yield info;
      }
      after = keys.at(-1) ?? after;
      if (keys.length < this.pageSize) return;
    }
  }

  listVersions(): AsyncIterable<ObjectVersion> {
    throw new ConfigurationError('memory keeps no versions');
  }

  async remove(key: string, etag = 'etag'): Promise<boolean> {
    await this.#request('delete', key);
    return this.#info(key)?.etag === etag && this.objects.delete(key);
  }

  async removeMany(keys: readonly string[]): Promise<void> {
    for (const batch of batchesOf(keys, MAX_KEYS_REMOVED)) {
      await this.#request('delete', batch[0] ?? '');
      for (const key of batch) this.objects.delete(key);
    }
  }

  async removeVersions(): Promise<void> {
    throw new ConfigurationError('memory keeps no versions');
  }

  #like(other: MemoryStore): MemoryStore {
    other.pageSize = this.pageSize;
    return other;
  }

  #set(key: string, body: string | Buffer): void {
    this.objects.set(key, { body: Buffer.from(body), lastModified: new Date(this.clock.now) });
  }

  #info(key: string): ObjectInfo | undefined {
    const stored = this.objects.get(key);
    if (stored === undefined) return undefined;
    return { key, size: stored.body.length, etag: 'etag', lastModified: stored.lastModified };
  }

  async #request(kind: RequestKind, key: string): Promise<void> {
    await this.#before(kind, key);
    this.#observer(kind, 0);
  }
}

/** The number of requests of each kind that the work makes. */
export const requestsOf = async (
  store: MemoryStore,
  work: (store: ObjectStore) => Promise<unknown>,
): Promise<Record<RequestKind, number>> => {
  const counted = metered(store);
  await work(counted);
  return counted.usage.requests;
};
