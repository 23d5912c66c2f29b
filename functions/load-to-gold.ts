import { loadedRecord } from '../shared/run/build-run-record.ts';
import { judgingContract } from '../shared/run/judging-contract.ts';
import { LoadToGoldInput } from '../shared/run/payload.ts';
import { writeRunRecord } from '../shared/run/run-record.ts';
import { contractSource } from '../shared/runtime/contract-source.ts';
import { lambdaHandler } from '../shared/runtime/handler.ts';
import { step } from '../shared/runtime/step.ts';
import { conserveRows } from '../shared/stages/load-to-gold/conserve.ts';
import { type Loaded, loadStaged, readDefinitions } from '../shared/stages/load-to-gold/load.ts';
import { readStagedSilver } from '../shared/stages/transform/staged-silver.ts';

/**
 * Commits the run's silver files, brings every gold table that reads the dataset up to date, merges silver's small
 * files when that is due, and writes the run record. Each happens once, however often the step is retried, redriven, or
 * started by the same event.
 *
 * @throws ContractChanged: the execution goes back to Validate
 * @throws CommitConflict when other writers won every race or were at work for too long, CatalogUnavailable: retried
 * @throws ModelFailed, ContractInvalid, SchemaIncompatible, ConservationBroken, ObjectMissing: the execution fails here
 */
export const loadToGold = step('LoadToGold', LoadToGoldInput, async (input, tools) => {
  const { validate, quality, transform } = input;
  const { lake, scratch, config, catalog } = tools;
  const { run } = validate;
  const { sqlDir, commitPatienceMs } = config;
  const table = commitPatienceMs === undefined ? {} : { patienceMs: commitPatienceMs };
  const { status, version, rows, gold, remark } = await tools.duckDb(async (db) => {
    const contract = await judgingContract(validate, contractSource(db, tools));
    const definitions = await readDefinitions(db, contract, sqlDir);
    const staged = await readStagedSilver(lake.silver, transform.files);
    conserveRows({ validated: validate.rows, transformed: transform.rows }, staged);
    return await loadStaged(db, { run, staged }, definitions, { lake, scratch, catalog, table });
  });
  const outcome = {
    status: status === 'superseded' || status === 'removed' ? 'superseded' : 'loaded',
    reason: [REASONS[status] ?? quality.reason, remark].filter((part) => part !== undefined).join(' '),
  } as const;
  const record = loadedRecord(input, tools.execution, outcome, tools.usage(), rows);
  const key = await writeRunRecord(lake, record);
  return {
    status: record.status,
    silver_version: version,
    gold,
    run_record: key,
    reason: record.reason,
    rows_superseding: record.rows_superseding,
    rows_superseded: record.rows_superseded,
  };
});

export const handler = lambdaHandler('LoadToGold', loadToGold);

/** Why a run changed nothing. */
const REASONS: Partial<Record<Loaded['status'], string>> = {
  removed: 'The file was removed (duckstep remove) after this version was uploaded.',
  superseded: 'A newer version of the file was committed first.',
  unchanged:
    'The file brings the same rows as its version before. They stay, and count as uploaded with this version.',
};
