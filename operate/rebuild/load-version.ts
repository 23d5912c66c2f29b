import path from 'node:path';
import { qualityScore } from '../../functions/quality-score.ts';
import { transform } from '../../functions/transform.ts';
import { validate } from '../../functions/validate.ts';
import type { Contract } from '../../shared/contract/model.ts';
import { DataError, KeyIgnored } from '../../shared/errors.ts';
import type { ObjectCreated } from '../../shared/run/event.ts';
import type { LoadOutput, QuarantineInput } from '../../shared/run/payload.ts';
import { LoadToGoldInput } from '../../shared/run/payload.ts';
import { type StepContext, step } from '../../shared/runtime/step.ts';
import { conserveRows } from '../../shared/stages/load-to-gold/conserve.ts';
import { commitSilver } from '../../shared/stages/load-to-gold/silver/commit-silver.ts';
import { readStagedSilver } from '../../shared/stages/transform/staged-silver.ts';

export type VersionResult =
  | { status: 'loaded'; payload: LoadToGoldInput & { load: LoadOutput } }
  | { status: 'refused' | 'ignored'; payload: QuarantineInput };

/**
 * Puts one version of a file through the states of the pipeline, up to its commit to the silver of this context. Gold, run
 * record and quarantine follow when the rows can be seen.
 *
 * @throws every Fault of a state: the rebuild stops there
 */
export const loadVersion = async (
  event: ObjectCreated,
  contract: Contract,
  context: StepContext,
  execution: string,
): Promise<VersionResult> => {
  const call = { execution, goes_back: true };
  try {
    const validated = { ...event, validate: await validate({ ...call, state: event }, context) };
    const judged = { ...validated, quality: await qualityScore({ ...call, state: validated }, context) };
    if (judged.quality.verdict === 'fail') return { status: 'refused', payload: judged };
    const made = await transform({ ...call, state: judged }, context);
    const payload = { ...judged, transform: made };
    const load = await loadToSilver(contract)({ ...call, state: payload }, context);
    return { status: 'loaded', payload: { ...payload, load } };
  } catch (error) {
    if (error instanceof KeyIgnored) return { status: 'ignored', payload: event };
    if (!(error instanceof DataError)) throw error;
    return { status: 'refused', payload: { ...event, error: { Error: error.name, Cause: error.message } } };
  }
};

/** LoadToGold without gold, catalog and run record. */
const loadToSilver = (contract: Contract) =>
  step('LoadToGold', LoadToGoldInput, async ({ validate, transform }, { lake, scratch, duckDb }) => {
    const staged = await readStagedSilver(lake.silver, transform.files);
    conserveRows({ validated: validate.rows, transformed: transform.rows }, staged);
    const { version, rows } = await duckDb((db) =>
      commitSilver(
        { db, store: lake.silver, scratch: path.join(scratch, 'commit') },
        contract,
        validate.run,
        staged,
      ),
    );
    return {
      ...{ status: 'loaded' as const, silver_version: version, gold: [], run_record: '' },
      ...{ rows_superseding: rows.superseding, rows_superseded: rows.superseded },
    };
  });
