import { literal } from '../../../engine/sql.ts';
import { lakePaths } from '../../../lake/paths.ts';
import { partitionBy, specOf } from '../../../lake/table/commit/table-schema.ts';
import type { DataFile } from '../../../lake/table/data-file.ts';
import type { Draft, TableSchema } from '../../../lake/table/draft.ts';
import { locationOf } from '../../../lake/table/location.ts';
import type { Snapshot } from '../../../lake/table/read/snapshot.ts';
import { type Rewritten, rewriteFiles } from '../../../lake/table/write/rewrite.ts';
import { ROW_IDENTITY } from '../../transform/silver-table.ts';
import type { CommitContext } from './commit-context.ts';
import { filesOfSources } from './files-of-sources.ts';
import { type MergedKeys, mergeKeys } from './merge-keys.ts';
import {
  confirmedSources,
  type FilesPlan,
  partitionsToSearch,
  planSilverFiles,
  replacedSources,
  type SilverInput,
} from './plan-silver-files.ts';
import { silverDraft } from './silver-draft.ts';
import { type CommittedSource, sourcesRoot } from './sources.ts';
import { withSupersededRows } from './superseded-rows.ts';

export interface CarriedOut {
  draft: Draft;
  /** The entries of committed sources that change. */
  entries: ReadonlyMap<string, CommittedSource>;
}

/**
 * Plans what becomes of the table's files, and writes everything that the next snapshot needs.
 *
 * @param runId of the run or the removal that commits; first part of the names of new files
 */
export const carryOutFiles = async (
  context: CommitContext,
  base: Snapshot | undefined,
  columns: TableSchema,
  input: SilverInput & Pick<CommitContext, 'contract'>,
  runId: string,
): Promise<CarriedOut> => {
  const { contract, committedSources } = context;
  const files = await filesToSearch(base, input);
  const found = await filesOfSources(context, files, replacedSources(input), columns.schema);
  const aged = await filesOfSources(context, files, confirmedSources(input), columns.schema);
  const confirmed = [...aged.whole, ...aged.mixed];
  const plan = planSilverFiles(input, columns.schema, { ...found, files, confirmed });

  const rewritten = await rewriteMixed(context, base, columns, plan, runId);
  const { changedDeletes, rows } = await compareKeys(context, base, columns, plan, { rewritten, runId });
  const entries = withSupersededRows(plan.entries, new Set(plan.confirmed), rows);
  const draft = silverDraft(plan, {
    runId,
    load: input.load,
    columns,
    partitionedBy: partitionBy(columns.schema, contract.partitionedBy),
    rewritten,
    changedDeletes,
    sourcesRoot: await committedSources.put(sourcesRoot(base), entries),
  });
  return { draft, entries };
};

const filesToSearch = async (base: Snapshot | undefined, input: SilverInput): Promise<DataFile[]> => {
  const partitions = partitionsToSearch(input);
  if (base === undefined || partitions.length === 0) return [];
  return await base.files(partitions === 'all' ? undefined : partitions);
};

/** Each mixed file alone, so that hidden rows are found again by file. */
const rewriteMixed = async (
  context: CommitContext,
  base: Snapshot | undefined,
  { schema, columnIds }: TableSchema,
  { mixed, replaced }: FilesPlan,
  runId: string,
): Promise<Rewritten[]> => {
  const { store, contract } = context;
  const location = locationOf(store, contract.dataset, base?.metadata);
  const rewritten: Rewritten[] = [];
  for (const file of mixed)
    rewritten.push(
      ...(await rewriteFiles(context, [file], {
        schema,
        spec: specOf(partitionBy(schema, contract.partitionedBy)),
        prefix: runId,
        dataKey: (name) => lakePaths.data(contract.dataset, name),
        deletesKey: (name) => lakePaths.deletes(contract.dataset, name),
        uriOf: (key) => location.uriOf(key),
        identity: ROW_IDENTITY,
        retired: Object.values(columnIds.retired),
        keep: `_source_id NOT IN (${replaced.map(literal).join(', ')})`,
      })),
    );
  return rewritten;
};

const compareKeys = async (
  context: CommitContext,
  base: Snapshot | undefined,
  { schema }: TableSchema,
  plan: FilesPlan,
  { rewritten, runId }: { rewritten: readonly Rewritten[]; runId: string },
): Promise<MergedKeys> => {
  if (!plan.compareKeys) return { changedDeletes: new Map(), rows: new Map() };
  const { store, contract, committedSources } = context;
  const location = locationOf(store, contract.dataset, base?.metadata);
  const { entries } = plan;
  return await mergeKeys(context, {
    contract,
    schema,
    runId,
    uriOf: (key) => location.uriOf(key),
    rivals: [
      ...plan.rivals,
      ...rewritten.map(({ file, deletes }) => ({ ...file, ...(deletes && { deletes }) })),
    ],
    going: [...plan.whole, ...plan.mixed],
    replaced: plan.replaced,
    added: [...plan.added.values()].flat(),
    confirmed: plan.confirmed,
    counted: [...entries.keys()],
    committedOf: async (ids) => {
      const unchanged = ids.filter((id) => !entries.has(id));
      return new Map([...(await committedSources.getMany(sourcesRoot(base), unchanged)), ...entries]);
    },
  });
};
