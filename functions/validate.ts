import { stat } from 'node:fs/promises';
import path from 'node:path';
import { evaluateIn, loadContract } from '../shared/contract/load.ts';
import type { Contract } from '../shared/contract/model.ts';
import { keyMatches } from '../shared/contract/source-relation.ts';
import type { Db } from '../shared/engine/with-duckdb.ts';
import { ContractMismatch, FileTooLarge, KeyIgnored, ObjectMissing } from '../shared/errors.ts';
import { openSource } from '../shared/formats/open-source.ts';
import { lakePaths } from '../shared/lake/paths.ts';
import type { ObjectStore } from '../shared/lake/storage/object-store.ts';
import type { ObjectCreated } from '../shared/run/event.ts';
import { ignoredBecause } from '../shared/run/ignored-key.ts';
import { ValidateInput } from '../shared/run/payload.ts';
import { identify, type RunIdentity } from '../shared/run/run-identity.ts';
import { lambdaHandler } from '../shared/runtime/handler.ts';
import { step } from '../shared/runtime/step.ts';
import { stageRecords } from '../shared/stages/validate/stage-records.ts';

/** Unknown columns that the payload names, and characters of each name: a JSON file can have thousands. */
const MAX_NAMED_COLUMNS = 20;
const MAX_NAME_LENGTH = 100;

/**
 * Detects the raw file's format by its content and checks every record against the dataset's contract. Stages all
 * records, typed, with the reasons why some are rejected. The raw object is read once and never changed.
 *
 * @throws KeyIgnored when the key's name says that it holds no data: the execution ends
 * @throws UnknownDataset, UnreadableFile, EmptyFile, ContractMismatch, DecompressionLimit, FileTooLarge:
 *   to quarantine
 * @throws ContractInvalid, ObjectMissing, ConservationBroken: the execution fails here
 */
export const validate = step('Validate', ValidateInput, async (event, { lake, config, scratch, duckDb }) => {
  const run = identify(event);
  const ignored = ignoredBecause(run.key);
  if (ignored !== undefined) throw new KeyIgnored(`raw/${run.key} was ignored: ${ignored}.`);
  return await duckDb(async (db) => {
    const contract = await loadContract(config.sqlDir, run.dataset, evaluateIn(db));
    await rejectOtherKeys(db, contract, run.key);
    rejectTooLarge(event, config.maxFileBytes);
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
    const gaps = lakePaths.staging(run.run_id, 'gaps.parquet');
    if (staged.gaps !== undefined) await lake.silver.upload(staged.gaps, gaps);
    return {
      run,
      contract_version: contract.version,
      format: describeFormat(source),
      source_bytes: (await stat(local)).size,
      rows: staged.rows,
      staged: {
        records,
        ...(staged.rejected !== undefined && { rejected }),
        ...(staged.gaps !== undefined && { gaps }),
      },
      unknown_columns: staged.unknownColumns
        .slice(0, MAX_NAMED_COLUMNS)
        .map((name) => name.slice(0, MAX_NAME_LENGTH)),
    };
  });
});

export const handler = lambdaHandler('Validate', validate);

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
