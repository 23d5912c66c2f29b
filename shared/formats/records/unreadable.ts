import { types } from 'node:util';
import { failureReason } from '../../engine/failure-reason.ts';
import { UnreadableFile } from '../../errors.ts';

/** DuckDB's errors about the data that it read, not about memory, disk or our SQL. */
const ABOUT_THE_DATA =
  /^(Invalid Input|Invalid|Conversion|Serialization|Not implemented|IO) Error|TProtocolException|Invalid unicode/i;
const ABOUT_THE_MACHINE =
  /no space left|out of memory|too many open files|permission denied|failed to offload/i;
/** Messages about the form of a file, which hold no values. */
const ABOUT_THE_FORM =
  /Malformed JSON|encoding|codec|compression|TProtocol|Thrift|Out of buffer|page|footer|magic|checksum|metadata|unicode|maximum_object_size/i;
/** A file may be sound, and written in a way that DuckDB does not know. */
const ABOUT_SUPPORT = /unsupported|not (?:yet )?(?:supported|implemented)|only supported|unrecognized codec/i;
const MAX_REASON_LENGTH = 200;

/**
 * Turns DuckDB's error into `UnreadableFile` when the bytes of the source are at fault; returns any other error as it is.
 * Every reader of a source's relation needs it, because corrupt Parquet pages are found only then.
 */
export const asUnreadable = (error: unknown): unknown => {
  if (!types.isNativeError(error)) return error;
  const { message } = error;
  if (!ABOUT_THE_DATA.test(message) || ABOUT_THE_MACHINE.test(message)) return error;
  const reason = reasonOf(error);
  return new UnreadableFile(
    ABOUT_SUPPORT.test(message)
      ? `DuckDB cannot read the file, which may be sound: ${reason}. Write it with an encoding and a compression that DuckDB supports; for Parquet, snappy or zstd.`
      : `The file is damaged, DuckDB cannot read it to the end: ${reason}. Write and upload it again.`,
    { cause: error },
  );
};

/** DuckDB's reason in one line, without paths and values. */
const reasonOf = (error: Error): string => {
  const [line = ''] = error.message.split('\n');
  const stated = ABOUT_THE_FORM.test(line) && !line.startsWith('Conversion') ? line : failureReason(error);
  return stated
    .replace(/^(?:Invalid|Invalid Input|IO|Serialization) Error: /, '')
    .replace(/ in file "[^"]*",?/g, '')
    .replace(/"[^"]*"|'[^']*'/g, '…')
    .slice(0, MAX_REASON_LENGTH)
    .replace(/[\s.:]+$/, '');
};
