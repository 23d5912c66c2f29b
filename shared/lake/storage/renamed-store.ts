import type { ObjectInfo, ObjectStore, ObjectVersion, RequestObserver, VersionName } from './object-store.ts';

/** A renaming of keys that leaves prefixes prefixes: the keys below a renamed prefix are renamed in the same way. */
export interface Renaming {
  /** The key in the store behind, for a key or a prefix of keys. */
  to(key: string): string;
  /** The reverse, for the keys of a listing. */
  from(key: string): string;
}

/** A store in which some keys have another name than in the store behind it. */
export class RenamedStore implements ObjectStore {
  readonly #store: ObjectStore;
  readonly #renaming: Renaming;

  constructor(store: ObjectStore, renaming: Renaming) {
    this.#store = store;
    this.#renaming = renaming;
  }

  get name(): string {
    return this.#store.name;
  }

  get uri(): string {
    return this.#store.uri;
  }

  async head(key: string, versionId?: string): Promise<ObjectInfo | undefined> {
    const info = await this.#store.head(this.#renaming.to(key), versionId);
    return info && { ...info, key };
  }

  async read(key: string, versionId?: string): Promise<Buffer | undefined> {
    return await this.#store.read(this.#renaming.to(key), versionId);
  }

  async write(key: string, body: string | Buffer): Promise<void> {
    await this.#store.write(this.#renaming.to(key), body);
  }

  async writeIfAbsent(key: string, body: string | Buffer): Promise<boolean> {
    return await this.#store.writeIfAbsent(this.#renaming.to(key), body);
  }

  async localPath(key: string, scratch: string, versionId?: string): Promise<string> {
    return await this.#store.localPath(this.#renaming.to(key), scratch, versionId);
  }

  async upload(path: string, key: string): Promise<number> {
    return await this.#store.upload(path, this.#renaming.to(key));
  }

  async *list(prefix: string): AsyncIterable<ObjectInfo> {
    for await (const info of this.#store.list(this.#renaming.to(prefix)))
      yield { ...info, key: this.#renaming.from(info.key) };
  }

  async *listVersions(prefix: string): AsyncIterable<ObjectVersion> {
    for await (const version of this.#store.listVersions(this.#renaming.to(prefix)))
      yield { ...version, key: this.#renaming.from(version.key) };
  }

  async remove(key: string, etag?: string): Promise<boolean> {
    return await this.#store.remove(this.#renaming.to(key), etag);
  }

  async removeMany(keys: readonly string[]): Promise<void> {
    await this.#store.removeMany(keys.map((key) => this.#renaming.to(key)));
  }

  async removeVersions(versions: readonly VersionName[]): Promise<void> {
    await this.#store.removeVersions(
      versions.map(({ key, versionId }) => ({ key: this.#renaming.to(key), versionId })),
    );
  }

  observed(observer: RequestObserver): ObjectStore {
    return new RenamedStore(this.#store.observed(observer), this.#renaming);
  }
}
