import { types } from 'node:util';

/** Failures that DuckDB finds in the SQL, before it reads a row. */
const STATIC = /^(?:Binder|Parser|Syntax|Catalog|Not implemented) Error/;

/**
 * DuckDB's reason for a failure, in one line and without values: our messages must not hold row contents, and DuckDB
 * quotes the value that a cast fails on. The original error has everything; keep it as `cause`.
 */
export const failureReason = (error: unknown): string => {
  const message = types.isNativeError(error) ? error.message : String(error);
  if (STATIC.test(message)) return message.split('\n')[0] ?? '';
  const [kind = 'Error'] = /^[A-Z][A-Za-z ]* (?:Error|Exception)(?=:)/.exec(message) ?? [];
  // These messages are DuckDB's own text, except for quoted paths, which may contain a partition's value.
  if (kind === 'Out of Memory Error' || kind === 'IO Error')
    return (message.split('\n')[0] ?? '').replace(/"[^"]*"/g, '"…"');
  const column = [...message.matchAll(/ when casting from source column (\w+)$/gm)].at(-1)?.[1];
  // In a cast's message, the part before the value is DuckDB's own text. Other messages may contain data anywhere.
  const said =
    kind === 'Conversion Error' ? /^[^'"(\n]*?(?=['"(\n]| with value |$)/.exec(message)?.[0] : kind;
  return `${(said ?? kind).replace(/[:\s]+$/, '')}${column === undefined ? '' : ` in column ${column}`} (values are not shown)`;
};

/** Turns DuckDB's error into one with `failureReason` as its message and itself as `cause`; returns other errors unchanged. */
export const withoutValues = (error: unknown): unknown =>
  types.isNativeError(error) &&
  error.name === 'Error' &&
  /^[A-Z][A-Za-z ]* (?:Error|Exception):/.test(error.message)
    ? new Error(failureReason(error), { cause: error })
    : error;
