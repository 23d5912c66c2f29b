/** What is known of one stored object. */
export interface ObjectInfo {
  key: string;
  /** Bytes. */
  size: number;
  etag: string;
  /** Present where the store keeps versions (raw). */
  versionId?: string;
  lastModified: Date;
}

export type RequestKind = 'head' | 'get' | 'put' | 'list' | 'delete';

/** Told of every request as it ends, failed ones too; `bytes` are those a get read or a put wrote. */
export type RequestObserver = (kind: RequestKind, bytes: number) => void;

/** Keys that one request can remove (Amazon S3 API reference, "DeleteObjects"). */
export const MAX_KEYS_REMOVED = 1_000;

export const both =
  (one: RequestObserver, other: RequestObserver): RequestObserver =>
  (kind, bytes) => {
    one(kind, bytes);
    other(kind, bytes);
  };

/**
 * One bucket. Two adapters: an S3 bucket and a folder. Steps know this port and nothing else of storage.
 *
 * Keys use `/` and never start with one; a folder refuses keys that it cannot lay out as files, and hidden
 * ones, with `InvalidInput`. Every method may throw `StorageUnavailable`; those that need the
 * object to exist throw `ObjectMissing`.
 */
export interface ObjectStore {
  /** The bucket's name, as it stands in events and run records; for a folder, the folder's own name. */
  readonly name: string;

  /** What a key stands behind to be found from outside, `s3://bucket/` or `file:///lake/silver/`; never encoded. */
  readonly uri: string;

  /** Metadata, or undefined where there is no such object or version. */
  head(key: string, versionId?: string): Promise<ObjectInfo | undefined>;

  /** The whole object in memory: for manifests, reports and records, never for data. */
  read(key: string, versionId?: string): Promise<Buffer | undefined>;

  write(key: string, body: string | Buffer): Promise<void>;

  /** Creates the object unless the key is taken; exactly one of any number of racing callers gets true. */
  writeIfAbsent(key: string, body: string | Buffer): Promise<boolean>;

  /**
   * A path where DuckDB can read the object: the file itself on a folder, a copy below `scratch` on S3.
   * Without a versionId the path ends in the key, so that paths map back to keys. The caller must not change it.
   */
  localPath(key: string, scratch: string, versionId?: string): Promise<string>;

  /** Stores a copy of a local file; returns its size in bytes. Readers see all of it or nothing. */
  upload(path: string, key: string): Promise<number>;

  /** Every object whose key starts with the prefix, in the order of the keys' UTF-8 bytes. */
  list(prefix: string): AsyncIterable<ObjectInfo>;

  /** Removes the object, its earlier versions excepted; removing what is not there is no error. */
  remove(key: string): Promise<void>;

  /**
   * Removes many objects, as `remove` does, with a request for each thousand; in no certain order. After an error some of them
   * are removed.
   */
  removeMany(keys: readonly string[]): Promise<void>;

  /** The same bucket, also reporting each request that is made through the returned store. */
  observed(observer: RequestObserver): ObjectStore;
}
