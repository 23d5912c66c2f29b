/** The only file in which names and values become SQL text. No other code may put quotes into SQL. */

/** A quoted identifier: a user's name of a column, table or alias. */
export const ident = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A quoted string literal. SQL text cannot contain NUL, so NUL is spelled as a function call. */
export const literal = (value: string): string =>
  value.includes('\0')
    ? `(${value
        .split('\0')
        .map((part) => literal(part))
        .join(' || chr(0) || ')})`
    : `'${value.replaceAll("'", "''")}'`;

/** A list of string literals, as functions such as `read_parquet` expect it: `['a', 'b']`. */
export const literalList = (values: readonly string[]): string => `[${values.map(literal).join(', ')}]`;

/** Comma-separated quoted identifiers. */
export const identList = (names: readonly string[]): string => names.map(ident).join(', ');

/** A JSON Pointer (RFC 6901) to a key of an object. It still has to be quoted as a literal. */
export const pointerTo = (key: string): string => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
