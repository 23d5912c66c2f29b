import { literal } from '../../../engine/sql.ts';
import { lakePaths } from '../../../lake/paths.ts';
import type { Made } from '../../../lake/table/commit/change.ts';
import { partitionBy, specOf } from '../../../lake/table/commit/table-schema.ts';
import type { DataFile } from '../../../lake/table/data-file.ts';
import type { TableSchema } from '../../../lake/table/draft.ts';
import { locationOf } from '../../../lake/table/location.ts';
import type { Snapshot } from '../../../lake/table/read/snapshot.ts';
import { type Rewritten, rewriteFiles } from '../../../lake/table/write/rewrite.ts';
import type { SupersededRows } from '../../../run/build-run-record.ts';
import { ROW_IDENTITY, silverSchema } from '../../transform/silver-table.ts';
import { stagedLayout } from '../../transform/staged-silver.ts';
import type { CommitContext } from './commit-context.ts';
import { filesOfSources } from './files-of-sources.ts';
import type { Intent } from './intent.ts';
import { type MergedKeys, mergeKeys } from './merge-keys.ts';
import {
  confirmedSources,
  type FilesPlan,
  partitionsToSearch,
  planSilverFiles,
  replacedSources,
  type SilverInput,
} from './plan-silver-files.ts';
import { planSources, type Standing } from './plan-sources.ts';
import { requireStagedFiles, restaged } from './restage.ts';
import { silverDraft } from './silver-draft.ts';
import { sourcesRoot } from './sources.ts';
import { supersededRowsOf, withSupersededRows } from './superseded-rows.ts';

/** The result of a commit for the run that made it. */
export interface CommitOutcome {
  standing: Standing;
  rows: SupersededRows;
}

/**
 * Plans the next snapshot of silver and does everything that it needs, so that only the commit is left: in it the staged
 * files of each run are all that silver holds of their source, and each key shows its latest row.
 *
 * @returns the standing of the own intent, and its counts, as the outcome
 * @throws SchemaIncompatible, ObjectMissing
 */
export const carryOut = async (
  context: CommitContext,
  base: Snapshot | undefined,
  own: Intent,
  waiting: readonly Intent[],
): Promise<Made<CommitOutcome>> => {
  const { contract, committedSources, intents } = context;
  const columns = silverSchema(contract, base);
  const committed = await committedSources.getMany(
    sourcesRoot(base),
    [own, ...waiting].map(({ run }) => run.source_id),
  );
  const layout = stagedLayout(contract, columns);
  const sources = planSources({ own, waiting, committed, layout });
  for (const intent of sources.done) await intents.remove(intent);

  const load: Intent[] = [];
  for (const intent of sources.load)
    load.push(intent === own ? await readied(context, columns, own) : intent);
  const input = { contract, load, confirm: sources.confirm, committed };
  const files = await filesToSearch(base, input);
  const found = await filesOfSources(context, files, replacedSources(input), columns.schema);
  const aged = await filesOfSources(context, files, confirmedSources(input), columns.schema);
  const confirmed = [...aged.whole, ...aged.mixed];
  const plan = planSilverFiles(input, columns.schema, { ...found, files, confirmed });

  const rewritten = await rewriteMixed(context, base, columns, plan, own);
  const { changedDeletes, rows } = await compareKeys(context, base, columns, plan, { rewritten, own });
  const entries = withSupersededRows(plan.entries, new Set(plan.confirmed), rows);
  const draft = silverDraft(plan, {
    own,
    load,
    columns,
    partitionedBy: partitionBy(columns.schema, contract.partitionedBy),
    rewritten,
    changedDeletes,
    sourcesRoot: await committedSources.put(sourcesRoot(base), entries),
  });
  const { source_id } = own.run;
  const entry = entries.get(source_id) ?? committed.get(source_id);
  return { draft, outcome: { standing: sources.own, rows: supersededRowsOf(sources.own, entry) } };
};

/** The own intent with files that are there, and that fit the table. */
const readied = async (context: CommitContext, columns: TableSchema, own: Intent): Promise<Intent> => {
  await requireStagedFiles(context, own);
  return { ...own, staged: await restaged(context, columns, own) };
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
  own: Intent,
): Promise<Rewritten[]> => {
  const { store, contract } = context;
  const location = locationOf(store, contract.dataset, base?.metadata);
  const rewritten: Rewritten[] = [];
  for (const file of mixed)
    rewritten.push(
      ...(await rewriteFiles(context, [file], {
        schema,
        spec: specOf(partitionBy(schema, contract.partitionedBy)),
        prefix: own.run.run_id,
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
  { rewritten, own }: { rewritten: readonly Rewritten[]; own: Intent },
): Promise<MergedKeys> => {
  if (!plan.compareKeys) return { changedDeletes: new Map(), rows: new Map() };
  const { store, contract, committedSources } = context;
  const location = locationOf(store, contract.dataset, base?.metadata);
  const { entries } = plan;
  return await mergeKeys(context, {
    contract,
    schema,
    runId: own.run.run_id,
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
