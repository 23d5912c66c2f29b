import path from 'node:path';
import { evaluateIn, loadContract } from '../shared/contract/load.ts';
import { silverTablesIn } from '../shared/contract/sql-text.ts';
import { ConservationBroken } from '../shared/errors.ts';
import { lakePaths } from '../shared/lake/paths.ts';
import { Table } from '../shared/lake/table/commit/table.ts';
import { uploadFiles, writeFiles } from '../shared/lake/table/write/write-files.ts';
import { TransformInput } from '../shared/run/payload.ts';
import { lambdaHandler } from '../shared/runtime/handler.ts';
import { step } from '../shared/runtime/step.ts';
import { attachSilver } from '../shared/stages/transform/attach-silver.ts';
import { buildSilver } from '../shared/stages/transform/build-silver.ts';
import {
  type StagedSilver,
  silverLayout,
  silverSchema,
  stagedLayout,
} from '../shared/stages/transform/silver-table.ts';

/**
 * Makes silver rows of the accepted records and writes them as Parquet, one folder per partition. Nothing is
 * visible yet: LoadToGold commits the files.
 *
 * @throws ModelFailed, ContractInvalid, SchemaIncompatible, ConservationBroken: the execution fails here
 */
export const transform = step('Transform', TransformInput, async (input, tools) => {
  const { run, staged, rows: validated } = input.validate;
  const { lake, scratch, config } = tools;
  const records = await lake.silver.localPath(staged.records, path.join(scratch, 'silver'));
  const gaps =
    staged.gaps === undefined
      ? undefined
      : await lake.silver.localPath(staged.gaps, path.join(scratch, 'silver'));
  return await tools.duckDb(
    async (db) => {
      const contract = await loadContract(config.sqlDir, run.dataset, evaluateIn(db));
      for (const dataset of silverTablesIn(contract.silverSql ?? '')) {
        const other = await loadContract(config.sqlDir, dataset, evaluateIn(db));
        await attachSilver(db, other, await new Table(lake.silver, dataset).current(), lake.silver, scratch);
      }
      const base = await new Table(lake.silver, run.dataset).current();
      const columns = silverSchema(contract, base);
      const layout = silverLayout(contract, columns);
      const {
        query,
        content,
        rows,
        strategies,
        files: ready,
      } = await buildSilver(db, contract, { records, gaps }, run, scratch, layout);
      if (rows.filtered + rows.duplicate + rows.silver !== validated.accepted)
        throw new ConservationBroken(
          `${validated.accepted} rows were accepted, but ${rows.silver} silver + ${rows.duplicate} duplicate + ${rows.filtered} filtered came out. Nothing was committed.`,
        );
      const target = {
        keyOf: (file: string) => lakePaths.data(run.dataset, file),
        prefix: run.run_id,
        scratch,
      };
      const files =
        ready === undefined
          ? await writeFiles(db, query, lake.silver, { ...layout, ...target })
          : await uploadFiles(lake.silver, ready, target);
      const manifest = lakePaths.staging(run.run_id, 'silver-files.json');
      const silver: StagedSilver = {
        content,
        ...stagedLayout(contract, columns),
        files,
        stagedAt: new Date().toISOString(),
      };
      await lake.silver.write(manifest, JSON.stringify(silver, null, 2));
      return { rows, files: manifest, file_count: files.length, strategies };
    },
    { ordered: false },
  );
});

export const handler = lambdaHandler('Transform', transform);
