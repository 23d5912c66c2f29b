import { CatalogUnavailable, DuckstepError } from '../../errors.ts';
import { httpStatusOf, isTransient } from '../storage/s3-errors.ts';

/** What Glue reports under a 400 though it may pass by itself (AWS Glue web API reference, UpdateTable). */
const TRANSIENT = ['OperationTimeoutException', 'ResourceNotReadyException', 'ThrottlingException'];

export const isNamed = (error: unknown, ...names: string[]): boolean =>
  typeof error === 'object' && error !== null && 'name' in error && names.includes(String(error.name));

/** What to throw for a failure of Glue: `CatalogUnavailable` where it may pass by itself, else the error as it is. */
export const catalogError = (error: unknown, where: string): unknown => {
  if (error instanceof DuckstepError) return error;
  if (!isNamed(error, ...TRANSIENT) && !isTransient(error)) return error;
  const status = httpStatusOf(error);
  const answer = status === undefined ? 'gave no answer' : `answered ${status} ${(error as Error).name}`;
  return new CatalogUnavailable(`${where}: Glue ${answer} after the SDK's own retries`, { cause: error });
};
