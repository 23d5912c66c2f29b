import type { Contract } from '../../../contract/model.ts';
import type { Db } from '../../../engine/with-duckdb.ts';
import type { IndexTree } from '../../../lake/index-tree/index-tree.ts';
import type { ObjectStore } from '../../../lake/storage/object-store.ts';
import type { Intents } from './intents.ts';
import type { CommittedSource } from './sources.ts';

/** The tools of one commit to a dataset's silver table. */
export interface CommitContext {
  db: Db;
  store: ObjectStore;
  scratch: string;
  contract: Contract;
  committedSources: IndexTree<CommittedSource>;
  intents: Intents;
}
