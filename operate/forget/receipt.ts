import path from 'node:path';
import { Table } from '../../shared/lake/table/commit/table.ts';
import { type ForgottenRows, findForgotten } from '../../shared/stages/load-to-gold/silver/forget-rows.ts';
import type { Receipt } from '../forgotten.ts';
import { type ForgetContext, runsOf, tablesOf } from './forget-context.ts';
import { goneOf } from './forget-tables.ts';
import { quarantinePlan, rawPlan, stagedPlan } from './plans.ts';
import type { QuarantinePlan } from './quarantined-rows.ts';

export type SilverResult = ForgottenRows & { version?: number };

export interface Found extends Pick<Receipt, 'gold' | 'tables' | 'staging' | 'raw'> {
  silver: SilverResult;
  quarantine: QuarantinePlan;
}

const NOT_SEARCHED = [
  'versions of raw files of which neither silver nor quarantine has matching rows now',
  'columns that the contract has dropped, and partition values in the names of files',
  'copies outside of the lake: backups, results of queries, exports',
];

export const receiptOf = (
  { contract, condition, options }: ForgetContext,
  begun: Pick<Receipt, 'id' | 'requested_at'>,
  found: Found,
): Omit<Receipt, 'finished_at'> => {
  const { sources: _, ...silver } = found.silver;
  const { runs, notJudged } = found.quarantine;
  const { gold, tables, staging, raw } = found;
  return {
    id: begun.id,
    dataset: contract.dataset,
    requested_at: begun.requested_at,
    condition: condition.hash,
    ...(options.note !== undefined && { note: options.note }),
    ...{ silver, gold, tables, staging, raw },
    quarantine: {
      records: runs.reduce((sum, { records }) => sum + records, 0),
      files: runs.length,
      not_judged: notJudged,
    },
    not_searched: NOT_SEARCHED,
  };
};

/** Counts the effects of a request, without them. */
export const countForgotten = async (context: ForgetContext): Promise<Receipt> => {
  const { source, db, scratch, contract, condition } = context;
  const workbench = { db, store: source.lake.silver, scratch: path.join(scratch, 'silver') };
  const silver = await findForgotten(workbench, contract, { where: condition.sql });
  const quarantine = await quarantinePlan(context);
  const runs = await runsOf(context);
  const { objects, left } = await stagedPlan(context, runs);
  const raw = await rawPlan(context, silver.sources, quarantine, runs.own);
  const tables: Receipt['tables'] = [];
  for (const { zone, name } of tablesOf(context)) {
    const newest = await new Table(source.lake[zone], name).newest();
    const snapshots = Math.max(0, (newest?.metadata.snapshots.length ?? 1) - 1);
    tables.push({ table: `${zone}.${name}`, snapshots, objects: 0, bytes: 0 });
  }
  const begun = { id: 'dry-run', requested_at: new Date().toISOString() };
  const staging = { ...goneOf(objects), left };
  return receiptOf(context, begun, { silver, gold: [], tables, quarantine, staging, raw });
};
