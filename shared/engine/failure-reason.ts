import { types } from 'node:util';

/** Failures that DuckDB finds in the SQL alone, before it has looked at a row. */
const STATIC = /^(?:Binder|Parser|Syntax|Catalog|Not implemented) Error/;

/**
 * What DuckDB says went wrong, in one line and without values: error messages must not hold row contents, and
 * DuckDB quotes the value that a cast fails on. The error itself has it all; keep it as `cause`.
 */
export const failureReason = (error: unknown): string => {
  const message = types.isNativeError(error) ? error.message : String(error);
  if (STATIC.test(message)) return message.split('\n')[0] ?? '';
  const [kind = 'Error'] = /^[A-Z][A-Za-z ]* (?:Error|Exception)(?=:)/.exec(message) ?? [];
  // Memory and disk: DuckDB's own text, and quoted paths, in which a partition's value may stand.
  if (kind === 'Out of Memory Error' || kind === 'IO Error')
    return (message.split('\n')[0] ?? '').replace(/"[^"]*"/g, '"…"');
  const column = [...message.matchAll(/ when casting from source column (\w+)$/gm)].at(-1)?.[1];
  // Of a cast, what stands before the value is DuckDB's own text. Other messages may be made of data throughout.
  const said =
    kind === 'Conversion Error' ? /^[^'"(\n]*?(?=['"(\n]| with value |$)/.exec(message)?.[0] : kind;
  return `${(said ?? kind).replace(/[:\s]+$/, '')}${column === undefined ? '' : ` in column ${column}`} (values are not shown)`;
};

/** DuckDB's error with its reason for a message, and itself as `cause`; any other error as it is. */
export const withoutValues = (error: unknown): unknown =>
  types.isNativeError(error) &&
  error.name === 'Error' &&
  /^[A-Z][A-Za-z ]* (?:Error|Exception):/.test(error.message)
    ? new Error(failureReason(error), { cause: error })
    : error;
