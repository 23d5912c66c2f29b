import { types } from 'node:util';

/** Errors that DuckDB raises before it reads any row: what they quote is SQL. */
const BEFORE_ANY_ROW = /^(Binder|Catalog|Parser|Not implemented) Error/;

/**
 * One line of what an error says, without row contents: DuckDB quotes the value that a cast, a function or a sum
 * failed on. Our own `RangeError`s hold none.
 */
export const describeError = (error: unknown): string => {
  const [line = ''] = (types.isNativeError(error) ? error.message : String(error)).split('\n');
  const safe = (types.isNativeError(error) && error.name === 'RangeError') || BEFORE_ANY_ROW.test(line);
  const text = safe
    ? line
    : line.replaceAll(/'.*'|".*"|['"].*$/g, '…').replaceAll(/[-+]?\d[\d.,:e+-]*/g, '…');
  return text.trim().replace(/[.!]+$/, '');
};
