import type { ObjectInfo, ObjectVersion } from '../lake/storage/object-store.ts';

/** A version of a raw file. A file that a person put into a folder has no id until a run adopts it. */
export type RawVersion = ObjectInfo & Pick<ObjectVersion, 'isLatest'>;

/** The versions of each key, the newest first. */
export type RawFiles = ReadonlyMap<string, readonly RawVersion[]>;

/**
 * Lists the versions of keys and of prefixes, which end in `/` or are empty. A key is the first of those that begin with
 * it: the listing ends behind it.
 *
 * @param list all versions whose keys begin with a text, in the order of the keys, of each key the newest first
 * @param from leaves out files whose newest version is older than this time; milliseconds since 1970
 */
export const listFiles = async (
  list: (prefix: string) => AsyncIterable<RawVersion>,
  prefixes: readonly string[],
  from = Number.NEGATIVE_INFINITY,
): Promise<RawFiles> => {
  const files = new Map<string, RawVersion[]>();
  for (const prefix of new Set(prefixes)) {
    const isKey = prefix !== '' && !prefix.endsWith('/');
    const found = new Map<string, RawVersion[]>();
    for await (const version of list(prefix)) {
      if (isKey && version.key !== prefix) break;
      const own = found.get(version.key);
      if (own !== undefined) own.push(version);
      else if (version.lastModified.getTime() >= from) found.set(version.key, [version]);
    }
    for (const [key, versions] of found) files.set(key, versions);
  }
  return files;
};
