import type { Contract } from '../../../contract/model.ts';
import { ConservationBroken } from '../../../errors.ts';
import type { IndexTree } from '../../../lake/index-tree/index-tree.ts';
import { lakePaths } from '../../../lake/paths.ts';
import type { Look } from '../../../lake/table/commit/change.ts';
import { type MetadataVersion, Table, type TableOptions } from '../../../lake/table/commit/table.ts';
import { partitionBy, specOf } from '../../../lake/table/commit/table-schema.ts';
import type { DataFile } from '../../../lake/table/data-file.ts';
import type { Draft, TableSchema } from '../../../lake/table/draft.ts';
import { distinctPartitions } from '../../../lake/table/partition-names.ts';
import { SUMMARY } from '../../../lake/table/properties.ts';
import type { Snapshot } from '../../../lake/table/read/snapshot.ts';
import type { Workbench } from '../../../lake/table/workbench.ts';
import { type Rewritten, rewriteFiles } from '../../../lake/table/write/rewrite.ts';
import { ROW_IDENTITY, silverSchema } from '../../transform/silver-table.ts';
import { keyField, mayShareKeys } from './key-bounds.ts';
import { type MatchingFile, MatchingRows } from './matching-rows.ts';
import { type ChangedDeletes, mergeKeys } from './merge-keys.ts';
import { RELATION } from './relations.ts';
import { type CommittedSource, sourcesRoot, sourceTree } from './sources.ts';

export interface Forget {
  /** Names the commit in the table's history, in place of a run. */
  runId: string;
  /** SQL of one condition over the columns of the dataset's silver table. */
  where: string;
}

/** The rows that a commit took out of a silver table, in numbers. */
export interface ForgottenRows {
  /** Rows in the table's files, and those of them that readers saw. */
  rows: number;
  shown: number;
  /** Files that were written again without them. */
  files: number;
  /** Source ids of the files that brought them. */
  sources: string[];
}

/** Counts the rows that a commit would take out of the newest snapshot. */
export const findForgotten = async (
  workbench: Workbench,
  contract: Contract,
  { where }: Pick<Forget, 'where'>,
): Promise<ForgottenRows> => {
  const base = await new Table(workbench.store, contract.dataset).current();
  const search = new MatchingRows(workbench, contract, where);
  return countsOf(base === undefined ? [] : await search.in(base, await base.files()));
};

/**
 * Takes the matching rows out of silver, as one commit: files that hold any are written again without them, those included that
 * rows of other files hide. Rows of the same keys that do not match show again. The index of sources stays as it is, so
 * that an event that comes once more brings nothing back. A repetition finds nothing to do.
 *
 * @returns counts, which are 0 where no row matches, and the table as it is now
 * @throws ConservationBroken when a rewritten file does not have exactly its other rows
 * @throws SchemaIncompatible when the table does not fit the contract; CommitConflict when other writers won every race
 */
export const forgetRows = async (
  workbench: Workbench,
  contract: Contract,
  forget: Forget,
  options?: TableOptions,
): Promise<{ forgotten: ForgottenRows; table: MetadataVersion | undefined }> => {
  const { store } = workbench;
  const index = sourceTree(store, contract.dataset);
  const search = new MatchingRows(workbench, contract, forget.where);
  const { version, outcome } = await new Table(store, contract.dataset, options).commit({
    look: async (base): Promise<Look<MatchingFile[], ForgottenRows>> => {
      const found = base === undefined ? [] : await search.in(base, await base.files());
      return found.length === 0 ? { outcome: countsOf([]) } : { todo: found };
    },
    make: async (base, found) => {
      const snapshot = base as Snapshot;
      await search.collect(
        snapshot,
        found.map(({ file }) => file),
      );
      const draft = await draftOf({ workbench, contract, index, forget }, snapshot, found);
      return { draft, outcome: countsOf(found) };
    },
  });
  return { forgotten: outcome, table: version };
};

const countsOf = (found: readonly MatchingFile[]): ForgottenRows => ({
  rows: found.reduce((sum, { rows }) => sum + rows, 0),
  shown: found.reduce((sum, { shown }) => sum + shown, 0),
  files: found.length,
  sources: [...new Set(found.flatMap(({ sources }) => sources))].toSorted(),
});

