import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { batchesOf } from '../base/in-parallel.ts';
import { HOUR_MS } from '../base/time.ts';
import { withoutValues } from '../engine/failure-reason.ts';
import type { Resources } from '../engine/resources.ts';
import { withScratch } from '../engine/scratch.ts';
import { type Db, withDuckDb } from '../engine/with-duckdb.ts';
import { lakePaths, type NewestRunKind, newestRunIn } from '../lake/paths.ts';
import type { ObjectStore } from '../lake/storage/object-store.ts';
import { Table } from '../lake/table/commit/table.ts';
import { foldRows, noteProperties } from '../lake/table/upkeep/fold.ts';
import { completeUntil, RUNS_COMPLETE_UNTIL, RUNS_TABLE } from '../run/runs-table.ts';
import { LAST_OF_RUN, spooledSql, spoolRecords } from '../run/spool-records.ts';
import { KnownRuns, LATEST_WRITE_MS, type StoredRecord } from './known-runs.ts';

/**
 * A record is put into the table once it is this old: no function runs for so long, so its writer has ended, and a record
 * without a copy among the newest was left by a writer that died.
 */
export const FOLD_AGE_MS = 20 * 60_000;

/** Records of one commit. */
const PORTION = 50_000;

export interface FoldOptions {
  config: Resources;
  /** See `FOLD_AGE_MS`, the default. */
  ageMs?: number;
  /** Milliseconds since 1970. */
  now?: number;
  /** Changes nothing. */
  dryRun?: boolean;
}

export interface RunsFolded {
  /** Records that were added to the table; in a dry run, those that would be looked at. */
  folded: number;
  /** One for each record that cannot be read. It stays where it is. */
  damaged: Error[];
}

/**
 * Puts run records into the table of runs: those that are listed among the newest, which are removed there afterwards, and
 * those that are not listed, because an earlier release wrote them or their writer died. Each record is in the table once,
 * and each run has one row, however often this is repeated or killed.
 *
 * Memory is bounded; what was committed stays if it ends early.
 *
 * @throws CommitConflict, ConservationBroken, ObjectMissing, TableDamaged as the table's commits do
 */
export const foldRuns = async (store: ObjectStore, options: FoldOptions): Promise<RunsFolded> => {
  const { memoryMb, threads, scratchRoot } = options.config;
  return await withScratch(scratchRoot, (scratch) =>
    withDuckDb({ memoryMb, threads, scratch, ordered: false }, (db) =>
      new Folder({ db, store, scratch }, options).fold(),
    ),
  ).catch((error: unknown) => {
    throw withoutValues(error);
  });
};

class Folder {
  readonly #db: Db;
  readonly #store: ObjectStore;
  readonly #scratch: string;
  readonly #before: number;
  readonly #dryRun: boolean;
  readonly #runId = `maintenance-${randomUUID()}`;
  readonly #result: RunsFolded = { folded: 0, damaged: [] };
  #lookedAt = 0;
  /** Runs with a record among the newest. */
  readonly #listed = new Set<string>();

  constructor(
    { db, store, scratch }: { db: Db; store: ObjectStore; scratch: string },
    { now = Date.now(), ageMs = FOLD_AGE_MS, dryRun = false }: FoldOptions,
  ) {
    this.#db = db;
    this.#store = store;
    this.#scratch = scratch;
    this.#before = now - ageMs;
    this.#dryRun = dryRun;
  }

  async fold(): Promise<RunsFolded> {
    const table = new Table(this.#store, RUNS_TABLE.table);
    const newest = await table.newest();
    const until = completeUntil(newest?.metadata.properties);
    for (const kind of ['first', 'again'] as const) await this.#foldNewest(kind);
    const unlisted = await this.#foldUnlisted(until);
    // Records of an earlier release that are too young now would be in neither place.
    const isComplete = this.#result.damaged.length === 0 && (until !== undefined || unlisted.young === 0);
    const changed = this.#lookedAt > 0 || until === undefined;
    if (isComplete && changed && !this.#dryRun)
      await noteProperties(
        { store: this.#store },
        RUNS_TABLE.table,
        { [RUNS_COMPLETE_UNTIL]: String(this.#before) },
        this.#runId,
      );
    return this.#result;
  }

  /** The oldest first, so that what is left if this ends early is newer than the table. */
  async #foldNewest(kind: NewestRunKind): Promise<void> {
    const [inTime, late]: [string[], string[]] = [[], []];
    for await (const { key, lastModified } of this.#store.list(lakePaths.newestRuns(kind))) {
      const found = newestRunIn(key);
      if (found === undefined) continue;
      this.#listed.add(found.runId);
      const writtenAt = lastModified.getTime();
      if (writtenAt > this.#before) continue;
      // Its writer was suspended: the run may have a later record by now, which is in the table already.
      const isLate = writtenAt - found.finishedAt > LATEST_WRITE_MS;
      (isLate ? late : inTime).push(key);
    }
    for (const [keys, anywhere] of [
      [inTime, kind === 'again'],
      [late, true],
    ] as const)
      for (const portion of batchesOf(keys.toReversed(), PORTION)) {
        const folded = await this.#foldPortion(portion, anywhere);
        if (!this.#dryRun) await this.#store.removeMany(folded);
      }
  }

  /**
   * Records that are not among the newest and not in the table.
   *
   * @param until records that were written before are not looked for, but for differences between clocks
   */
  async #foldUnlisted(until: number | undefined): Promise<{ young: number }> {
    const known = new KnownRuns(this.#db, this.#store, this.#scratch, until);
    const since = until === undefined ? 0 : until - HOUR_MS;
    let young = 0;
    let portion: StoredRecord[] = [];
    const flush = async (): Promise<void> => {
      const missing = await known.without(portion);
      portion = [];
      // Only the recent part of the table was looked at, or it has earlier rows.
      const anywhere = until !== undefined || missing.some(({ hasRow }) => hasRow);
      await this.#foldPortion(
        missing.map(({ runId }) => lakePaths.run(runId)),
        anywhere,
      );
    };
    for await (const { key, lastModified } of this.#store.list(lakePaths.runs)) {
      const [, runId] = /^_runs\/([^/]+)\.json$/.exec(key) ?? [];
      if (runId === undefined || lastModified.getTime() < since || this.#listed.has(runId)) continue;
      if (lastModified.getTime() > this.#before) {
        young += 1;
        continue;
      }
      portion.push({ runId, writtenAt: lastModified.getTime() });
      if (portion.length === PORTION) await flush();
    }
    await flush();
    return { young };
  }

  /** Adds the records of objects to the table. Returns the keys whose records it has now. */
  async #foldPortion(keys: readonly string[], anywhere: boolean): Promise<string[]> {
    if (keys.length === 0) return [];
    if (this.#dryRun) {
      this.#result.folded += keys.length;
      return [];
    }
    this.#lookedAt += keys.length;
    const file = path.join(this.#scratch, 'records.ndjson');
    const spooled = await spoolRecords(this.#store, keys, file);
    this.#result.damaged.push(...spooled.damaged);
    if (spooled.keys.length === 0) return [];
    const workbench = { db: this.#db, store: this.#store, scratch: this.#scratch };
    const rows = `SELECT * ${spooledSql(file)} ${LAST_OF_RUN}`;
    const { outcome } = await foldRows(workbench, RUNS_TABLE, { rows, anywhere, runId: this.#runId });
    this.#result.folded += outcome.added;
    return spooled.keys;
  }
}
