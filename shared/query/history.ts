import { SUMMARY } from '../lake/table/properties.ts';
import type { Snapshot } from '../lake/table/read/snapshot.ts';
import { schemaChanges } from './schema-changes.ts';

/** One snapshot of a table, as `history` lists it. */
export interface HistoryEntry {
  /** The number of the commit, counted from 1. Numbers of expired snapshots are missing. */
  version: number;
  snapshot_id: number;
  /** ISO 8601, UTC. */
  committed_at: string;
  operation: string;
  /** The run that made the commit, and the runs whose files it committed with its own. */
  run_ids: string[];
  /** Rows without deleted ones. */
  rows: number;
  /** Deleted rows that are still in files: newer rows have the same primary key. */
  hidden_rows: number;
  files: number;
  /** Changes of this commit. Rows count as they are in the files, deleted ones included. */
  added_files: number;
  removed_files: number;
  added_rows: number;
  removed_rows: number;
  /** Changes since the previous snapshot that is kept, as `schemaChanges` spells them. */
  schema_changes: string[];
}

/** The snapshots that are kept of a table, newest first. Reads nothing from storage. */
export const historyOf = (newest: Snapshot): HistoryEntry[] =>
  newest.history.map((snapshot, i, all) => entryOf(snapshot, all[i + 1]));

const entryOf = (snapshot: Snapshot, before: Snapshot | undefined): HistoryEntry => {
  const { properties } = snapshot;
  const number = (name: string): number => Number(properties[name] ?? 0);
  const deleted = number('total-position-deletes');
  return {
    version: snapshot.version,
    snapshot_id: snapshot.id,
    committed_at: snapshot.committedAt,
    operation: snapshot.operation,
    run_ids: [
      ...new Set(
        [snapshot.runId, ...(properties[SUMMARY.runIds] ?? '').split(' ')].filter((id) => id !== ''),
      ),
    ],
    rows: number('total-records') - deleted,
    hidden_rows: deleted,
    files: number('total-data-files'),
    added_files: number('added-data-files'),
    removed_files: number('deleted-data-files'),
    added_rows: number('added-records'),
    removed_rows: number('deleted-records'),
    schema_changes: before === undefined ? [] : schemaChanges(before.schema, snapshot.schema),
  };
};
