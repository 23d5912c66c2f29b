import type { Draft } from '../draft.ts';
import type { Snapshot } from '../read/snapshot.ts';

/** The result of a look at the newest snapshot: something to do, or nothing, with what the caller asked. */
export type Look<Todo, Outcome> = { todo: Todo } | { outcome: Outcome };

/** The next snapshot. Without a draft there is nothing to do after all. */
export interface Made<Outcome> {
  draft?: Draft;
  outcome: Outcome;
}

/**
 * One change of a table. Both methods see the same base, and run again for each newer one that the commit meets.
 *
 * @template Todo what `look` has found out and `make` needs
 * @template Outcome what the caller is told in the end
 */
export interface Change<Todo, Outcome> {
  /** Decides whether there is anything to do. Runs before the writer waits for its turn. */
  look(base: Snapshot | undefined): Promise<Look<Todo, Outcome>>;
  /** Makes the next snapshot while the other writers wait. It must depend on nothing but its arguments and the store. */
  make(base: Snapshot | undefined, todo: Todo): Promise<Made<Outcome>>;
}

export interface CommitOptions {
  /** Called once, before the first wait for another writer. */
  whenBusy?: () => Promise<void>;
  /** False: do nothing where another writer is at work, or wins. */
  patient?: boolean;
}
