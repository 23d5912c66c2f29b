import { stat } from 'node:fs/promises';
import path from 'node:path';
import { evaluateIn, loadContract } from '../shared/contract/load.ts';
import type { Contract } from '../shared/contract/model.ts';
import { keyMatches } from '../shared/contract/source-relation.ts';
import type { Db } from '../shared/engine/with-duckdb.ts';
import { ContractMismatch, DataError, FileTooLarge, KeyIgnored, ObjectMissing } from '../shared/errors.ts';
import { openSource } from '../shared/formats/open-source.ts';
import { lakePaths } from '../shared/lake/paths.ts';
import type { ObjectStore } from '../shared/lake/storage/object-store.ts';
import type { ObjectCreated } from '../shared/run/event.ts';
import { ignoredBecause } from '../shared/run/ignored-key.ts';
import { ValidateInput, type ValidateOutput } from '../shared/run/payload.ts';
import { type RefusedFile, writeRefusedFile } from '../shared/run/refused-file.ts';
import { nextRestarts } from '../shared/run/restarts.ts';
import { identify, type RunIdentity } from '../shared/run/run-identity.ts';
import { lambdaHandler } from '../shared/runtime/handler.ts';
import { type StepTools, step } from '../shared/runtime/step.ts';
import { type StagedRecords, stageRecords } from '../shared/stages/validate/stage-records.ts';

type Found = Pick<RefusedFile, 'format' | 'source_bytes' | 'records'>;

/** Unknown columns that the payload names, and characters of each name: a JSON file can have thousands. */
const MAX_NAMED_COLUMNS = 20;
const MAX_NAME_LENGTH = 100;

/**
 * Detects the raw file's format by its content and checks every record against the dataset's contract. Stages all
 * records, typed, with the reasons why some are rejected; of a file that is refused as a whole, what is known of it. The
 * raw object is read once and never changed.
 *
 * @throws KeyIgnored when the key's name or the contract says that it holds no data: the execution ends
 * @throws UnknownDataset, UnreadableFile, EmptyFile, ContractMismatch, DecompressionLimit, FileTooLarge:
 *   to quarantine
 * @throws ContractInvalid, ObjectMissing, ConservationBroken: the execution fails here
 */
export const validate = step('Validate', ValidateInput, async (event, tools) => {
  const began = new Date();
  const { key, dataset } = identify(event);
  throwIfIgnored(key);
  return await tools.duckDb(async (db) => {
    const contract = await loadContract(tools.config.sqlDir, dataset, evaluateIn(db));
    throwIfIgnored(key, contract.ignoredKeys);
    // An execution that cannot go back may end under another contract: its run names none.
    const run = identify(event, tools.goesBack ? contract.fingerprint : undefined);
    const found: Found = {};
    try {
      const judged = await judge(db, { event, run, contract, found }, tools);
      const restarts = nextRestarts(event.restarts, contract.fingerprint, began);
      return { run, contract_version: contract.version, ...judged, again: { ...event, restarts } };
    } catch (error) {
      if (error instanceof DataError)
        await writeRefusedFile(tools.lake, event, tools.execution, {
          error: error.name,
          contract_version: contract.version,
          contract_fingerprint: contract.fingerprint,
          ...found,
        });
      throw error;
    }
  });
});

export const handler = lambdaHandler('Validate', validate);

const throwIfIgnored = (key: string, patterns?: readonly string[]): void => {
  const ignored = ignoredBecause(key, patterns);
  if (ignored !== undefined) throw new KeyIgnored(`raw/${key} was ignored: ${ignored}.`);
};

interface Judged {
  event: ValidateInput;
  run: RunIdentity;
  contract: Contract;
  /** Filled in on the way, so that it is known where the file is refused. */
  found: Found;
}

