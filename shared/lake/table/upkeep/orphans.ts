import { inParallel } from '../../../base/in-parallel.ts';
import { DAY_MS } from '../../../base/time.ts';
import { ObjectMissing } from '../../../errors.ts';
import { lakePaths } from '../../paths.ts';
import { MAX_KEYS_REMOVED, type ObjectInfo, type ObjectStore } from '../../storage/object-store.ts';
import type { Table } from '../commit/table.ts';
import { Location } from '../location.ts';
import { filesOf, referencedBy } from './references.ts';

/**
 * A redrive is possible for 14 days after a run's first attempt. It commits data files that were staged in that attempt and
 * that no snapshot names yet.
 */
export const GRACE_MS = 15 * DAY_MS;

export interface OrphanOptions {
  /** Keys of the data files that an intent of a waiting writer names, of any release: they are kept. */
  filesOfIntent: (intent: Buffer) => readonly string[];
  /** Milliseconds since 1970. */
  now?: number;
  /** Minimum age of an object to be removed, in milliseconds. Older runs must have ended, and must not be redriven. */
  graceMs?: number;
  /** Removes nothing; reports what would be removed. */
  dryRun?: boolean;
}

export interface Orphans {
  keys: string[];
  bytes: number;
}

/** Objects of a table that may be removed if nothing refers to them. */
export interface Leftovers {
  /** Manifests, their lists, data files, position deletes, nodes of the index of sources. */
  files: ObjectInfo[];
  /** Metadata files, the oldest version first. */
  versions: { version: number; object: ObjectInfo }[];
  locks: { version: number; object: ObjectInfo }[];
  intents: ObjectInfo[];
}

/**
 * Removes objects that no snapshot of a table refers to: files of expired snapshots, files of attempts that failed or lost a
 * race, and locks and intents of writers that have ended.
 *
 * It never removes an object that a snapshot refers to. It lists the objects first and reads the table afterwards, so it
 * knows every commit in between. Later commits consist of files that the newest snapshot names, and of files that are
 * younger than the grace period. If an object that a snapshot needs is missing or unreadable, it throws before it removes
 * anything. Objects whose names duckstep does not use stay.
 *
 * Readers that opened the table in the last day (or grace period, if that is shorter) find their snapshot complete.
 *
 * @throws ObjectMissing, TableDamaged when an object that a snapshot needs is missing or unreadable
 */
export const removeOrphans = async (
  store: ObjectStore,
  table: Table,
  { filesOfIntent, now = Date.now(), graceMs = GRACE_MS, dryRun = false }: OrphanOptions,
): Promise<Orphans> => {
  const leftovers = await listLeftovers(store, table.name);
  // Read before the table: an intent that is committed in between is in the version that is read next.
  const waiting = await waitingFiles(store, leftovers.intents, filesOfIntent);
  const newest = await table.newest();
  if (newest === undefined) return { keys: [], bytes: 0 };
  const kept = await referencedBy(store, newest);
  for (const key of await openedBefore(table, leftovers, now - Math.min(graceMs, DAY_MS))) kept.add(key);
  for (const key of waiting) kept.add(key);
  const isOld = ({ lastModified }: ObjectInfo): boolean => lastModified.getTime() < now - graceMs;
  const passed = leftovers.locks.filter(({ version }) => version <= newest.version);
  const notes = [...passed.map(({ object }) => object), ...leftovers.intents].filter(isOld);
  const files = leftovers.files.filter((object) => !kept.has(object.key) && isOld(object));
  const versions = oldestOf(leftovers.versions, (object) => !kept.has(object.key) && isOld(object));

  const candidates = [...notes, ...files, ...versions];
  const removed = dryRun
    ? candidates
    : [
        ...(await removeStillOld(store, table.name, [...notes, ...files], isOld)),
        ...(await removeVersions(store, table, versions, isOld)),
      ];
  return {
    keys: removed.map(({ key }) => key).toSorted(),
    bytes: removed.reduce((sum, { size }) => sum + size, 0),
  };
};

/** Versions from the oldest on, up to the first that stays. */
const oldestOf = (
  versions: Leftovers['versions'],
  removable: (object: ObjectInfo) => boolean,
): ObjectInfo[] => {
  const first = versions.findIndex(({ object }) => !removable(object));
  return versions.slice(0, first === -1 ? versions.length : first).map(({ object }) => object);
};

/**
 * Removes those objects that are still old, and returns them. An object that was written again since it was listed counts as
 * new: a run that was restarted is about to commit it. So the folders are listed once more, and each page's objects are
 * removed before the next page is asked for: as short after the look as with a HEAD before each removal, for a thousandth of
 * the requests.
 */
