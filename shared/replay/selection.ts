import { isDatasetName } from '../contract/load.ts';
import { UsageError } from '../errors.ts';

/**
 * The files that a replay is about. Every member narrows the choice: a file must match all that are given. Versions that
 * lie in raw are replayed; of each file the newest one, or the one that stands.
 */
export interface ReplaySelection {
  /** Keys in raw; one that ends in `/` stands for all keys that begin with it. */
  keys?: readonly string[] | undefined;
  /** Of the only key, this version and not the newest. */
  version?: string | undefined;
  /** Files of this dataset. */
  dataset?: string | undefined;
  /** Files that are in quarantine whole, and files with rows there. */
  quarantined?: boolean | undefined;
  /** Files that another contract judged than their dataset has now. */
  olderContract?: boolean | undefined;
  /** Files uploaded at this time or later; ISO 8601. */
  since?: string | undefined;
  /** Files that never ran: neither a run record nor an execution knows their version. */
  missing?: boolean | undefined;
}

/** @throws UsageError when nothing is selected, or what nothing can match */
export const checkSelection = (selection: ReplaySelection): void => {
  const { keys = [], version, dataset, quarantined, olderContract, since, missing } = selection;
  const isNothing = keys.length === 0 && [dataset, since].every((each) => each === undefined);
  if (isNothing && !quarantined && !olderContract && !missing)
    throw new UsageError(
      'Say which files: KEY…, --dataset, --quarantined, --older-contract, --since or --missing. With several of them a file must match all; --dry-run shows what would run.',
    );
  if (missing && (quarantined || olderContract))
    throw new UsageError(
      'A file that never ran is not in quarantine, and no contract has judged it: call once with --missing, and once with the other option.',
    );
  if (version !== undefined && (keys.length !== 1 || keys[0]?.endsWith('/')))
    throw new UsageError('--version belongs to one KEY, which is no prefix.');
  if (version !== undefined && missing)
    throw new UsageError('--missing finds versions by itself: leave out --version.');
  if (dataset !== undefined && !isDatasetName(dataset))
    throw new UsageError(`"${dataset}" cannot be the name of a dataset.`);
  if (keys.includes('') || keys.includes('/'))
    throw new UsageError(
      'A KEY is the key of a file in raw, or a prefix that ends in "/"; it cannot be empty.',
    );
};

/** Whether the selection's keys name a file; undefined where it has no keys. */
export const isNamed = ({ keys }: ReplaySelection, key: string): boolean | undefined =>
  keys === undefined || keys.length === 0
    ? undefined
    : keys.some((named) => (named.endsWith('/') ? key.startsWith(named) : key === named));
