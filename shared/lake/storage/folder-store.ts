import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import {
  copyWithTime,
  failedWith,
  fileStats,
  linkUnlessTaken,
  moveTo,
  unlessMissing,
  writeDurably,
} from '../../base/files.ts';
import { batchesOf, inParallel } from '../../base/in-parallel.ts';
import { ConfigurationError, InvalidInput, ObjectMissing } from '../../errors.ts';
import { folderKeys } from './folder-keys.ts';
import { etagOf, removeIfSame } from './folder-removal.ts';
import { FolderVersions } from './folder-versions.ts';
import { isHidden, isPathSafe } from './key-path.ts';
import {
  combineObservers,
  MAX_KEYS_REMOVED,
  type ObjectInfo,
  type ObjectStore,
  type ObjectVersion,
  type RequestObserver,
  type VersionName,
} from './object-store.ts';
import { removeFolderVersion } from './remove-folder-version.ts';
import { copyStill, type FileState, isAsBefore, isStill, whenStill } from './still-file.ts';
import { withUnfinishedFile } from './unfinished-file.ts';

export interface FolderStoreOptions {
  /** Keep every content that a key has had, as a versioned bucket does. */
  versioned?: boolean;
  /** Default: the folder's own name. */
  name?: string;
  observer?: RequestObserver;
}

/**
 * A folder as a bucket: `<root>/<key>`. Objects are written under `<root>/.tmp/` and then moved to their name in one
 * step, so that neither a reader nor a crash meets half an object. People may put files into the folder.
 *
 * The etag of a kept version is its content's hash. Other files get one made of size and time, as web servers do.
 */
export class FolderStore implements ObjectStore {
  readonly name: string;
  readonly uri: string;
  readonly #root: string;
  readonly #options: FolderStoreOptions;
  readonly #versions: FolderVersions | undefined;
  readonly #observe: RequestObserver;
  readonly #adopting = new Map<string, Promise<ObjectInfo>>();

