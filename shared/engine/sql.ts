/** The one place where names and values become SQL text. Nothing else may put quotes into SQL. */

/** A quoted identifier: a column, table or alias named by a user. */
export const ident = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A quoted string literal. NUL cannot stand in SQL text, so it is spelled as a function call. */
export const literal = (value: string): string =>
  value.includes('\0')
    ? `(${value
        .split('\0')
        .map((part) => literal(part))
        .join(' || chr(0) || ')})`
    : `'${value.replaceAll("'", "''")}'`;

/** A list of string literals, as `read_parquet` and friends take it: `['a', 'b']`. */
export const literalList = (values: readonly string[]): string => `[${values.map(literal).join(', ')}]`;

/** Comma-separated quoted identifiers. */
export const identList = (names: readonly string[]): string => names.map(ident).join(', ');

/** A JSON Pointer (RFC 6901) to a key of an object; not SQL yet. */
export const pointerTo = (key: string): string => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
