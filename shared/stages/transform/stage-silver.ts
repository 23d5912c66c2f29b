import { evaluateIn, loadContract } from '../../contract/load.ts';
import type { Contract } from '../../contract/model.ts';
import { silverTablesIn } from '../../contract/sql-text.ts';
import { ConservationBroken } from '../../errors.ts';
import { lakePaths } from '../../lake/paths.ts';
import { Table } from '../../lake/table/commit/table.ts';
import type { DataFile } from '../../lake/table/data-file.ts';
import type { Workbench } from '../../lake/table/workbench.ts';
import { uploadFiles, writeFiles } from '../../lake/table/write/write-files.ts';
import type { RunIdentity } from '../../run/run-identity.ts';
import { attachSilver } from './attach-silver.ts';
import { type BuiltSilver, buildSilver } from './build-silver.ts';
import { silverLayout, silverSchema } from './silver-table.ts';
import { stagedLayout, writeStagedSilver } from './staged-silver.ts';

export interface StagedRows extends Pick<BuiltSilver, 'rows' | 'strategies'> {
  /** Key of the list of staged files. */
  files: string;
  file_count: number;
}

/**
 * Makes a file's silver rows of its accepted records, and stages them: data files in silver that no snapshot names yet,
 * and a list of them.
 *
 * @param contract the one that Validate judged the file by
 * @param staged local Parquet that Validate staged, as for `buildSilver`, and the number of records that it accepted
 * @param sqlDir folder of the datasets' contracts and models
 * @throws ModelFailed, ContractInvalid, SchemaIncompatible, ConservationBroken
 */
export const stageSilver = async (
  workbench: Workbench,
  { run, contract }: { run: RunIdentity; contract: Contract },
  { accepted, ...staged }: { records: string; gaps?: string | undefined; accepted: number },
  sqlDir: string,
): Promise<StagedRows> => {
  const { store } = workbench;
  await attachOthers(workbench, contract, sqlDir);
  const base = await new Table(store, run.dataset).current();
  const columns = silverSchema(contract, base);
  const built = await buildSilver(workbench, contract, staged, run, silverLayout(contract, columns));
  conserve(accepted, built);
  const files = await filesOf(workbench, run, built, silverLayout(contract, columns));
  const { content, rows, strategies } = built;
  const list = await writeStagedSilver(store, run.run_id, {
    content,
    ...stagedLayout(contract, columns),
    files,
    stagedAt: new Date().toISOString(),
  });
  return { rows, files: list, file_count: files.length, strategies };
};

/** The views of other datasets that `silver.sql` reads. */
const attachOthers = async (
  workbench: Workbench,
  { silverSql = '' }: Contract,
  sqlDir: string,
): Promise<void> => {
  const { db, store } = workbench;
  for (const dataset of silverTablesIn(silverSql)) {
    const other = await loadContract(sqlDir, dataset, evaluateIn(db));
    await attachSilver(workbench, other, await new Table(store, dataset).current());
  }
};

const conserve = (accepted: number, { rows }: BuiltSilver): void => {
  if (rows.filtered + rows.duplicate + rows.silver !== accepted)
    throw new ConservationBroken(
      `${accepted} rows were accepted, but ${rows.silver} silver + ${rows.duplicate} duplicate + ${rows.filtered} filtered came out. Nothing was committed.`,
    );
};

/** Uploads the data files of the rows, which `buildSilver` has written already unless it found duplicates in them. */
const filesOf = async (
  workbench: Workbench,
  run: RunIdentity,
  { query, files }: BuiltSilver,
  layout: ReturnType<typeof silverLayout>,
): Promise<DataFile[]> => {
  const target = {
    keyOf: (file: string) => lakePaths.data(run.dataset, file),
    prefix: run.run_id,
  };
  return files === undefined
    ? await writeFiles(workbench, query, { ...layout, ...target })
    : await uploadFiles(workbench.store, files, target);
};
