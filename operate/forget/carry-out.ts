import path from 'node:path';
import type { KnownRun } from '../../shared/replay/known-runs.ts';
import { followSilver } from '../../shared/stages/load-to-gold/gold/follow-silver.ts';
import { findForgotten, forgetRows } from '../../shared/stages/load-to-gold/silver/forget-rows.ts';
import type { Receipt } from '../forgotten.ts';
import { type ForgetContext, runsOf, tablesOf, tell } from './forget-context.ts';
import type { ForgetNotes } from './forget-notes.ts';
import { earlierFiles, forgetTable, goneOf, matchingFiles } from './forget-tables.ts';
import { quarantinePlan, quarantineTools, rawPlan, stagedPlan } from './plans.ts';
import { removeQuarantined } from './quarantined-rows.ts';
import type { Found, SilverResult } from './receipt.ts';
import { removeStaged } from './staged-rows.ts';

/** Carries a request out, each step after the other. A step that its notes have as done is left out. */
export const carryOut = async (context: ForgetContext, notes: ForgetNotes): Promise<Found> => {
  const { source, contract } = context;
  const { lake } = source;
  const silver = await forgetSilver(context, notes);
  const gold = await followGold(context, notes.state.id);
  const runs = await runsOf(context);
  const tables = await forgetTables(context, notes, runs.own);
  tell(context, `Looking for records in quarantine/${contract.dataset}/`);
  const quarantine = await notes.step(
    'quarantine',
    async () => resultAndPlan(await quarantinePlan(context)),
    async (plan) => await nothing(removeQuarantined(quarantineTools(context), plan)),
  );
  const staging = await notes.step(
    'staging',
    async () => {
      const plan = await stagedPlan(context, runs);
      return { result: { ...goneOf(plan.objects), left: plan.left }, plan };
    },
    async (plan) => await nothing(removeStaged(lake, contract.dataset, plan)),
  );
  const raw = await notes.step(
    'raw',
    async () => resultAndPlan(await rawPlan(context, silver.sources, quarantine, runs.own)),
    async ({ deleted }) => {
      // The oldest first, so that no earlier version is shown in between.
      const names = deleted.map(({ key, version }) => ({ key, versionId: version }));
      if (names.length > 0) await lake.raw.removeVersions(names.toReversed());
      return undefined;
    },
  );
  return { silver, gold, tables, quarantine, staging, raw };
};

const resultAndPlan = <Plan>(plan: Plan) => ({ result: plan, plan });

/** Carrying out has no better counts than the plan. */
const nothing = async (work: Promise<void>): Promise<undefined> => {
  await work;
  return undefined;
};

const forgetSilver = async (context: ForgetContext, notes: ForgetNotes): Promise<SilverResult> => {
  const { db, scratch, contract, condition, source } = context;
  const workbench = { db, store: source.lake.silver, scratch: path.join(scratch, 'silver') };
  const forget = { runId: notes.state.id, where: condition.sql };
  tell(context, `Looking for rows in silver.${contract.dataset}`);
  return await notes.step<SilverResult, undefined>(
    'silver',
    async () => ({ result: await findForgotten(workbench, contract, forget), plan: undefined }),
    async (_, earlier) => {
      const { forgotten, table } = await forgetRows(workbench, contract, forget);
      const version = table?.snapshot?.version;
      // Where an earlier call has committed, none is left, and its counts are right.
      const counts = forgotten.rows > 0 || earlier === undefined ? forgotten : earlier;
      return { ...counts, ...(version !== undefined && { version }) };
    },
  );
};

const followGold = async (
  { source, db, scratch, contract, definitions }: ForgetContext,
  runId: string,
): Promise<Receipt['gold']> => {
  const { lake, catalog } = source;
  const { dataset } = contract;
  const context = { lake, catalog, scratch: path.join(scratch, 'gold'), ...definitions };
  return await followSilver(db, { dataset, silver: undefined, runId }, context);
};

const forgetTables = async (
  context: ForgetContext,
  notes: ForgetNotes,
  runs: readonly KnownRun[],
): Promise<Receipt['tables']> => {
  const { source, contract, condition } = context;
  const ended = new Set(runs.map(({ run_id }) => run_id));
  const isOver = (runId: string): boolean => ended.has(runId) || IS_NO_RUN.test(runId);
  const inSilver = matchingFiles(context, contract, condition.sql, isOver);
  const tables: Receipt['tables'] = [];
  for (const table of tablesOf(context)) {
    tell(context, `Removing the history of ${table.zone}.${table.name}`);
    const isDoomed = table.zone === 'gold' ? earlierFiles : inSilver;
    tables.push(await forgetTable(notes, source, table, isDoomed));
  }
  return tables;
};

/** Maintenance, rebuilds and requests: the files that they left behind are of no use. */
const IS_NO_RUN = /^(maintenance|forget|rebuild|rollback)-/;