  constructor(root: string, options: FolderStoreOptions = {}) {
    this.#root = path.resolve(root);
    this.#options = options;
    this.name = options.name ?? path.basename(this.#root);
    this.uri = `file://${this.#root}/`;
    this.#versions = options.versioned ? new FolderVersions(path.join(this.#root, '.versions')) : undefined;
    this.#observe = options.observer ?? (() => undefined);
  }

  observed(observer: RequestObserver): FolderStore {
    return new FolderStore(this.#root, {
      ...this.#options,
      observer: combineObservers(this.#observe, observer),
    });
  }

  async head(key: string, versionId?: string): Promise<ObjectInfo | undefined> {
    this.#observe('head', 0);
    return this.#info(key, versionId);
  }

  async read(key: string, versionId?: string): Promise<Buffer | undefined> {
    const file = await this.#locate(key, versionId);
    const body = file ? await unlessMissing(readFile(file)) : undefined;
    this.#observe('get', body?.length ?? 0);
    return body;
  }

  async write(key: string, body: string | Buffer): Promise<void> {
    this.#observe('put', Buffer.byteLength(body));
    await this.#staged(key, async (staged) => {
      await writeDurably(staged, body);
      await this.#publish(staged, key);
    });
  }

  async writeIfAbsent(key: string, body: string | Buffer): Promise<boolean> {
    this.#observe('put', Buffer.byteLength(body));
    return this.#staged(key, async (staged, target) => {
      await writeDurably(staged, body);
      const created = await linkUnlessTaken(staged, target);
      if (created && this.#versions) await this.adopt(key);
      return created;
    });
  }

  async localPath(key: string, _scratch: string, versionId?: string): Promise<string> {
    const file = await this.#locate(key, versionId);
    const stats = file && (await fileStats(file));
    this.#observe('get', Number(stats ? stats.size : 0));
    if (file && stats) return file;
    throw new ObjectMissing(`${this.name}/${key}${versionId ? ` (version ${versionId})` : ''} is not there`);
  }

  async upload(file: string, key: string): Promise<number> {
    const size = await this.#staged(key, async (staged) => {
      await copyStill(file, staged);
      const stats = await fileStats(staged);
      await this.#publish(staged, key);
      return Number(stats?.size);
    });
    this.#observe('put', size);
    return size;
  }

  async *list(prefix: string, after?: string): AsyncIterable<ObjectInfo> {
    this.#observe('list', 0);
    for await (const key of folderKeys(this.#root, { prefix, after })) {
      const info = await this.#info(key);
      if (info) yield info;
    }
  }

  async *listVersions(prefix: string): AsyncIterable<ObjectVersion> {
    const versions = this.#versioned();
    this.#observe('list', 0);
    yield* versions.listAll(prefix, (key) => this.#target(key));
  }

  async remove(key: string, etag?: string): Promise<boolean> {
    this.#observe('delete', 0);
    const target = this.#target(key);
    if (etag !== undefined) return removeIfSame(this.#root, target, { key, etag, versions: this.#versions });
    await rm(target, { force: true });
    return true;
  }

  async removeMany(keys: readonly string[]): Promise<void> {
    for (const batch of batchesOf(keys, MAX_KEYS_REMOVED)) {
      this.#observe('delete', 0);
      await inParallel(batch, (key) => rm(this.#target(key), { force: true }));
    }
  }

  async removeVersions(names: readonly VersionName[]): Promise<void> {
    const own = { root: this.#root, versions: this.#versioned() };
    for (const batch of batchesOf(names, MAX_KEYS_REMOVED)) {
      this.#observe('delete', 0);
      for (const name of batch) await removeFolderVersion(own, this.#target(name.key), name);
    }
  }

  /** The key's versions, the oldest first; empty if the folder keeps no versions. */
  async versions(key: string): Promise<ObjectInfo[]> {
    return this.#versions ? this.#versions.list(key) : [];
  }

  /**
   * Gives a versionId to a file that a person put into the folder: that of the latest version if it is a copy of this
   * file (same size and time), else a new one.
   *
   * @throws ObjectMissing when there is no such file; StorageUnavailable when it is still being written
   */
  adopt(key: string): Promise<ObjectInfo> {
    const running = this.#adopting.get(key);
    if (running) return running;
    const attempts = whenStill(`${this.name}/${key}`, () => this.adoptIf(key));
    const adoption = attempts.finally(() => this.#adopting.delete(key));
    this.#adopting.set(key, adoption);
    return adoption;
  }

  /**
   * As `adopt`, for a file that was judged complete some time ago.
   *
   * @returns undefined when the file is no longer what was judged, or changes while it is copied
   * @throws ObjectMissing when there is no such file
   */
  async adoptIf(key: string, judged?: FileState): Promise<ObjectInfo | undefined> {
    const versions = this.#versioned();
    const target = this.#target(key);
    return withUnfinishedFile(this.#root, async (copy) => {
      const found = await fileStats(target);
      if (!found) throw new ObjectMissing(`${this.name}/${key} is not there`);
      if (judged && !isStill(found, judged)) return undefined;
      const known = await versions.holding(key, found);
      if (known) return known;
      await unlessMissing(copyWithTime(target, copy));
      return (await isAsBefore(target, found))
        ? versions.find(key, await versions.add(key, copy))
        : undefined;
    });
  }

  #versioned(): FolderVersions {
    if (this.#versions) return this.#versions;
    throw new ConfigurationError(`${this.name} keeps no versions: open it with versioned: true`);
  }

  /**
   * Gives a staged file its name. In a versioned folder the file must show the latest version even if several
   * processes write at once, so each writer checks after its rename that no later version exists.
   */
  async #publish(staged: string, key: string): Promise<void> {
    const target = this.#target(key);
    const versions = this.#versions;
    if (!versions) return moveTo(target, staged);
    let shown = await withUnfinishedFile(this.#root, async (copy) => {
      await copyWithTime(staged, copy);
      return versions.add(key, copy);
    });
    await moveTo(target, staged);
    for (;;) {
      const latest = await versions.latest(key);
      if (latest === undefined || latest === shown) return;
      await copyWithTime(versions.path(key, latest), staged);
      await moveTo(target, staged);
      shown = latest;
    }
  }

  async #info(key: string, versionId?: string): Promise<ObjectInfo | undefined> {
    const target = this.#target(key);
    if (versionId !== undefined) return this.#versions?.find(key, versionId);
    const stats = await fileStats(target);
    if (!stats) return undefined;
    const plain = { key, size: Number(stats.size), etag: etagOf(stats), lastModified: stats.mtime };
    return (await this.#versions?.holding(key, stats)) ?? plain;
  }

  #target(key: string): string {
    if (isPathSafe(key) && !isHidden(key)) return path.join(this.#root, key);
    throw new InvalidInput(`${JSON.stringify(key)} cannot be a key in the folder ${this.name}`);
  }

  /** The path of the file, or of the version kept of it; undefined if there is none. */
  async #locate(key: string, versionId?: string): Promise<string | undefined> {
    const target = this.#target(key);
    if (versionId === undefined) return (await fileStats(target)) && target;
    const kept = await this.#versions?.find(key, versionId);
    return kept && this.#versions?.path(key, versionId);
  }

  /** Runs with a temporary file for the key's content, and makes the key's folder. */
  async #staged<T>(key: string, run: (staged: string, target: string) => Promise<T>): Promise<T> {
    const target = this.#target(key);
    try {
      await mkdir(path.dirname(target), { recursive: true });
      return await withUnfinishedFile(this.#root, (staged) => run(staged, target));
    } catch (cause) {
      if (!failedWith(cause, 'EISDIR', 'ENOTDIR', 'EEXIST')) throw cause;
      const message = `${this.name} cannot hold ${key}: an existing key would have to be both a file and a folder`;
      throw new InvalidInput(message, { cause });
    }
  }
}
