import { literal } from '../../../engine/sql.ts';
import { lakePaths } from '../../../lake/paths.ts';
import { partitionBy, specOf } from '../../../lake/table/commit/table-schema.ts';
import type { DataFile } from '../../../lake/table/data-file.ts';
import type { Draft, TableSchema } from '../../../lake/table/draft.ts';
import { locationOf } from '../../../lake/table/location.ts';
import { distinctPartitions, type Partition } from '../../../lake/table/partition-names.ts';
import { SUMMARY } from '../../../lake/table/properties.ts';
import type { Snapshot } from '../../../lake/table/read/snapshot.ts';
import { type Rewritten, rewriteFiles } from '../../../lake/table/write/rewrite.ts';
import { ROW_IDENTITY } from '../../transform/silver-table.ts';
import type { CommitContext } from './commit-silver.ts';
import type { Intent } from './intents.ts';
import { mergeKeys } from './merge-keys.ts';
import { filesOfSources } from './replaced-files.ts';
import { type CommittedSource, sourcesRoot } from './sources.ts';

export interface Sources {
  /** The run that commits. */
  own: string;
  /** What is committed of the sources that are replaced. */
  states: ReadonlyMap<string, CommittedSource>;
  /** Sources whose state changes, and not their rows. */
  changes: ReadonlyMap<string, CommittedSource>;
}

/** A source's state names its partitions, so that its files are found again; not if they are more. */
const MAX_PARTITIONS = 64;

/**
 * The next snapshot of silver, in which each of the runs' files are all that there is of their source: the files of
 * the version before go, its rows in files that compaction has merged are taken out of them, and each key shows its
 * latest row.
 */
export const replaceSources = async (
  context: CommitContext,
  base: Snapshot | undefined,
  columns: TableSchema,
  loads: readonly Intent[],
  { own, states, changes }: Sources,
): Promise<Draft> => {
  const { db, contract, store, scratch, sources } = context;
  const location = locationOf(store, contract.dataset, base?.metadata);
  const known = loads.filter(({ run }) => states.has(run.source_id));
  const replaced = known.map(({ run }) => run.source_id);
  const added = new Map(loads.map(({ run, staged }) => [run.source_id, staged.files]));
  const partitionedBy = partitionBy(columns.schema, contract.partitionedBy);
  // Without a key nothing is compared, and what is new replaces nothing: the table's files are of no concern.
  const files =
    contract.primaryKey.length > 0
      ? await base?.files(concerned(context, [...added.values()].flat(), known.map(stateOf(states))))
      : known.length > 0
        ? await base?.files(merged(known.map(stateOf(states)).map(({ partitions }) => partitions)))
        : [];
  const { whole, mixed } = await filesOfSources(db, files ?? [], replaced, {
    ...context,
    schema: columns.schema,
  });
  const rest: Rewritten[] = [];
  for (const file of mixed)
    rest.push(
      ...(await rewriteFiles(db, [file], {
        store,
        scratch,
        schema: columns.schema,
        spec: specOf(partitionedBy),
        prefix: own,
        dataKey: (name) => lakePaths.data(contract.dataset, name),
        deletesKey: (name) => lakePaths.deletes(contract.dataset, name),
        uriOf: (key) => location.uriOf(key),
        identity: ROW_IDENTITY,
        retired: Object.values(columns.columnIds.retired),
        keep: `_source_id NOT IN (${replaced.map(literal).join(', ')})`,
      })),
    );
  const removed = [...whole, ...mixed];
  const gone = new Set(removed.map(({ key }) => key));
  const others = [
    ...(files ?? []).filter(({ key }) => !gone.has(key)),
    ...rest.map(({ file, deletes }) => (deletes === undefined ? file : { ...file, deletes })),
  ];
  const next = new Map(changes);
  for (const { run, staged } of loads)
    next.set(run.source_id, {
      runId: run.run_id,
      sequencer: run.sequencer,
      uploadedAt: run.uploaded_at,
      content: staged.content,
      ...few(distinctPartitions(staged.files.map(({ partition }) => partition))),
    });
  const remasked = await mergeKeys(db, {
    contract,
    schema: columns.schema,
    store,
    scratch,
    runId: own,
    uriOf: (key) => location.uriOf(key),
    others,
    gone: removed,
    replaced,
    added,
    statesOf: async (ids) => {
      const found = await sources.getMany(
        sourcesRoot(base),
        ids.filter((id) => !next.has(id)),
      );
      return new Map([...found, ...next]);
    },
  });
  const runs = loads.map(({ run }) => run.run_id);
  const incoming = [...added.values()].flat();
  const rewritten = new Map(rest.map(({ file, deletes }) => [file.key, deletes]));
  const masks = [
    ...rest.filter(({ file }) => !remasked.has(file.key)),
    ...[...others, ...incoming].flatMap((file) => {
      if (!remasked.has(file.key)) return [];
      // What a rewritten file hides is said for the first time.
      const { deletes: _, ...bare } = file;
      return [{ file: rewritten.has(file.key) ? bare : file, deletes: remasked.get(file.key) }];
    }),
  ];
  const changedFiles = [...removed, ...incoming, ...others.filter(({ key }) => remasked.has(key))];
  return {
    // Not that of the run that commits, where a newer version of its source is taken along instead.
    runId: runs.includes(own) ? own : (runs[0] ?? own),
    ...wordsFor(loads.length, incoming.length, removed.length, masks.length),
    columns,
    partitionedBy,
    added: [...incoming, ...rest.map(({ file }) => file)],
    removed,
    changedDeletes: masks,
    touched: distinctPartitions(changedFiles.map(({ partition }) => partition)),
    properties: {
      [SUMMARY.sources]: await sources.put(sourcesRoot(base), next),
      ...(runs.length > 1 && { [SUMMARY.runIds]: runs.join(' ') }),
    },
  };
};

const wordsFor = (
  loads: number,
  added: number,
  removed: number,
  remasked: number,
): Pick<Draft, 'operation' | 'title'> => {
  if (loads === 0) return { operation: 'replace', title: 'confirm source' };
  if (removed > 0) return { operation: added === 0 ? 'delete' : 'overwrite', title: 'replace source' };
  return { operation: remasked > 0 ? 'overwrite' : 'append', title: 'append' };
};

const stateOf =
  (states: ReadonlyMap<string, CommittedSource>) =>
  ({ run }: Intent): CommittedSource =>
    states.get(run.source_id) as CommittedSource;

/** The partitions where rows of the same keys can be; undefined for anywhere. */
const concerned = (
  { contract }: CommitContext,
  added: readonly DataFile[],
  known: readonly CommittedSource[],
): Partition[] | undefined => {
  const { partitionedBy, primaryKey } = contract;
  if (!partitionedBy.every(({ column }) => primaryKey.includes(column))) return undefined;
  return merged([added.map(({ partition }) => partition), ...known.map(({ partitions }) => partitions)]);
};

const merged = (lists: readonly (Partition[] | undefined)[]): Partition[] | undefined =>
  lists.some((list) => list === undefined)
    ? undefined
    : distinctPartitions(lists.flatMap((list) => list ?? []));

const few = (partitions: Partition[]): { partitions?: Partition[] } =>
  partitions.length > MAX_PARTITIONS ? {} : { partitions };
