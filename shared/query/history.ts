import { SUMMARY } from '../lake/table/properties.ts';
import type { Snapshot } from '../lake/table/read/snapshot.ts';
import { schemaChanges } from './schema-changes.ts';

/** One snapshot of a table, as people and programs list it. */
export interface HistoryEntry {
  /** Counts the table's commits from 1; numbers are missing where history was thinned. */
  version: number;
  snapshot_id: number;
  /** ISO 8601, UTC. */
  committed_at: string;
  operation: string;
  /** The run that committed, and those that it took along. */
  run_ids: string[];
  /** Rows that a reader sees. */
  rows: number;
  /** Rows in the files that others of the same primary key hide. */
  hidden_rows: number;
  files: number;
  /** Of this commit; rows as they lie in files, hidden ones included. */
  added_files: number;
  removed_files: number;
  added_rows: number;
  removed_rows: number;
  /** Since the snapshot before that is kept; see `schemaChanges`. */
  schema_changes: string[];
}

/** What is kept of a table's history, newest first. Reads nothing but what the snapshot holds already. */
export const historyOf = (newest: Snapshot): HistoryEntry[] =>
  newest.history.map((snapshot, i, all) => entryOf(snapshot, all[i + 1]));

const entryOf = (snapshot: Snapshot, before: Snapshot | undefined): HistoryEntry => {
  const { properties } = snapshot;
  const number = (name: string): number => Number(properties[name] ?? 0);
  const hidden = number('total-position-deletes');
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
    rows: number('total-records') - hidden,
    hidden_rows: hidden,
    files: number('total-data-files'),
    added_files: number('added-data-files'),
    removed_files: number('deleted-data-files'),
    added_rows: number('added-records'),
    removed_rows: number('deleted-records'),
    schema_changes: before === undefined ? [] : schemaChanges(before.schema, snapshot.schema),
  };
};
