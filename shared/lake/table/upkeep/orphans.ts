import { inParallel } from '../../../base/in-parallel.ts';
import { ObjectMissing } from '../../../errors.ts';
import { lakePaths } from '../../paths.ts';
import type { ObjectInfo, ObjectStore } from '../../storage/object-store.ts';
import type { Table } from '../commit/table.ts';
import { Location } from '../location.ts';
import { filesOf, referencedBy } from './references.ts';

export const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * A redrive may come until 14 days after a run's first try, and commits data files that were staged in that: no
 * snapshot names them yet.
 */
export const GRACE_MS = 15 * DAY_MS;

export interface OrphanOptions {
  /** Keys of the data files that an intent of a waiting writer names, of any release: they are kept. */
  filesOfIntent: (intent: Buffer) => readonly string[];
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
  { filesOfIntent, now = Date.now(), graceMs = GRACE_MS, dryRun = false }: OrphanOptions,
): Promise<Orphans> => {
  const leftovers = await listLeftovers(store, table.name);
  // Before the table: a commit that waits no more by now is in what is read next.
  const waiting = await waitingFiles(store, leftovers.intents, filesOfIntent);
  const newest = await table.newest();
  if (newest === undefined) return { keys: [], bytes: 0 };
  const kept = await referencedBy(store, newest);
  for (const key of await openedBefore(table, leftovers, now - Math.min(graceMs, DAY_MS))) kept.add(key);
  for (const key of waiting) kept.add(key);
  const isOld = ({ lastModified }: ObjectInfo): boolean => lastModified.getTime() < now - graceMs;

  const removed: ObjectInfo[] = [];
  const remove = async (object: ObjectInfo): Promise<boolean> => {
    // What was written again since is as good as new: a run that was started anew is about to commit it.
    const found = dryRun ? object : await store.head(object.key);
    if (found === undefined) return true;
    if (!isOld(found)) return false;
    if (!dryRun) await store.remove(object.key);
    removed.push(object);
    return true;
  };
  const passed = leftovers.locks.filter(({ version }) => version <= newest.version);
  const notes = [...passed.map(({ object }) => object), ...leftovers.intents];
  await inParallel(notes.filter(isOld), remove);
  await inParallel(
    leftovers.files.filter((object) => !kept.has(object.key) && isOld(object)),
    remove,
  );
  // From below, one by one: who looks for the newest version goes up from one that is there, and must find no gap.
  for (const { object } of leftovers.versions) {
    if (kept.has(object.key) || !isOld(object) || !(await remove(object))) break;
  }
  return {
    keys: removed.map(({ key }) => key).toSorted(),
    bytes: removed.reduce((sum, { size }) => sum + size, 0),
  };
};

const FILE = /^(metadata\/[^/]+\.avro|data\/.+\.parquet|deletes\/.+\.parquet)$/;
const METADATA = /^metadata\/v([1-9]\d*)\.metadata\.json$/;
const LOCK = /^v(\d+)-\d+$/;
const STATE = /^[0-9a-f]{32}\.json$/;

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

/** The files of commits that wait: the next commit may take them along, however old they are. */
const waitingFiles = async (
  store: ObjectStore,
  intents: readonly ObjectInfo[],
  filesOf: OrphanOptions['filesOfIntent'],
): Promise<string[]> => {
  const bodies = await inParallel(intents, ({ key }) => store.read(key));
  return bodies.flatMap((body) => (body === undefined ? [] : filesOf(body)));
};
