import { inParallel } from '../base/in-parallel.ts';
import type { Resources } from '../engine/resources.ts';
import { TableDamaged, UsageError } from '../errors.ts';
import { lakePaths, newestRunIn } from '../lake/paths.ts';
import type { ObjectStore } from '../lake/storage/object-store.ts';
import { Table } from '../lake/table/commit/table.ts';
import type { StoredRunRecord } from '../run/run-record.ts';
import { completeUntil, RUNS_TABLE } from '../run/runs-table.ts';
import { readRecord } from '../run/spool-records.ts';
import { addFoldedRuns } from './folded-runs.ts';
import { LatestRuns } from './latest-runs.ts';
import {
  comparePlaces,
  cursorOf,
  matches,
  type Place,
  parseCursor,
  placeOf,
  type RunFilter,
} from './run-filter.ts';

export interface RunPage {
  /** The latest first. */
  runs: StoredRunRecord[];
  /** Where the next page begins; undefined after the last. */
  next?: string;
}

export interface RunPageOptions extends RunFilter {
  /** The number of runs at most. */
  limit: number;
  /** The `next` of the page before. */
  after?: string | undefined;
}

/** A record among the newest. */
interface Listed {
  key: string;
  place: Place;
}

/** Records that are read at a time. */
const BATCH = 100;
const MAX_READS = 16;

/**
 * Lists the runs that finished last. It reads about as many objects as it returns records, and the metadata of the table of
 * runs, however many runs there are; a filter that few runs match may read all. Before the first maintenance, a page that
 * reaches back to an earlier release's records lists all records.
 *
 * @throws UsageError for an `after` that no page had
 * @throws TableDamaged when a record cannot be read
 */
export const newestRuns = async (
  store: ObjectStore,
  config: Resources,
  { limit, after, ...filter }: RunPageOptions,
): Promise<RunPage> => {
  const from = after === undefined ? undefined : parseCursor(after);
  // One more than asked for tells whether there is a next page.
  const latest = new LatestRuns(limit + 1);
  const again = await replacedRuns(store);
  const isFiltered = filter.dataset ?? filter.status ?? filter.sourceKey;
  const reader = new BatchReader(store, (record) => {
    const isAfter = from === undefined || comparePlaces(placeOf(record), from) > 0;
    if (isAfter && matches(record, filter)) latest.add(record);
  });
  const since = filter.since === undefined ? 0 : Date.parse(filter.since);
  if (Number.isNaN(since)) throw new UsageError(`"${filter.since}" is no time: give it as ISO 8601.`);
  const seen = new Set<string>();
  for await (const { key, place } of listed(store, again, from)) {
    if (place.finishedAt < since) break;
    seen.add(place.runId);
    await reader.read(key, isFiltered === undefined ? latest.missing : BATCH);
    if (latest.isFull) break;
  }
  await reader.flush();

  // Read after the newest: records that maintenance has moved in between are in the table then.
  const newest = await new Table(store, RUNS_TABLE.table).newest();
  const isComplete = completeUntil(newest?.metadata.properties) !== undefined;
  if (isComplete && newest?.snapshot !== undefined)
    await addFoldedRuns(store, config, newest.snapshot, { filter, from, again, latest });
  // Records of an earlier release are older than all that are listed.
  else if (!latest.isFull) await readUnlisted(store, seen, reader);

  const runs = latest.inOrder();
  const last = runs[limit - 1];
  return {
    runs: runs.slice(0, limit),
    ...(runs.length > limit && last !== undefined && { next: cursorOf(placeOf(last)) }),
  };
};

/** Runs whose record among the newest replaces an earlier one, which may still be listed or in the table. */
const replacedRuns = async (store: ObjectStore): Promise<Map<string, Listed>> => {
  const found = new Map<string, Listed>();
  for await (const { key } of store.list(lakePaths.newestRuns('again'))) {
    const place = newestRunIn(key);
    // The latest is listed first.
    if (place !== undefined && !found.has(place.runId)) found.set(place.runId, { key, place });
  }
  return found;
};

/** The newest records in their order, without those that are replaced. */
async function* listed(
  store: ObjectStore,
  again: ReadonlyMap<string, Listed>,
  from: Place | undefined,
): AsyncIterable<Listed> {
  const replacing = [...again.values()]
    .filter(({ place }) => from === undefined || comparePlaces(place, from) > 0)
    .toSorted((a, b) => comparePlaces(a.place, b.place));
  const after = from && lakePaths.newestRun('first', from.finishedAt, from.runId);
  for await (const { key } of store.list(lakePaths.newestRuns('first'), after)) {
    const place = newestRunIn(key);
    if (place === undefined || again.has(place.runId)) continue;
    const before = replacing.findIndex((each) => comparePlaces(each.place, place) > 0);
    yield* replacing.splice(0, before < 0 ? replacing.length : before);
    yield { key, place };
  }
  yield* replacing;
}

/** Reads records that are not listed among the newest, each from its object. */
const readUnlisted = async (
  store: ObjectStore,
  seen: ReadonlySet<string>,
  reader: BatchReader,
): Promise<void> => {
  for await (const { key } of store.list(lakePaths.runs)) {
    const [, runId] = /^_runs\/([^/]+)\.json$/.exec(key) ?? [];
    if (runId !== undefined && !seen.has(runId)) await reader.read(key, BATCH);
  }
  await reader.flush();
};

/** Reads records from their objects, many at a time. Objects that are gone are skipped. */
class BatchReader {
  readonly #store: ObjectStore;
  readonly #take: (record: StoredRunRecord) => void;
  #keys: string[] = [];

  constructor(store: ObjectStore, take: (record: StoredRunRecord) => void) {
    this.#store = store;
    this.#take = take;
  }

  /** @param size reads all keys so far where there are this many */
  async read(key: string, size: number): Promise<void> {
    this.#keys.push(key);
    if (this.#keys.length >= Math.min(size, BATCH)) await this.flush();
  }

  /** @throws TableDamaged */
  async flush(): Promise<void> {
    const records = await inParallel(this.#keys, (key) => readRecord(this.#store, key), MAX_READS);
    this.#keys = [];
    for (const record of records) {
      if (record instanceof TableDamaged) throw record;
      if (record !== undefined) this.#take(record);
    }
  }
}
