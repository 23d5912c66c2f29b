import type { Contract } from '../../../contract/model.ts';
import type { IndexTree } from '../../../lake/index-tree/index-tree.ts';
import type { Workbench } from '../../../lake/table/workbench.ts';
import type { Intents } from './intents.ts';
import type { CommittedSource } from './sources.ts';

/** The tools of one commit to a dataset's silver table. */
export interface CommitContext extends Workbench {
  contract: Contract;
  committedSources: IndexTree<CommittedSource>;
  intents: Intents;
}