interface ForgetContext {
  workbench: Workbench;
  contract: Contract;
  index: IndexTree<CommittedSource>;
  forget: Forget;
}

const draftOf = async (
  context: ForgetContext,
  base: Snapshot,
  found: readonly MatchingFile[],
): Promise<Draft> => {
  const { contract, forget } = context;
  const columns = silverSchema(contract, base);
  const rewritten = await rewriteWithout(context, base, columns, found);
  const changed = await showAgain(context, base, columns, found, rewritten);
  const going = new Set(found.map(({ file }) => file.key));
  const hidden = (await base.files()).filter(({ key }) => !going.has(key) && changed.has(key));
  const deletesOf = ({ file, deletes }: Rewritten) =>
    changed.has(file.key) ? changed.get(file.key) : deletes;
  const root = sourcesRoot(base);
  return {
    runId: forget.runId,
    operation: rewritten.length + hidden.length === 0 ? 'delete' : 'overwrite',
    title: 'forget',
    columns,
    partitionedBy: partitionBy(columns.schema, contract.partitionedBy),
    added: rewritten.map(({ file }) => file),
    removed: found.map(({ file }) => file),
    changedDeletes: [
      ...rewritten.map((each) => ({ file: each.file, deletes: deletesOf(each) })),
      ...hidden.map((file) => ({ file, deletes: changed.get(file.key) })),
    ],
    touched: distinctPartitions([
      ...[...found, ...rewritten].map(({ file }) => file.partition),
      ...hidden.map(({ partition }) => partition),
    ]),
    properties: { ...(root !== undefined && { [SUMMARY.sources]: root }) },
  };
};

/** Each file alone, so that hidden rows are found again by file. */
const rewriteWithout = async (
  { workbench, contract, forget }: ForgetContext,
  base: Snapshot,
  { schema, columnIds }: TableSchema,
  found: readonly MatchingFile[],
): Promise<Rewritten[]> => {
  const all: Rewritten[] = [];
  for (const { file, rows } of found) {
    const rewritten = await rewriteFiles(workbench, [file], {
      schema,
      spec: specOf(partitionBy(schema, contract.partitionedBy)),
      prefix: forget.runId,
      dataKey: (name) => lakePaths.data(contract.dataset, name),
      deletesKey: (name) => lakePaths.deletes(contract.dataset, name),
      uriOf: (key) => base.uriOf(key),
      identity: ROW_IDENTITY,
      retired: Object.values(columnIds.retired),
      keep: `NOT EXISTS (SELECT 1 FROM ${RELATION.forgotten} WHERE source = _source_id AND n = _row)`,
    });
    const left = rewritten.reduce((sum, each) => sum + each.file.rows, 0);
    if (left !== file.rows - rows)
      throw new ConservationBroken(
        `A file of silver.${contract.dataset} with ${file.rows} rows, of which ${rows} are to be forgotten, was written again with ${left}. The table was not changed.`,
      );
    all.push(...rewritten);
  }
  return all;
};

/** Decides again which row of a key shows, for the keys of the files' sources. */
const showAgain = async (
  { workbench, contract, index, forget }: ForgetContext,
  base: Snapshot,
  { schema }: TableSchema,
  found: readonly MatchingFile[],
  rewritten: readonly Rewritten[],
): Promise<ChangedDeletes> => {
  if (contract.primaryKey.length === 0) return new Map();
  const field = keyField(contract, schema);
  const going = found.map(({ file }) => file);
  const keys = new Set(going.map(({ key }) => key));
  const meets = (file: DataFile): boolean => going.some((one) => mayShareKeys(contract, field, one, file));
  const rivals = [
    ...(await base.files()).filter((file) => !keys.has(file.key) && meets(file)),
    ...rewritten.map(({ file, deletes }) => ({ ...file, ...(deletes && { deletes }) })),
  ];
  if (rivals.length === 0) return new Map();
  const { changedDeletes } = await mergeKeys(workbench, {
    contract,
    schema,
    runId: forget.runId,
    uriOf: (key) => base.uriOf(key),
    rivals,
    going,
    replaced: countsOf(found).sources,
    added: [],
    confirmed: [],
    counted: [],
    committedOf: async (ids) => await index.getMany(sourcesRoot(base), ids),
  });
  return changedDeletes;
};