const judge = async (
  db: Db,
  { event, run, contract, found }: Judged,
  { lake, config, scratch }: StepTools,
): Promise<Omit<ValidateOutput, 'run' | 'contract_version' | 'usage' | 'again'>> => {
  await rejectOtherKeys(db, contract, run.key);
  rejectTooLarge(event, config.maxFileBytes);
  const local = await fetched(lake.raw, run, path.join(scratch, 'raw'));
  found.source_bytes = (await stat(local)).size;
  const source = await openSource(local, {
    db,
    scratch,
    expected: contract.columns.filter((column) => column.derivedFrom === undefined),
    ...(contract.reading !== undefined && { reading: contract.reading }),
    maxUnpackedBytes: config.maxUnpackedBytes,
    maxRecordBytes: config.maxRecordBytes,
  });
  found.format = describeFormat(source);
  found.records = source.records + (source.malformed?.count ?? 0);
  const { rows, unknownColumns, ...files } = await stageRecords(db, contract, source, scratch);
  return {
    format: found.format,
    source_bytes: found.source_bytes,
    rows,
    staged: await stagedIn(lake.silver, run, files),
    unknown_columns: unknownColumns.slice(0, MAX_NAMED_COLUMNS).map((name) => name.slice(0, MAX_NAME_LENGTH)),
  };
};

/** Uploads what was staged; returns the keys. */
const stagedIn = async (
  silver: ObjectStore,
  run: RunIdentity,
  files: Pick<StagedRecords, 'records' | 'rejected' | 'gaps'>,
): Promise<ValidateOutput['staged']> => {
  const keys = {
    records: lakePaths.staging(run.run_id, 'records.parquet'),
    rejected: lakePaths.staging(run.run_id, 'rejected.parquet'),
    gaps: lakePaths.staging(run.run_id, 'gaps.parquet'),
  };
  await silver.upload(files.records, keys.records);
  if (files.rejected !== undefined) await silver.upload(files.rejected, keys.rejected);
  if (files.gaps !== undefined) await silver.upload(files.gaps, keys.gaps);
  return {
    records: keys.records,
    ...(files.rejected !== undefined && { rejected: keys.rejected }),
    ...(files.gaps !== undefined && { gaps: keys.gaps }),
  };
};

const MB = 2 ** 20;

const rejectOtherKeys = async (db: Db, { file, keyPattern }: Contract, key: string): Promise<void> => {
  if (keyPattern === undefined) return;
  const { matches } = await db.one<{ matches: boolean }>(`SELECT ${keyMatches(key, keyPattern)} AS matches`);
  if (matches) return;
  throw new ContractMismatch(
    `The key does not match keyPattern, ${keyPattern.pattern}, of ${file}, which describes what follows the dataset's folder. Upload the file under a key that does, or change the pattern.`,
  );
};

/** The event tells the size: a file that no function has the disk for would only be downloaded in vain, several times. */
const rejectTooLarge = ({ detail: { object } }: ObjectCreated, maxBytes: number | undefined): void => {
  if (object.size === undefined || maxBytes === undefined || object.size <= maxBytes) return;
  const [size, limit] = [Math.ceil(object.size / MB), Math.floor(maxBytes / MB)].map((mb) =>
    mb.toLocaleString('en'),
  );
  throw new FileTooLarge(
    `The file has ${size} MB, and at most ${limit} MB are processed (maxFileMb). It stays in raw. Deliver it in parts, or compressed or as Parquet if it is text.`,
  );
};

/** Downloads the raw file: one request answers whether it exists, its size and its content. */
const fetched = async (raw: ObjectStore, run: RunIdentity, scratch: string): Promise<string> => {
  try {
    return await raw.localPath(run.key, scratch, run.version_id);
  } catch (cause) {
    if (!(cause instanceof ObjectMissing)) throw cause;
    throw new ObjectMissing(
      `Version ${run.version_id ?? '(latest)'} of raw/${run.key} is gone. Upload the file again, or ignore this execution.`,
      { cause },
    );
  }
};

const describeFormat = (source: { format: string; compression: string; encoding?: string }): string =>
  [source.format, source.encoding, source.compression === 'none' ? undefined : source.compression]
    .filter((part) => part !== undefined)
    .join(', ');
