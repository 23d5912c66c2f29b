import { evaluateIn, listDatasets, loadContract } from '../shared/contract/load.ts';
import { ConservationBroken, ObjectMissing } from '../shared/errors.ts';
import { pointTable } from '../shared/lake/catalog/point-tables.ts';
import type { DataFile } from '../shared/lake/table/data-file.ts';
import { loadedRecord } from '../shared/run/build-run-record.ts';
import { LoadToGoldInput } from '../shared/run/payload.ts';
import { writeRunRecord } from '../shared/run/run-record.ts';
import { lambdaHandler } from '../shared/runtime/handler.ts';
import { step } from '../shared/runtime/step.ts';
import { checkModels, loadGoldModels, modelsOf } from '../shared/stages/load-to-gold/gold/model-header.ts';
import { type Rebuilt, rebuildGold } from '../shared/stages/load-to-gold/gold/rebuild.ts';
import { commitSilver, type SilverCommit } from '../shared/stages/load-to-gold/silver/commit-silver.ts';
import { compactSilver } from '../shared/stages/load-to-gold/silver/compact-silver.ts';
import type { StagedSilver } from '../shared/stages/transform/silver-table.ts';

/**
 * Commits the run's silver files, brings every gold table that reads the dataset up to date, merges silver's small
 * files now and then, and writes the run record. Each happens once, however often the step is retried, redriven, or
 * started by the same event: each looks for its own effect first.
 *
 * @throws CommitConflict when other writers won every race, CatalogUnavailable: retried
 * @throws ModelFailed, ContractInvalid, SchemaIncompatible, ConservationBroken, ObjectMissing: the execution fails here
 */
export const loadToGold = step('LoadToGold', LoadToGoldInput, async (input, tools) => {
  const { validate, quality, transform } = input;
  const { lake, scratch, config } = tools;
  const { run } = validate;
  const manifest = await lake.silver.read(transform.files);
  if (manifest === undefined)
    throw new ObjectMissing(
      `Staged ${transform.files} is gone from silver. Upload the file again to start over.`,
    );
  const staged = JSON.parse(manifest.toString('utf8')) as StagedSilver;
  conserve(validate.rows, transform.rows, staged.files);

  const { status, version, gold } = await tools.duckDb(async (db) => {
    const contract = await loadContract(config.sqlDir, run.dataset, evaluateIn(db));
    const datasets = await listDatasets(config.sqlDir);
    const models = await loadGoldModels(config.sqlDir, modelsOf(run.dataset, datasets));
    const contracts = new Map([[run.dataset, contract]]);
    for (const dataset of new Set(models.flatMap(({ reads }) => reads)))
      if (dataset !== run.dataset && datasets.includes(dataset))
        contracts.set(dataset, await loadContract(config.sqlDir, dataset, evaluateIn(db)));
    // Before anything is committed.
    checkModels(models, [...contracts.values()], datasets);
    const committed = await commitSilver(db, contract, run, staged, { lake, scratch });
    const inCatalog = { zone: 'silver', name: run.dataset, description: contract.description } as const;
    await pointTable(tools.catalog, inCatalog, committed.table);
    const silver = new Map(committed.table && [[run.dataset, committed.table]]);
    const gold: Omit<Rebuilt, 'table'>[] = [];
    for (const model of models.filter(({ reads }) => reads.includes(run.dataset))) {
      const { table, ...rebuilt } = await rebuildGold(model, {
        db,
        lake,
        scratch,
        contracts,
        silver,
        runId: run.run_id,
      });
      const { name, description } = model;
      await pointTable(tools.catalog, { zone: 'gold', name, description }, table);
      gold.push(rebuilt);
    }
    const compacted = await compactSilver(db, committed.table, { lake, scratch, runId: run.run_id });
    await pointTable(tools.catalog, inCatalog, compacted?.version);
    return { status: committed.status, version: committed.version, gold };
  });

  const outcome = {
    status: status === 'superseded' ? 'superseded' : 'loaded',
    reason: REASONS[status] ?? quality.reason,
  } as const;
  const record = loadedRecord(input, tools.execution, outcome, tools.usage());
  const key = await writeRunRecord(lake, record);
  return { status: record.status, silver_version: version, gold, run_record: key };
});

export const handler = lambdaHandler('LoadToGold', loadToGold);

/** Why a run changed nothing. */
const REASONS: Partial<Record<SilverCommit['status'], string>> = {
  superseded: 'A newer version of the file was committed first.',
  unchanged: 'The file brings the same rows as its version before: nothing changed.',
};

/** Every row read is accounted for, or nothing is committed. */
const conserve = (
  validated: { read: number; accepted: number; rejected: number },
  transformed: { filtered: number; duplicate: number; silver: number },
  files: readonly DataFile[],
): void => {
  const inFiles = files.reduce((total, { rows }) => total + rows, 0);
  const sums = [
    ['read = accepted + rejected', validated.read, validated.accepted + validated.rejected],
    [
      'accepted = silver + duplicate + filtered',
      validated.accepted,
      transformed.silver + transformed.duplicate + transformed.filtered,
    ],
    ['silver = rows in its files', transformed.silver, inFiles],
  ] as const;
  const broken = sums.filter(([, left, right]) => left !== right);
  if (broken.length > 0)
    throw new ConservationBroken(
      `Rows do not add up: ${broken.map(([rule, left, right]) => `${rule}: ${left} ≠ ${right}`).join('; ')}. Nothing was committed.`,
    );
};
