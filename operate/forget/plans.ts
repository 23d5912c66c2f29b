import path from 'node:path';
import { Table } from '../../shared/lake/table/commit/table.ts';
import { byKey, type KnownRun } from '../../shared/replay/known-runs.ts';
import { listFiles } from '../../shared/replay/raw-versions.ts';
import { sourceIdOf } from '../../shared/run/run-identity.ts';
import { sourcesRoot, sourceTree } from '../../shared/stages/load-to-gold/silver/sources.ts';
import type { RawLeft, Receipt } from '../forgotten.ts';
import type { ForgetContext } from './forget-context.ts';
import {
  planQuarantined,
  type QuarantinePlan,
  type QuarantineTools,
  quarantinedRuns,
} from './quarantined-rows.ts';
import { planRaw, versionName } from './raw-versions.ts';
import { planStaged, type StagedPlan } from './staged-rows.ts';

export const quarantineTools = ({ source, ...context }: ForgetContext): QuarantineTools => {
  const { db, scratch, contract, condition, options } = context;
  const { sql, columns } = condition;
  return {
    ...{ db, contract, lake: source.lake, scratch: path.join(scratch, 'quarantine') },
    condition: { sql, columns, text: options.quarantineText },
  };
};

export const quarantinePlan = async (context: ForgetContext): Promise<QuarantinePlan> => {
  const tools = quarantineTools(context);
  return await planQuarantined(tools, await quarantinedRuns(tools.lake, context.contract.dataset));
};

export const stagedPlan = async (
  { source, contract }: ForgetContext,
  { own, others }: { own: readonly KnownRun[]; others: readonly KnownRun[] },
): Promise<StagedPlan> =>
  await planStaged(source.lake, contract.dataset, {
    ended: new Map(own.map((run) => [run.run_id, run])),
    stored: new Set(await quarantinedRuns(source.lake, contract.dataset)),
    others: new Set(others.map(({ run_id }) => run_id)),
  });

/**
 * The versions of the raw files that brought the rows.
 *
 * @param sources source ids of the files that brought rows of silver
 */
export const rawPlan = async (
  { source, contract, options }: ForgetContext,
  sources: readonly string[],
  { runs: refused }: QuarantinePlan,
  runs: readonly KnownRun[],
): Promise<Receipt['raw']> => {
  const { lake, versions } = source;
  const bucket = lake.raw.name;
  const keyOf = new Map(runs.map((run) => [sourceIdOf(bucket, run.source_key), run.source_key]));
  const keys = [
    ...sources.flatMap((id) => keyOf.get(id) ?? []),
    ...refused.map(({ sourceKey }) => sourceKey),
  ];
  const snapshot = await new Table(lake.silver, contract.dataset).current();
  const index = sourceTree(lake.silver, contract.dataset);
  const ids = new Set(keys.map((key) => sourceIdOf(bucket, key)));
  const committed = await index.getMany(sourcesRoot(snapshot), ids);
  const loaded = sources.flatMap((id) => {
    const run = runs.find(({ run_id }) => run_id === committed.get(id)?.runId);
    return run === undefined ? [] : [versionName(run.source_key, run.source_version)];
  });
  const holding = new Set([
    ...loaded,
    ...refused.map(({ sourceKey, sourceVersion }) => versionName(sourceKey, sourceVersion)),
  ]);
  const files = await listFiles((prefix) => versions(prefix), keys);
  const all = planRaw({ bucket, files, committed, runs: byKey(runs), holding });
  const isDeleted = ({ kept }: RawLeft): boolean => options.raw === true && kept === undefined;
  return {
    deleted: all.filter(isDeleted),
    left: all.filter((version) => !isDeleted(version)),
    unknown: sources.filter((id) => !keyOf.has(id)),
  };
};
