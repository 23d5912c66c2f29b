import type { BigIntStats } from 'node:fs';
import { mkdir, readdir, rename, rm, unlink, utimes } from 'node:fs/promises';
import path from 'node:path';
import { contentHash, fileStats, linkUnlessTaken, unlessMissing } from '../../base/files.ts';
import { InvalidInput } from '../../errors.ts';
import { inUtf8Order, isHidden, isPathSafe } from './key-path.ts';
import type { ObjectVersion } from './object-store.ts';

type KeptVersion = Omit<ObjectVersion, 'isLatest'>;

/** Microseconds since 1970 and the start of the content's SHA-256, both in hex. Sorts by time. */
const VERSION_ID = /^([0-9a-f]{16})-([0-9a-f]{12})$/;
/** A claim: the number of a version that is still being written. */
const CLAIM = /^[0-9a-f]{16}$/;

/** Copies keep the modification time to about a microsecond. Two writes are further apart than this. */
const SAME_TIME_NS = 2_000n;

/**
 * The part of a folder's versionId that orders the versions of one key: 16 hex digits, compared as text like the
 * `sequencer` of S3 events.
 *
 * @throws InvalidInput when it is not a versionId of a folder
 */
export const sequencerOf = (versionId: string): string => {
  const sequencer = VERSION_ID.exec(versionId)?.[1];
  if (sequencer === undefined)
    throw new InvalidInput(`${versionId} is not a versionId of a versioned folder`);
  return sequencer;
};

/**
 * All versions of the keys of a versioned folder: `<root>/<key>/<versionId>`. A version is a copy and not a hard link,
 * since writing into the file would change a hard link too.
 */
export class FolderVersions {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  path(key: string, versionId: string): string {
    return path.join(this.#root, key, versionId);
  }

  async find(key: string, versionId: string): Promise<KeptVersion | undefined> {
    const [, sequencer, etag] = VERSION_ID.exec(versionId) ?? [];
    if (sequencer === undefined || etag === undefined) return undefined;
    const stats = await fileStats(this.path(key, versionId));
    if (!stats) return undefined;
    const lastModified = new Date(Number.parseInt(sequencer, 16) / 1000);
    return { key, size: Number(stats.size), etag, versionId, lastModified };
  }

  async remove(key: string, versionId: string): Promise<void> {
    if (VERSION_ID.test(versionId)) await rm(this.path(key, versionId), { force: true });
  }

  /** The key's versions, the oldest first. */
  async list(key: string): Promise<KeptVersion[]> {
    const found = await Promise.all((await this.#names(key)).map((name) => this.find(key, name)));
    return found.filter((info) => info !== undefined);
  }

  /**
   * The versions of all keys, in the order of the port.
   *
   * @param target the path of a key's file, which shows one of the versions, another content, or is not there
   */
  async *listAll(prefix: string, target: (key: string) => string): AsyncIterable<ObjectVersion> {
    for await (const key of this.keys(prefix)) {
      const file = await fileStats(target(key));
      const shown = file && (await this.holding(key, file));
      for (const kept of (await this.list(key)).toReversed())
        yield { ...kept, isLatest: kept.versionId === shown?.versionId };
    }
  }

  /** Keys that have versions, in the order of their UTF-8 bytes. */
  async *keys(prefix: string, folder = ''): AsyncIterable<string> {
    const entries = await unlessMissing(readdir(path.join(this.#root, folder), { withFileTypes: true }));
    const names = (entries ?? [])
      .filter((entry) => entry.isDirectory() && isPathSafe(entry.name) && !isHidden(entry.name))
      .map(({ name }) => folder + name);
    // The folder of a key holds its versions, and the folders of longer keys: `a`, `a-b` and `a/b` sort in this order.
    const both = names.flatMap((name) => [name, `${name}/`]).sort(inUtf8Order);
    for (const name of both) {
      if (name.endsWith('/')) {
        if (name.startsWith(prefix) || prefix.startsWith(name)) yield* this.keys(prefix, name);
      } else if (name.startsWith(prefix) && (await this.latest(name)) !== undefined) yield name;
    }
  }

  async latest(key: string): Promise<string | undefined> {
    return (await this.#names(key)).findLast((name) => VERSION_ID.test(name));
  }

  /** The latest version, if it has the size and modification time of this file. */
  async holding(key: string, file: BigIntStats): Promise<KeptVersion | undefined> {
    const latest = await this.latest(key);
    const kept = latest && (await fileStats(this.path(key, latest)));
    if (!latest || !kept || kept.size !== file.size) return undefined;
    const apart = kept.mtimeNs - file.mtimeNs;
    return -SAME_TIME_NS < apart && apart < SAME_TIME_NS ? this.find(key, latest) : undefined;
  }

  /**
   * Makes a version hold no file any more, because the file was removed: the same file, dropped again with the time that it
   * had, is a new version.
   */
  async release(key: string, versionId: string): Promise<void> {
    const now = new Date();
    await unlessMissing(utimes(this.path(key, versionId), now, now));
  }

  /**
   * Makes a file the key's latest version, and returns its versionId. A number is claimed by creating a file of that
   * name, and given up if another process already has a higher one, so no two versions share a number. Claims that a
   * crash left behind are ignored.
   *
   * @param copy on the same file system; must not be changed afterwards
   */
  async add(key: string, copy: string): Promise<string> {
    await mkdir(path.join(this.#root, key), { recursive: true });
    const hash = (await contentHash(copy)).slice(0, 12);
    for (;;) {
      const last = (await this.#names(key)).at(-1)?.slice(0, 16) ?? '0';
      const next = BigInt(`0x${last}`) + 1n;
      const now = BigInt(Date.now()) * 1000n;
      const claim = (next > now ? next : now).toString(16).padStart(16, '0');
      if (!(await linkUnlessTaken(copy, this.path(key, claim)))) continue;
      const overtaken = (await this.#names(key)).some((name) => name !== claim && name.slice(0, 16) >= claim);
      if (overtaken) {
        await unlink(this.path(key, claim));
        continue;
      }
      const versionId = `${claim}-${hash}`;
      await rename(this.path(key, claim), this.path(key, versionId));
      return versionId;
    }
  }

  /** Versions and claims in the order of their numbers. Folders here belong to longer keys. */
  async #names(key: string): Promise<string[]> {
    const entries = await unlessMissing(readdir(path.join(this.#root, key), { withFileTypes: true }));
    return (entries ?? [])
      .filter((entry) => entry.isFile() && (VERSION_ID.test(entry.name) || CLAIM.test(entry.name)))
      .map((entry) => entry.name)
      .sort();
  }
}
