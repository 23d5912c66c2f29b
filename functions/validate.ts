import { stat } from 'node:fs/promises';
import path from 'node:path';
import { evaluateIn, loadContract } from '../shared/contract/load.ts';
import { KeyIgnored, ObjectMissing } from '../shared/errors.ts';
import { openSource } from '../shared/formats/open-source.ts';
import { lakePaths } from '../shared/lake/paths.ts';
import type { ObjectStore } from '../shared/lake/storage/object-store.ts';
import { ignoredBecause } from '../shared/run/ignored-key.ts';
import { ValidateInput } from '../shared/run/payload.ts';
import { identify, type RunIdentity } from '../shared/run/run-identity.ts';
import { lambdaHandler } from '../shared/runtime/handler.ts';
import { step } from '../shared/runtime/step.ts';
import { stageRecords } from '../shared/stages/validate/stage-records.ts';

/** How many unknown columns the payload names, and how much of each name: JSON may bring thousands. */
const NAMED_COLUMNS = 20;
const NAME_LENGTH = 100;

/**
 * Reads the raw file by its content and checks every record against the dataset's contract. Stages all records,
 * typed, with the reasons of those it refuses. The raw object is read once and never changed.
 *
 * @throws KeyIgnored when the key's name says that it holds no data: the execution ends
 * @throws UnknownDataset, UnreadableFile, EmptyFile, ContractMismatch, DecompressionLimit: to quarantine
 * @throws ContractInvalid, ObjectMissing, ConservationBroken: the execution fails here
 */
export const validate = step('Validate', ValidateInput, async (event, { lake, config, scratch, duckDb }) => {
  const run = identify(event);
  const ignored = ignoredBecause(run.key);
  if (ignored !== undefined) throw new KeyIgnored(`raw/${run.key} was ignored: ${ignored}.`);
  return await duckDb(async (db) => {
    const contract = await loadContract(config.sqlDir, run.dataset, evaluateIn(db));
    const local = await fetched(lake.raw, run, path.join(scratch, 'raw'));
    const source = await openSource(local, {
      db,
      scratch,
      expected: contract.columns.filter((column) => column.derivedFrom === undefined),
      ...(contract.reading !== undefined && { reading: contract.reading }),
      maxUnpackedBytes: config.maxUnpackedBytes,
      maxRecordBytes: config.maxRecordBytes,
    });
    const staged = await stageRecords(db, contract, source, scratch);
    const records = lakePaths.staging(run.run_id, 'records.parquet');
    await lake.silver.upload(staged.records, records);
    const rejected = lakePaths.staging(run.run_id, 'rejected.parquet');
    if (staged.rejected !== undefined) await lake.silver.upload(staged.rejected, rejected);
    return {
      run,
      contract_version: contract.version,
      format: describeFormat(source),
      source_bytes: (await stat(local)).size,
      rows: staged.rows,
      staged: staged.rejected === undefined ? { records } : { records, rejected },
      unknown_columns: staged.unknownColumns
        .slice(0, NAMED_COLUMNS)
        .map((name) => name.slice(0, NAME_LENGTH)),
    };
  });
});

export const handler = lambdaHandler('Validate', validate);

/** The raw file as a local one: one request tells that it is there, how large it is, and what is in it. */
const fetched = async (raw: ObjectStore, run: RunIdentity, scratch: string): Promise<string> => {
  try {
    return await raw.localPath(run.key, scratch, run.version_id);
  } catch (cause) {
    if (!(cause instanceof ObjectMissing)) throw cause;
    throw new ObjectMissing(
      `Version ${run.version_id ?? '(latest)'} of raw/${run.key} is gone. Upload the file again, or let the execution be.`,
      { cause },
    );
  }
};

const describeFormat = (source: { format: string; compression: string; encoding?: string }): string =>
  [source.format, source.encoding, source.compression === 'none' ? undefined : source.compression]
    .filter((part) => part !== undefined)
    .join(', ');
