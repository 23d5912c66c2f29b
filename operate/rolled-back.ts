/** The result of a rollback. */
export interface RolledBackTable {
  /** The full name: `silver.signups`. */
  table: string;
  /** Version of the table now. */
  version: number;
  /** Keys of files that have no rows in the table any more, and of those that have rows of an earlier version. */
  gone: string[];
  earlier: string[];
  /** The gold tables that follow. */
  gold: { model: string; version: number; partitions: number }[];
}
