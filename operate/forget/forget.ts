import { randomUUID } from 'node:crypto';
import { evaluateIn, loadContract } from '../../shared/contract/load.ts';
import { withoutValues } from '../../shared/engine/failure-reason.ts';
import { withScratch } from '../../shared/engine/scratch.ts';
import { withDuckDb } from '../../shared/engine/with-duckdb.ts';
import { UsageError } from '../../shared/errors.ts';
import { lakePaths } from '../../shared/lake/paths.ts';
import { removeNoncurrent } from '../../shared/lake/storage/noncurrent.ts';
import { refuseForeignSnapshots } from '../../shared/lake/table/commit/forget-history.ts';
import { Table } from '../../shared/lake/table/commit/table.ts';
import { readDefinitions } from '../../shared/stages/load-to-gold/load.ts';
import type { ForgetOptions, Receipt } from '../forgotten.ts';
import { RebuildNotes } from '../rebuild/rebuild-notes.ts';
import { carryOut } from './carry-out.ts';
import { readCondition } from './condition.ts';
import { type ForgetContext, type ForgetSource, tablesOf } from './forget-context.ts';
import { ForgetNotes } from './forget-notes.ts';
import { countForgotten, receiptOf } from './receipt.ts';

/**
 * Removes rows that fulfil a condition from a dataset for good: from silver, gold, quarantine and what is staged, from their
 * history and from storage. `docs/adr/0017-forgetting-rows.md` says how. A request that was interrupted goes on with the
 * same call.
 *
 * @param where SQL of one condition over the columns of the silver table
 * @throws UsageError for text that is no such condition, where another request or a rebuild is unfinished, and where another
 *   program keeps snapshots
 * @throws UnknownDataset, ContractInvalid, ModelFailed, SchemaIncompatible, CommitConflict, ConservationBroken
 */
export const forgetWhere = async (
  source: ForgetSource,
  dataset: string,
  where: string,
  options: ForgetOptions = {},
): Promise<Receipt> =>
  await withScratch(source.config.scratchRoot, (scratch) =>
    withDuckDb({ ...source.config, scratch }, async (db) => {
      const contract = await loadContract(source.config.sqlDir, dataset, evaluateIn(db));
      const condition = await readCondition(db, contract, where);
      const definitions = await readDefinitions(db, contract, source.config.sqlDir);
      const context = { source, db, scratch, contract, definitions, condition, options };
      await refuse(context);
      return options.dryRun ? await countForgotten(context) : await forget(context);
    }),
  ).catch((error: unknown) => {
    throw withoutValues(error);
  });

const refuse = async (context: ForgetContext): Promise<void> => {
  const { lake } = context.source;
  const { dataset } = context.contract;
  if ((await RebuildNotes.unfinished(lake.silver, dataset)) !== undefined)
    throw new UsageError(
      `A rebuild of ${dataset} is unfinished: it would bring rows back. Finish it first: duckstep rebuild ${dataset}`,
    );
  for (const { zone, name } of tablesOf(context))
    refuseForeignSnapshots(`${zone}.${name}`, await new Table(lake[zone], name).newest());
};

const forget = async (context: ForgetContext): Promise<Receipt> => {
  const { silver, gold } = context.source.lake;
  const notes = await open(context);
  const found = await carryOut(context, notes);
  const receipt = {
    ...receiptOf(context, notes.state, found),
    finished_at: new Date().toISOString(),
  };
  await gold.write(lakePaths.receipt(notes.state.id), JSON.stringify(receipt, null, 2));
  await notes.remove();
  // The note has the condition, so where silver keeps versions, those of the note go too.
  await removeNoncurrent(silver, lakePaths.forgetting(context.contract.dataset));
  return receipt;
};

const open = async ({ source, contract, condition }: ForgetContext): Promise<ForgetNotes> => {
  const { silver } = source.lake;
  const { dataset } = contract;
  const before = await ForgetNotes.unfinished(silver, dataset);
  if (before !== undefined && before.state.where !== condition.sql)
    throw new UsageError(
      `Another request for ${dataset} is unfinished. Call its command again; its condition is in silver/${lakePaths.forgetting(dataset)}.`,
    );
  const begun = { dataset, where: condition.sql, requested_at: new Date().toISOString() };
  return before ?? (await ForgetNotes.begin(silver, { ...begun, id: `forget-${randomUUID()}` }));
};
