import type { Db } from '../../engine/with-duckdb.ts';
import type { ObjectStore } from '../storage/object-store.ts';

/** Everything that is needed to read and write a table's files. */
export interface Workbench {
  db: Db;
  /** The zone that the table is in. */
  store: ObjectStore;
  /** Folder for local copies of files, and for files that are to be uploaded. */
  scratch: string;
}
