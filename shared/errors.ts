/**
 * Every error that duckstep raises on purpose. The names are API: Retry and Catch in
 * `statemachines/pipeline.asl.yml` match on them, people filter executions by them.
 * Messages say what happened, where, and what to do. They never hold row contents.
 */
export abstract class DuckstepError extends Error {
  abstract override readonly name: string;
}

/** The data is at fault. Caught by the state machine; the file goes to quarantine and the execution succeeds. */
export abstract class DataError extends DuckstepError {}

/** A fault that may pass by itself. Retried by the state machine. */
export abstract class TransientError extends DuckstepError {}

/** Code, configuration or infrastructure is at fault. Neither retried nor caught: fails where it happened. */
export abstract class Fault extends DuckstepError {}

/** No contract under `sql/` matches the key's dataset prefix. */
export class UnknownDataset extends DataError {
  override readonly name = 'UnknownDataset';
}

/** The bytes are not a file of any supported format: truncated, corrupt, or of another format. */
export class UnreadableFile extends DataError {
  override readonly name = 'UnreadableFile';
}

/** The file holds no rows: no bytes, blanks only, a header only, an empty array, a Parquet file of zero rows. */
export class EmptyFile extends DataError {
  override readonly name = 'EmptyFile';
}

/** The file's columns do not fit the contract: a required one is missing, or an unknown one is not allowed. */
export class ContractMismatch extends DataError {
  override readonly name = 'ContractMismatch';
}

/** The file grows past the configured limit when decompressed. */
export class DecompressionLimit extends DataError {
  override readonly name = 'DecompressionLimit';
}

/** The file is larger than any function takes. It was not downloaded. */
export class FileTooLarge extends DataError {
  override readonly name = 'FileTooLarge';
}

/** The key's name says that it holds no data: a temporary file, or a writer's mark. The execution ends and keeps nothing. */
export class KeyIgnored extends DuckstepError {
  override readonly name = 'KeyIgnored';
}

/**
 * The contract that a state loads is another than the one that Validate judged the file by. Caught by the state machine: the
 * execution goes back to Validate.
 */
export class ContractChanged extends DuckstepError {
  override readonly name = 'ContractChanged';
}

/** The storage answered with a throttle, a 5xx, or not at all, after the SDK's own retries. */
export class StorageUnavailable extends TransientError {
  override readonly name = 'StorageUnavailable';
}

/** Other writers won every race for a table's next metadata version. */
export class CommitConflict extends TransientError {
  override readonly name = 'CommitConflict';
}

/** The Glue Data Catalog answered with a throttle, a 5xx, or not at all, after the SDK's own retries. */
export class CatalogUnavailable extends TransientError {
  override readonly name = 'CatalogUnavailable';
}

/** A `contract.yaml`, or the header of a gold model, is wrong. */
export class ContractInvalid extends Fault {
  override readonly name = 'ContractInvalid';
}

/** A quality rule cannot be evaluated. Quality fails closed: this is never a pass. */
export class RuleNotEvaluable extends Fault {
  override readonly name = 'RuleNotEvaluable';
}

/** `silver.sql` or a gold model fails, or its result is not what the contract or the model's header declares. */
export class ModelFailed extends Fault {
  override readonly name = 'ModelFailed';
}

/** The row counts of a step do not add up. Nothing was committed. */
export class ConservationBroken extends Fault {
  override readonly name = 'ConservationBroken';
}

/** An object that an earlier step wrote, or the raw version itself, is gone. */
export class ObjectMissing extends Fault {
  override readonly name = 'ObjectMissing';
}

/** The contract asks for another change of the table's columns than adding, dropping, renaming and widening. */
export class SchemaIncompatible extends Fault {
  override readonly name = 'SchemaIncompatible';
}

/**
 * DuckDB needs more memory than it may use. Caught by the state machine, which tries the step once on a larger function;
 * there it is a fault like any other.
 */
export class OutOfMemory extends Fault {
  override readonly name = 'OutOfMemory';
}

/** The scratch folder is full. Handled as `OutOfMemory`, because with more memory less is spilled. */
export class OutOfDisk extends Fault {
  override readonly name = 'OutOfDisk';
}

/** A step received invalid input: a hand-made event, or another release's payload. */
export class InvalidInput extends Fault {
  override readonly name = 'InvalidInput';
}

/** A table's metadata, manifests, index or run records are damaged, or use a feature that duckstep does not support. */
export class TableDamaged extends Fault {
  override readonly name = 'TableDamaged';
}

/** A command was called with wrong arguments or options. Never an error of a step: only the terminal sees it. */
export class UsageError extends DuckstepError {
  override readonly name = 'UsageError';
}

/** The step's environment is incomplete or contradicts itself. */
export class ConfigurationError extends Fault {
  override readonly name = 'ConfigurationError';
}

export const DATA_ERRORS = [
  UnknownDataset,
  UnreadableFile,
  EmptyFile,
  ContractMismatch,
  DecompressionLimit,
  FileTooLarge,
];
/** Errors that a larger function may not hit. */
export const RESOURCE_ERRORS = [OutOfMemory, OutOfDisk];
export const TRANSIENT_ERRORS = [StorageUnavailable, CommitConflict, CatalogUnavailable];
