import type { DataFile } from '../../../lake/table/data-file.ts';
import type { Draft, PartitionBy, TableSchema } from '../../../lake/table/draft.ts';
import { distinctPartitions } from '../../../lake/table/partition-names.ts';
import { SUMMARY } from '../../../lake/table/properties.ts';
import type { Rewritten } from '../../../lake/table/write/rewrite.ts';
import type { Intent } from './intent.ts';
import type { ChangedDeletes } from './merge-keys.ts';
import type { FilesPlan } from './plan-silver-files.ts';

/** The results of carrying a plan out, all of which are in storage. */
export interface Effects {
  /** Of the run or the removal that commits. */
  runId: string;
  load: readonly Intent[];
  columns: TableSchema;
  partitionedBy: readonly PartitionBy[];
  /** The other rows of mixed files. */
  rewritten: readonly Rewritten[];
  /** By the key of the data file. */
  changedDeletes: ChangedDeletes;
  /** Root of the next index of committed sources. */
  sourcesRoot: string;
}

/** The next snapshot that a plan and its effects make. */
export const silverDraft = (
  { whole, mixed, added, kept, touched, operation, title }: FilesPlan,
  { runId, load, columns, partitionedBy, rewritten, changedDeletes, sourcesRoot }: Effects,
): Draft => {
  const coming = [...added.values()].flat();
  const isChanged = ({ key }: DataFile): boolean => changedDeletes.has(key);
  const copied = new Map(rewritten.map(({ file, deletes }) => [file.key, deletes]));
  const others = [...kept, ...rewritten.map(({ file }) => file)];
  const deletes = [...others, ...coming]
    .filter((file) => isChanged(file) || copied.has(file.key))
    .map((file) => ({ file, deletes: (isChanged(file) ? changedDeletes : copied).get(file.key) }));
  const runs = load.map(({ run }) => run.run_id);
  return {
    // A newer version of the own intent's source may be taken along in its place.
    runId: runs.includes(runId) ? runId : (runs[0] ?? runId),
    operation: operation !== 'delete' && deletes.length > 0 ? 'overwrite' : operation,
    title,
    columns,
    partitionedBy,
    added: [...coming, ...rewritten.map(({ file }) => file)],
    removed: [...whole, ...mixed],
    changedDeletes: deletes,
    touched: distinctPartitions([...touched, ...others.filter(isChanged).map(({ partition }) => partition)]),
    properties: {
      [SUMMARY.sources]: sourcesRoot,
      ...(runs.length > 1 && { [SUMMARY.runIds]: runs.join(' ') }),
    },
  };
};
