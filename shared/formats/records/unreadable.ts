import { types } from 'node:util';
import { UnreadableFile } from '../../errors.ts';

/** DuckDB's errors about the data that it read, not about memory, disk or our SQL. */
const ABOUT_THE_DATA =
  /^(Invalid Input|Invalid|Conversion|Serialization|Not implemented|IO) Error|TProtocolException|Invalid unicode/i;
const ABOUT_THE_MACHINE =
  /no space left|out of memory|too many open files|permission denied|failed to offload/i;

/**
 * Turns DuckDB's error into `UnreadableFile` when the bytes of the source are at fault; returns any other error as it is.
 * Every reader of a source's relation needs it, because corrupt Parquet pages are found only then.
 */
export const asUnreadable = (error: unknown): unknown => {
  if (!types.isNativeError(error)) return error;
  const { message } = error;
  if (!ABOUT_THE_DATA.test(message) || ABOUT_THE_MACHINE.test(message)) return error;
  return new UnreadableFile('The file is damaged: DuckDB cannot read it to the end; upload it again.', {
    cause: error,
  });
};
