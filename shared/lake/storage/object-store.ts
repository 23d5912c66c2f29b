/** Metadata of one stored object. */
export interface ObjectInfo {
  key: string;
  /** Bytes. */
  size: number;
  etag: string;
  /** Present if the store keeps versions (raw). */
  versionId?: string;
  lastModified: Date;
}

/** One version of an object. */
export interface ObjectVersion extends ObjectInfo {
  versionId: string;
  /** Whether the key shows this version now: false for all versions of an object that was removed. */
  isLatest: boolean;
}

export type VersionName = Pick<ObjectVersion, 'key' | 'versionId'>;

export type RequestKind = 'head' | 'get' | 'put' | 'list' | 'delete';

/** Called after every request, including failed ones. `bytes` are those that a get read or a put wrote. */
export type RequestObserver = (kind: RequestKind, bytes: number) => void;

/** Keys that one request can remove (Amazon S3 API reference, "DeleteObjects"). */
export const MAX_KEYS_REMOVED = 1_000;

export const combineObservers =
  (one: RequestObserver, other: RequestObserver): RequestObserver =>
  (kind, bytes) => {
    one(kind, bytes);
    other(kind, bytes);
  };

/**
 * One bucket, the only storage interface that steps use. It has two adapters: an S3 bucket and a folder.
 *
 * Keys use `/` and never begin with it.
 *
 * @throws StorageUnavailable from every method
 * @throws ObjectMissing from methods that need the object to exist
 * @throws InvalidInput from a folder, for keys that are hidden or cannot be laid out as files
 */
export interface ObjectStore {
  /** The bucket's name, as events and run records spell it; for a folder, the folder's own name. */
  readonly name: string;

  /** The prefix that makes a key a URI: `s3://bucket/` or `file:///lake/silver/`. Never percent-encoded. */
  readonly uri: string;

  /** Metadata, or undefined if there is no such object or version. */
  head(key: string, versionId?: string): Promise<ObjectInfo | undefined>;

  /** The whole object in memory, for manifests, reports and records, never for data. Undefined if it does not exist. */
  read(key: string, versionId?: string): Promise<Buffer | undefined>;

  write(key: string, body: string | Buffer): Promise<void>;

  /** Creates the object unless the key is taken. Of any number of racing callers exactly one gets true. */
  writeIfAbsent(key: string, body: string | Buffer): Promise<boolean>;

  /**
   * A path where DuckDB can read the object: the file itself in a folder, a copy below `scratch` from S3. Without a
   * versionId the path ends in the key, so that paths map back to keys. The caller must not change the file.
   */
  localPath(key: string, scratch: string, versionId?: string): Promise<string>;

  /** Stores a copy of a local file, and returns its size in bytes. Readers see all of it or nothing. */
  upload(path: string, key: string): Promise<number>;

  /**
   * Every object whose key begins with the prefix, in the order of the keys' UTF-8 bytes; with `after`, only those whose
   * keys come after it. S3 is asked for a thousand at a time, as they are taken.
   */
  list(prefix: string, after?: string): AsyncIterable<ObjectInfo>;

  /**
   * Every version of every object whose key begins with the prefix: keys in the order of their UTF-8 bytes, of each key the
   * newest version first. Marks of removals are left out. Counts as lists, one for each page.
   *
   * @throws ConfigurationError when a folder keeps no versions
   */
  listVersions(prefix: string): AsyncIterable<ObjectVersion>;

  /**
   * Removes the object. A store that keeps versions keeps it as an earlier one. Does nothing if there is no such object.
   *
   * @param etag removes only an object that has it
   * @returns with an etag: whether the object was removed
   */
  remove(key: string, etag?: string): Promise<boolean>;

  /**
   * Removes many objects, as `remove` does, with a request for each thousand; in no certain order. After an error some of them
   * are removed.
   */
  removeMany(keys: readonly string[]): Promise<void>;

  /**
   * Removes versions for good, with a request for each thousand; in no certain order. Of an object whose newest version goes,
   * the version before it is shown again, if there is one. Does nothing for a version that is not there.
   *
   * @throws ConfigurationError when a folder keeps no versions
   */
  removeVersions(versions: readonly VersionName[]): Promise<void>;

  /** The same bucket, which also reports the requests made through the returned object. */
  observed(observer: RequestObserver): ObjectStore;
}