export const removeStillOld = async (
  store: ObjectStore,
  table: string,
  objects: readonly ObjectInfo[],
  isOld: (object: ObjectInfo) => boolean,
): Promise<ObjectInfo[]> => {
  const candidates = new Map(objects.map((object) => [object.key, object]));
  const removed: ObjectInfo[] = [];
  for (const folder of foldersOf(table)) {
    if (!objects.some(({ key }) => key.startsWith(folder))) continue;
    let batch: ObjectInfo[] = [];
    const flush = async (): Promise<void> => {
      if (batch.length > 0) await store.removeMany(batch.map(({ key }) => key));
      removed.push(...batch);
      batch = [];
    };
    let listed = 0;
    for await (const object of store.list(folder)) {
      if (candidates.has(object.key) && isOld(object)) batch.push(object);
      listed += 1;
      if (listed % MAX_KEYS_REMOVED === 0) await flush();
    }
    await flush();
  }
  return removed;
};

/**
 * Removes old metadata files. A reader goes up from the version that the hint names, and must find no gap above it. Where the
 * hint is above all of them, they are removed in bulk, in any order; else one by one from below.
 */
const removeVersions = async (
  store: ObjectStore,
  table: Table,
  versions: readonly ObjectInfo[],
  isOld: (object: ObjectInfo) => boolean,
): Promise<ObjectInfo[]> => {
  const [oldest, last] = [versions[0], versions.at(-1)];
  if (oldest === undefined || last === undefined) return [];
  const hint = await store.read(lakePaths.metadata(table.name, 'version-hint.text'));
  if (Number(hint?.toString() ?? 0) > versionIn(last.key)) {
    await store.removeMany(versions.map(({ key }) => key));
    return [...versions];
  }
  const removed: ObjectInfo[] = [];
  for (const object of versions) {
    const found = await store.head(object.key);
    if (found !== undefined && !isOld(found)) break;
    if (found !== undefined) {
      await store.remove(object.key);
      removed.push(object);
    }
  }
  return removed;
};

const FILE = /^(metadata\/[^/]+\.avro|data\/.+\.parquet|deletes\/.+\.parquet)$/;
const METADATA = /^metadata\/v([1-9]\d*)\.metadata\.json$/;
const LOCK = /^v(\d+)-\d+$/;
const INDEX_NODE = /^[0-9a-f]{32}\.json$/;

/** Where objects of a table lie. */
const foldersOf = (table: string): string[] =>
  [lakePaths.data(table, 'x'), lakePaths.sources(table, 'x'), lakePaths.locks(table, 'x')].map(
    (key, n) =>
      `${key
        .split('/')
        .slice(0, n === 1 ? -1 : -2)
        .join('/')}/`,
  );

const versionIn = (key: string): number => Number(/v(\d+)\.metadata\.json$/.exec(key)?.[1] ?? 0);

export const listLeftovers = async (store: ObjectStore, table: string): Promise<Leftovers> => {
  const leftovers: Leftovers = { files: [], versions: [], locks: [], intents: [] };
  for await (const [name, object] of below(store, lakePaths.data(table, 'x'), 2)) {
    const version = METADATA.exec(name)?.[1];
    if (version !== undefined) leftovers.versions.push({ version: Number(version), object });
    if (FILE.test(name)) leftovers.files.push(object);
  }
  for await (const [name, object] of below(store, lakePaths.sources(table, 'x'), 1))
    if (INDEX_NODE.test(name)) leftovers.files.push(object);
  for await (const [name, object] of below(store, lakePaths.locks(table, 'x'), 1)) {
    const version = LOCK.exec(name)?.[1];
    if (version !== undefined) leftovers.locks.push({ version: Number(version), object });
  }
  for await (const [, object] of below(store, lakePaths.intents(table, 'x'), 1))
    leftovers.intents.push(object);
  leftovers.versions.sort((a, b) => a.version - b.version);
  return leftovers;
};

/** Objects below the folder that is `levels` above a key, each with its name relative to the folder. */
async function* below(store: ObjectStore, key: string, levels: number): AsyncIterable<[string, ObjectInfo]> {
  const folder = `${key.split('/').slice(0, -levels).join('/')}/`;
  for await (const object of store.list(folder)) yield [object.key.slice(folder.length), object];
}

/**
 * Keys of the snapshot that was current at a time, if the table still has it. Snapshots that have been current since
 * consist of these files and of younger ones.
 */
const openedBefore = async (table: Table, { versions }: Leftovers, at: number): Promise<string[]> => {
  const last = versions.findLast(({ object }) => object.lastModified.getTime() <= at);
  const opened = last && (await table.metadataAt(last.version));
  if (last === undefined || opened?.snapshot === undefined) return [];
  const location = new Location(opened.metadata.location, lakePaths.table(table.name));
  try {
    const uris = await filesOf([opened.snapshot]);
    return [last.object.key, ...[...uris].map((uri) => location.keyOf(uri))];
  } catch (error) {
    // Maintenance with a shorter grace period has removed some of its files, so no reader can be using it.
    if (error instanceof ObjectMissing) return [];
    throw error;
  }
};

/** The files of commits that wait: the next writer may commit them, however old they are. */
const waitingFiles = async (
  store: ObjectStore,
  intents: readonly ObjectInfo[],
  filesOf: OrphanOptions['filesOfIntent'],
): Promise<string[]> => {
  const bodies = await inParallel(intents, ({ key }) => store.read(key));
  return bodies.flatMap((body) => (body === undefined ? [] : filesOf(body)));
};
