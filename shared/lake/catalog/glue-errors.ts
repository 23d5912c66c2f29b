import { CatalogUnavailable, DuckstepError } from '../../errors.ts';
import { httpStatusOf, isTransient } from '../storage/s3-errors.ts';

/** Transient errors that Glue reports with status 400 (AWS Glue web API reference, UpdateTable). */
const TRANSIENT = ['OperationTimeoutException', 'ResourceNotReadyException', 'ThrottlingException'];

export const isNamed = (error: unknown, ...names: string[]): boolean =>
  typeof error === 'object' && error !== null && 'name' in error && names.includes(String(error.name));

/** Turns a transient failure of Glue into `CatalogUnavailable`; returns other errors unchanged. */
export const catalogError = (error: unknown, where: string): unknown => {
  if (error instanceof DuckstepError) return error;
  if (!isNamed(error, ...TRANSIENT) && !isTransient(error)) return error;
  const status = httpStatusOf(error);
  const answer = status === undefined ? 'gave no answer' : `answered ${status} ${(error as Error).name}`;
  return new CatalogUnavailable(`${where}: Glue ${answer} after the SDK's own retries`, { cause: error });
};
