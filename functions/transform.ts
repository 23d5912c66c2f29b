import path from 'node:path';
import { judgingContract } from '../shared/run/judging-contract.ts';
import { TransformInput } from '../shared/run/payload.ts';
import { contractSource } from '../shared/runtime/contract-source.ts';
import { lambdaHandler } from '../shared/runtime/handler.ts';
import { step } from '../shared/runtime/step.ts';
import { stageSilver } from '../shared/stages/transform/stage-silver.ts';

/**
 * Makes silver rows of the accepted records and stages them as Parquet, one folder per partition. Nothing is visible
 * yet: LoadToGold commits the files.
 *
 * @throws ContractChanged: the execution goes back to Validate
 * @throws ModelFailed, ContractInvalid, SchemaIncompatible, ConservationBroken: the execution fails here
 */
export const transform = step('Transform', TransformInput, async (input, tools) => {
  const { run, staged, rows } = input.validate;
  const { lake, scratch, config } = tools;
  return await tools.duckDb(
    async (db) => {
      const contract = await judgingContract(input.validate, contractSource(db, tools));
      const fetched = (key: string) => lake.silver.localPath(key, path.join(scratch, 'silver'));
      const records = await fetched(staged.records);
      const gaps = staged.gaps === undefined ? undefined : await fetched(staged.gaps);
      const workbench = { db, store: lake.silver, scratch };
      const accepted = { records, gaps, accepted: rows.accepted };
      return await stageSilver(workbench, { run, contract }, accepted, config.sqlDir);
    },
    { ordered: false },
  );
});

export const handler = lambdaHandler('Transform', transform);
