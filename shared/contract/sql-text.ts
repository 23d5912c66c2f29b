/** Inspects SQL text without a parser, by blanking out comments and strings. */

/** Comments, strings (plain, E'…' and dollar-quoted) and quoted identifiers. */
const OPAQUE =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|(?<![A-Za-z0-9_])[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|\$([A-Za-z_]*)\$[\s\S]*?\$\1\$|"(?:[^"]|"")*"/g;

/** The SQL without comments and string literals; quoted identifiers are kept. */
export const bareSql = (sql: string): string =>
  sql.replace(OPAQUE, (token) => (token.startsWith('"') ? token : ' '));

/**
 * Why the text is not one SELECT, as the thing that was expected; undefined if it is one. A final semicolon is allowed:
 * remove it with `withoutSemicolon` before the text is used as a subquery.
 */
export const notOneSelect = (sql: string): string | undefined => {
  const bare = structure(sql);
  if (bare === '') return 'a SELECT (there is no statement)';
  if (!/^(?:select|with)\b/i.test(bare)) return 'a statement that begins with SELECT or WITH';
  return isOneStatement(sql) ? undefined : 'one statement (there are several)';
};

/** Whether the text is exactly one statement. */
export const isOneStatement = (sql: string): boolean => {
  const bare = structure(sql);
  return bare !== '' && !bare.replace(/;$/, '').includes(';');
};

const structure = (sql: string): string =>
  bareSql(sql)
    .replace(/"(?:[^"]|"")*"/g, 'x')
    .trim();

/** The statement without its final semicolon, as a subquery needs it; comments after it are kept. */
export const withoutSemicolon = (sql: string): string => {
  const end = bareSpans(sql).trimEnd();
  return end.endsWith(';') ? `${sql.slice(0, end.length - 1)}${sql.slice(end.length)}`.trim() : sql.trim();
};

/** Names of the datasets that the SQL reads as `silver.<dataset>`, without duplicates, in order of appearance. */
export const silverTablesIn = (sql: string): string[] => {
  const found = bareSql(sql).matchAll(
    /(?<![\w."])(?:silver|"silver")\s*\.\s*(?:"((?:[^"]|"")+)"|([A-Za-z_]\w*))/gi,
  );
  return [
    ...new Set([...found].map((match) => match[1]?.replaceAll('""', '"') ?? (match[2] ?? '').toLowerCase())),
  ];
};

/** As `bareSql`, but every character keeps its position. */
const bareSpans = (sql: string): string =>
  sql.replace(OPAQUE, (token) => (token.startsWith('"') ? token : ' '.repeat(token.length)));
