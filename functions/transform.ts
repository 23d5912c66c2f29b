import path from 'node:path';
import { TransformInput } from '../shared/run/payload.ts';
import { lambdaHandler } from '../shared/runtime/handler.ts';
import { step } from '../shared/runtime/step.ts';
import { stageSilver } from '../shared/stages/transform/stage-silver.ts';

/**
 * Makes silver rows of the accepted records and stages them as Parquet, one folder per partition. Nothing is visible
 * yet: LoadToGold commits the files.
 *
 * @throws ModelFailed, ContractInvalid, SchemaIncompatible, ConservationBroken: the execution fails here
 */
export const transform = step('Transform', TransformInput, async (input, tools) => {
  const { run, staged, rows } = input.validate;
  const { lake, scratch, config } = tools;
  const records = await lake.silver.localPath(staged.records, path.join(scratch, 'silver'));
  const gaps =
    staged.gaps === undefined
      ? undefined
      : await lake.silver.localPath(staged.gaps, path.join(scratch, 'silver'));
  return await tools.duckDb(
    (db) =>
      stageSilver(
        { db, store: lake.silver, scratch },
        run,
        { records, gaps, accepted: rows.accepted },
        config.sqlDir,
      ),
    { ordered: false },
  );
});

export const handler = lambdaHandler('Transform', transform);
