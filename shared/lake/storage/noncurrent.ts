import { ConfigurationError } from '../../errors.ts';
import type { ObjectStore, VersionName } from './object-store.ts';

/**
 * Removes for good the versions below a prefix that are not shown any more: of objects that were replaced or removed. Does
 * nothing where the store keeps no versions.
 *
 * @param isWanted of which keys; default: all
 */
export const removeNoncurrent = async (
  store: ObjectStore,
  prefix: string,
  isWanted: (key: string) => boolean = () => true,
): Promise<void> => {
  const found = await noncurrentVersions(store, prefix);
  const wanted = found.filter(({ key }) => isWanted(key));
  if (wanted.length > 0) await store.removeVersions(wanted);
};

const noncurrentVersions = async (store: ObjectStore, prefix: string): Promise<VersionName[]> => {
  const found: VersionName[] = [];
  try {
    for await (const { key, versionId, isLatest } of store.listVersions(prefix))
      if (!isLatest) found.push({ key, versionId });
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
  }
  return found;
};
