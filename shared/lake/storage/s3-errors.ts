import type { _Error } from '@aws-sdk/client-s3';
import { failedWith } from '../../base/files.ts';
import { DuckstepError, StorageUnavailable } from '../../errors.ts';

const NETWORK_CODES = [
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'ERR_STREAM_PREMATURE_CLOSE',
];

/** Throttles and timeouts that S3 reports under a 4xx status. */
const TRANSIENT_NAMES = new Set([
  'RequestTimeout',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'TimeoutError',
]);

/**
 * The HTTP status of S3's answer, or undefined if no answer came. Errors are classified by the status and not by the
 * name, because errors without a body, as every HEAD and some 412s have, have no proper name.
 */
export const httpStatusOf = (error: unknown): number | undefined => {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return undefined;
  const metadata = error.$metadata;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
};

const nameOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'name' in error ? String(error.name) : '';

/** Whether an object or version does not exist, or (405) the version is a delete marker. A missing bucket does not count. */
export const isMissing = (error: unknown): boolean => {
  const status = httpStatusOf(error);
  return (status === 404 || status === 405) && nameOf(error) !== 'NoSuchBucket';
};

/** False where there is no such object, or it is not the one that the condition wants. S3 answers 409 while it is changed. */
export const unlessOther = (request: Promise<unknown>): Promise<boolean> =>
  request.then(
    () => true,
    (error: unknown) => {
      if (isMissing(error) || [409, 412].includes(httpStatusOf(error) ?? 0)) return false;
      throw error;
    },
  );

/** Whether a failure of an AWS service may pass without a change on our side. */
export const isTransient = (error: unknown): boolean => {
  const status = httpStatusOf(error);
  if (status !== undefined && (status >= 500 || status === 429)) return true;
  return TRANSIENT_NAMES.has(nameOf(error)) || failedWith(error, ...NETWORK_CODES);
};

/** Turns a transient failure of S3 into `StorageUnavailable`; returns other errors unchanged. */
export const storageError = (error: unknown, where: string): unknown => {
  if (error instanceof DuckstepError || !isTransient(error)) return error;
  const status = httpStatusOf(error);
  const answer = status === undefined ? 'gave no answer' : `answered ${status}`;
  return new StorageUnavailable(`${where}: S3 ${answer} after the SDK's own retries`, { cause: error });
};

const TRANSIENT_CODES = new Set(['InternalError', 'ServiceUnavailable', 'SlowDown']);

/** Throws for the first key that S3 reports as not removed, in an answer that is otherwise good; `StorageUnavailable` where it may pass. */
export const checkRemoved = (errors: readonly _Error[] | undefined, bucket: string): void => {
  const failed = errors?.find(({ Code }) => Code !== 'NoSuchKey');
  if (failed === undefined) return;
  const name = failed.Code ?? 'UnknownError';
  const message = `s3://${bucket}/${failed.Key} was not removed: ${name} ${failed.Message ?? ''}`.trim();
  const cause = Object.assign(new Error(message), { name });
  throw TRANSIENT_CODES.has(name) || isTransient(cause) ? new StorageUnavailable(message, { cause }) : cause;
};
