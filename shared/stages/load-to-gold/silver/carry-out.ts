import type { Made } from '../../../lake/table/commit/change.ts';
import type { TableSchema } from '../../../lake/table/draft.ts';
import type { Snapshot } from '../../../lake/table/read/snapshot.ts';
import type { SupersededRows } from '../../../run/build-run-record.ts';
import { silverSchema } from '../../transform/silver-table.ts';
import { stagedLayout } from '../../transform/staged-silver.ts';
import { carryOutFiles } from './carry-out-files.ts';
import type { CommitContext } from './commit-context.ts';
import type { Intent } from './intent.ts';
import { planSources, type Standing } from './plan-sources.ts';
import { requireStagedFiles, restaged } from './restage.ts';
import { sourcesRoot } from './sources.ts';
import { supersededRowsOf } from './superseded-rows.ts';

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
  const input = { contract, load, confirm: sources.confirm, remove: new Map(), committed };
  const { draft, entries } = await carryOutFiles(context, base, columns, input, own.run.run_id);
  const { source_id } = own.run;
  const entry = entries.get(source_id) ?? committed.get(source_id);
  return { draft, outcome: { standing: sources.own, rows: supersededRowsOf(sources.own, entry) } };
};

/** The own intent with files that are there, and that fit the table. */
const readied = async (context: CommitContext, columns: TableSchema, own: Intent): Promise<Intent> => {
  await requireStagedFiles(context, own);
  return { ...own, staged: await restaged(context, columns, own) };
};
