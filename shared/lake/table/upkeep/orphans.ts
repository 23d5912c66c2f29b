import { z } from 'zod';
import { ObjectMissing } from '../../../errors.ts';
import { lakePaths } from '../../paths.ts';
import { inParallel } from '../../../base/in-parallel.ts';
import { MAX_KEYS_REMOVED, type ObjectInfo, type ObjectStore } from '../../storage/object-store.ts';
import { Location } from '../location.ts';
import { filesOf, referencedBy } from './references.ts';
import type { Table } from '../commit/table.ts';

export const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * A redrive may come until 14 days after a run's first try, and commits data files that were staged in that: no
 * snapshot names them yet.
 */
export const GRACE_MS = 15 * DAY_MS;

export interface OrphanOptions {
  /** Milliseconds since 1970. */
  now?: number;
  /** How old an object must be to be removed. Runs that are older must be over, and not be redriven. */
  graceMs?: number;
  /** Only says what would be removed. */
  dryRun?: boolean;
}

export interface Orphans {
  keys: string[];
  bytes: number;
}

/** What lies in the store for a table and can be removed if nothing refers to it. */
interface Leftovers {
  /** Manifests, their lists, data, position deletes, states of sources. */
  files: ObjectInfo[];
  /** Metadata files, the oldest version first. */
  versions: { version: number; object: ObjectInfo }[];
  locks: { version: number; object: ObjectInfo }[];
  intents: ObjectInfo[];
}

/**
 * Removes what no snapshot of a table refers to any more, or never did: files of expired snapshots, of attempts that
 * died or lost a race, and notes of writers that are gone.
 *
 * It can never remove what a snapshot refers to. What is there is listed first, and the table is read after that: what
 * was committed in between is known, and what is committed later is made of files that the newest snapshot names, or of
 * files that are younger than the grace. Nothing is removed on doubt: where anything that a snapshot needs is gone or
 * cannot be read, it throws before it has removed anything. Objects with names that duckstep does not give stay.
 *
 * Readers who opened the table in the last day (or the last grace, if that is shorter) find their snapshot whole.
 *
 * @throws ObjectMissing, TableDamaged
 */
export const removeOrphans = async (
  store: ObjectStore,
  table: Table,
  { now = Date.now(), graceMs = GRACE_MS, dryRun = false }: OrphanOptions = {},
): Promise<Orphans> => {
  const leftovers = await listLeftovers(store, table.name);
  // Before the table: a commit that waits no more by now is in what is read next.
  const waiting = await waitingFiles(store, leftovers.intents);
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
const removeStillOld = async (
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
const STATE = /^[0-9a-f]{32}\.json$/;

/** Where objects of a table lie. */
const foldersOf = (table: string): string[] =>
  [lakePaths.data(table, 'x'), lakePaths.sources(table, 'x'), lakePaths.locks(table, 'x')].map(
    (key, n) => `${key.split('/').slice(0, n === 1 ? -1 : -2).join('/')}/`,
  );

const versionIn = (key: string): number => Number(/v(\d+)\.metadata\.json$/.exec(key)?.[1] ?? 0);

const listLeftovers = async (store: ObjectStore, table: string): Promise<Leftovers> => {
  const leftovers: Leftovers = { files: [], versions: [], locks: [], intents: [] };
  for await (const [name, object] of below(store, lakePaths.data(table, 'x'), 2)) {
    const version = METADATA.exec(name)?.[1];
    if (version !== undefined) leftovers.versions.push({ version: Number(version), object });
    if (FILE.test(name)) leftovers.files.push(object);
  }
  for await (const [name, object] of below(store, lakePaths.sources(table, 'x'), 1))
    if (STATE.test(name)) leftovers.files.push(object);
  for await (const [name, object] of below(store, lakePaths.locks(table, 'x'), 1)) {
    const version = LOCK.exec(name)?.[1];
    if (version !== undefined) leftovers.locks.push({ version: Number(version), object });
  }
  for await (const [, object] of below(store, lakePaths.intents(table, 'x'), 1))
    leftovers.intents.push(object);
  leftovers.versions.sort((a, b) => a.version - b.version);
  return leftovers;
};

/** Objects below a folder of an object's key, so many levels above it, with their names in the folder. */
async function* below(store: ObjectStore, key: string, levels: number): AsyncIterable<[string, ObjectInfo]> {
  const folder = `${key.split('/').slice(0, -levels).join('/')}/`;
  for await (const object of store.list(folder)) yield [object.key.slice(folder.length), object];
}

/**
 * What belongs to the snapshot that was current at a time, if the table still knows. Whatever has been current since
 * is made of that, and of younger files.
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
    // A maintenance with a shorter grace has removed some of it: nobody can be reading it.
    if (error instanceof ObjectMissing) return [];
    throw error;
  }
};

const Intent = z.object({ staged: z.object({ files: z.array(z.object({ key: z.string() })) }) });

/** The files of commits that wait: whoever commits next may take them along, however old they are. */
const waitingFiles = async (store: ObjectStore, intents: readonly ObjectInfo[]): Promise<string[]> => {
  const bodies = await inParallel(intents, ({ key }) => store.read(key));
  return bodies.flatMap((body) => {
    const intent = body === undefined ? undefined : Intent.safeParse(parsed(body));
    return intent?.data?.staged.files.map(({ key }) => key) ?? [];
  });
};

/** Undefined for what no release would take along either. */
const parsed = (body: Buffer): unknown => {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
};
