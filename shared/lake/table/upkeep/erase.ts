import { DAY_MS } from '../../../base/time.ts';
import { ObjectMissing } from '../../../errors.ts';
import { lakePaths } from '../../paths.ts';
import type { ObjectInfo, ObjectStore } from '../../storage/object-store.ts';
import { emptiedMetadata } from '../commit/forget-history.ts';
import type { MetadataVersion, Table } from '../commit/table.ts';
import { Location } from '../location.ts';
import { listLeftovers, removeStillOld } from './orphans.ts';
import { filesOf, referencedBy } from './references.ts';

export interface Erasure {
  /** Objects of a table that go, or whose content goes. */
  removed: ObjectInfo[];
  /** Metadata files whose names must not become free yet: they are written again without snapshots. */
  emptied: ObjectInfo[];
  /** The table that stays. */
  newest: MetadataVersion;
}

/**
 * Finds what a table without history (`forgetHistory`) leaves in storage of earlier rows: metadata files, manifests and their
 * lists, which hold values as bounds, and data files, whatever their age. Not found are objects that a run in flight needs:
 * a commit that began before the history went fails and begins again, with new manifests, so that only what was written
 * after it can be named by a later version. Data files may be staged long before their commit, so the caller chooses those.
 *
 * @param isDoomed of the data files that no version names, those that are to go; it is told which are older than the version
 */
export const planErasure = async (
  store: ObjectStore,
  table: Table,
  version: MetadataVersion,
  isDoomed: (
    files: readonly ObjectInfo[],
    isOld: (file: ObjectInfo) => boolean,
  ) => Promise<readonly ObjectInfo[]>,
): Promise<Erasure> => {
  const since = await writtenAt(store, table, version);
  const leftovers = await listLeftovers(store, table.name);
  // Read after the listing, so that every commit in between is known.
  const newest = (await table.newest()) ?? version;
  const kept = await referencedBy(store, newest);
  const expired = await namedBefore(table, version);
  const data = lakePaths.data(table.name, '');
  const index = lakePaths.sources(table.name, 'x').replace(/x\.json$/, '');
  const loose = leftovers.files.filter(({ key }) => !kept.has(key) && !key.startsWith(index));
  const isOld = ({ key, lastModified }: ObjectInfo): boolean =>
    expired.has(key) || lastModified.getTime() < since;
  const dataFiles = loose.filter(({ key }) => key.startsWith(data));
  const earlier = leftovers.versions.filter((each) => each.version < version.version);
  // A writer that takes a base older than this to be the newest does not commit.
  const young = earlier.findIndex(({ object }) => object.lastModified.getTime() > Date.now() - DAY_MS);
  const first = young === -1 ? earlier.length : young;
  const objects = earlier.map(({ object }) => object);
  return {
    removed: [
      ...loose.filter((object) => !object.key.startsWith(data) && isOld(object)),
      ...(await isDoomed(dataFiles, isOld)),
      ...objects.slice(0, first),
    ],
    emptied: objects.slice(first),
    newest: version,
  };
};

/** Carries a plan out. A repetition of both removes what is left. */
export const erase = async (
  store: ObjectStore,
  { name }: Pick<Table, 'name'>,
  { removed, emptied, newest }: Erasure,
): Promise<void> => {
  const known = new Map(removed.map((object) => [object.key, object]));
  const isUnchanged = ({ key, lastModified }: ObjectInfo): boolean =>
    known.get(key)?.lastModified.getTime() === lastModified.getTime();
  const versions = removed.filter(({ key }) => key.endsWith('.metadata.json'));
  await removeStillOld(
    store,
    name,
    removed.filter((object) => !versions.includes(object)),
    isUnchanged,
  );
  for (const { key } of emptied) await store.write(key, emptiedMetadata(newest.metadata));
  await store.removeMany(versions.map(({ key }) => key));
};

/** When the version was written, by the store's clock. */
const writtenAt = async (store: ObjectStore, table: Table, { version }: MetadataVersion): Promise<number> => {
  const found = await store.head(lakePaths.metadata(table.name, `v${version}.metadata.json`));
  return found?.lastModified.getTime() ?? Number.NEGATIVE_INFINITY;
};

/** Keys that the version before named: S3's times are in seconds, so its last manifests may look as young as the version. */
const namedBefore = async (table: Table, { version }: MetadataVersion): Promise<Set<string>> => {
  const before = await table.metadataAt(version - 1);
  if (before?.snapshot === undefined) return new Set();
  const location = new Location(before.metadata.location, lakePaths.table(table.name));
  try {
    return new Set([...(await filesOf(before.snapshot.history))].map((uri) => location.keyOf(uri)));
  } catch (error) {
    // An earlier call has removed some of them already.
    if (error instanceof ObjectMissing) return new Set();
    throw error;
  }
};
