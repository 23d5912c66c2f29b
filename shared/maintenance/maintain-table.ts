import { randomUUID } from 'node:crypto';
import { withoutValues } from '../engine/failure-reason.ts';
import type { Resources } from '../engine/resources.ts';
import { withScratch } from '../engine/scratch.ts';
import { withDuckDb } from '../engine/with-duckdb.ts';
import type { ObjectStore } from '../lake/storage/object-store.ts';
import { expiredIn } from '../lake/table/commit/next-version.ts';
import { DEFAULT_RETENTION } from '../lake/table/commit/retention.ts';
import { type MetadataVersion, Table } from '../lake/table/commit/table.ts';
import { compactTable, planOf } from '../lake/table/upkeep/compact.ts';
import { THOROUGH } from '../lake/table/upkeep/compaction.ts';
import { removeOrphans } from '../lake/table/upkeep/orphans.ts';
import { filesOfIntent } from '../stages/load-to-gold/silver/intent.ts';
import { ROW_IDENTITY } from '../stages/transform/silver-table.ts';

export interface TableOptions {
  zone: 'silver' | 'gold';
  store: ObjectStore;
  config: Resources;
  graceMs?: number;
  dryRun?: boolean;
}

/** The result of maintaining a table, or of a dry run. */
export interface TableSummary {
  files_before: number;
  files_after: number;
  /** As readers see them. A run that commits during maintenance changes them. */
  rows_before: number;
  rows_after: number;
  snapshots_expired: number;
  orphans_removed: number;
  bytes_freed: number;
  /** Objects whose rows were added to the table, or in a dry run may be. Only of tables that collect small objects. */
  folded?: number;
}

/** The most commits of one call; the next call continues. Files merged in one round may be merged further in the next. */
const MAX_ROUNDS = 16;

/**
 * Merges a table's small files, expires old snapshots, and removes objects to which nothing refers. Runs may commit
 * meanwhile. If it throws, the steps that were finished stay committed.
 *
 * @returns undefined if the table has no commit
 * @throws CommitConflict when other writers win the race for a commit too often
 * @throws ObjectMissing, TableDamaged when the table cannot be read
 * @throws ConservationBroken when merged files would not have the same rows
 */
export const maintainTable = async (
  name: string,
  options: TableOptions,
): Promise<{ summary: TableSummary; version: MetadataVersion } | undefined> => {
  const { store, graceMs, dryRun = false } = options;
  const table = new Table(store, name);
  const before = await table.newest();
  if (before === undefined) return undefined;
  const saved = dryRun ? await filesToSave(before) : 0;
  if (!dryRun) {
    await compact(table, options);
    await table.expire();
  }
  const after = (await table.newest()) ?? before;
  const orphans = await removeOrphans(store, table, {
    filesOfIntent,
    dryRun,
    ...(graceMs !== undefined && { graceMs }),
  });
  return {
    version: after,
    summary: {
      files_before: total(before, 'data-files'),
      files_after: total(after, 'data-files') - saved,
      rows_before: rowsOf(before),
      rows_after: rowsOf(after),
      snapshots_expired: dryRun ? toExpire(before) : expiredBetween(before, after),
      orphans_removed: orphans.keys.length,
      bytes_freed: orphans.bytes,
    },
  };
};

const compact = async (table: Table, { zone, store, config }: TableOptions): Promise<void> => {
  const { memoryMb, threads, scratchRoot } = config;
  const runId = `maintenance-${randomUUID()}`;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const snapshot = await table.current();
    if (snapshot === undefined || planOf(snapshot, await snapshot.files(), THOROUGH).length === 0) return;
    await withScratch(scratchRoot, (scratch) =>
      withDuckDb({ memoryMb, threads, scratch, ordered: false }, (db) =>
        compactTable({ db, store, scratch }, table, {
          runId,
          identity: zone === 'silver' ? ROW_IDENTITY : [],
          policy: THOROUGH,
          patient: true,
        }),
      ),
    ).catch((error: unknown) => {
      throw withoutValues(error);
    });
  }
};

/** By how many files the first round of merging would reduce the table. */
const filesToSave = async ({ snapshot }: MetadataVersion): Promise<number> => {
  const plan = snapshot === undefined ? [] : planOf(snapshot, await snapshot.files(), THOROUGH);
  return plan.reduce((sum, group) => sum + group.length - 1, 0);
};

const toExpire = ({ metadata }: MetadataVersion): number =>
  expiredIn(metadata, Date.now(), DEFAULT_RETENTION).length;

const expiredBetween = (before: MetadataVersion, after: MetadataVersion): number => {
  const left = new Set(after.metadata.snapshots.map((each) => each['snapshot-id']));
  return before.metadata.snapshots.filter((each) => !left.has(each['snapshot-id'])).length;
};

export const total = ({ snapshot }: MetadataVersion, of: string): number =>
  Number(snapshot?.properties[`total-${of}`] ?? 0);

/** Rows that readers see. Correct for tables without equality deletes, which duckstep never writes. */
export const rowsOf = (version: MetadataVersion): number =>
  total(version, 'records') - total(version, 'position-deletes');
