import type { Db } from '../../engine/with-duckdb.ts';
import type { ObjectStore } from '../storage/object-store.ts';

/** The three things that work on a table's files needs. */
export interface Workbench {
  db: Db;
  /** The zone that the table is in. */
  store: ObjectStore;
  /** Folder for local copies of files, and for files that are to be uploaded. */
  scratch: string;
}
