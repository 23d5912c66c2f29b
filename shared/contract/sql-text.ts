/** Looking at SQL text without a parser: enough to tell structure from comments and strings. */

/** Comments, strings (plain, E'…' and dollar-quoted) and quoted identifiers; the last are kept by `bareSql`. */
const OPAQUE =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|(?<![A-Za-z0-9_])[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|\$([A-Za-z_]*)\$[\s\S]*?\$\1\$|"(?:[^"]|"")*"/g;

/** The SQL with comments and string literals blanked out; quoted identifiers stay. */
export const bareSql = (sql: string): string =>
  sql.replace(OPAQUE, (token) => (token.startsWith('"') ? token : ' '));

/**
 * What keeps the text from being one SELECT, or undefined. A last semicolon is no harm to people, but the
 * text is used as a subquery: take it off with `withoutSemicolon`.
 */
export const notOneSelect = (sql: string): string | undefined => {
  const bare = structure(sql);
  if (bare === '') return 'a SELECT (there is no statement)';
  if (!/^(?:select|with)\b/i.test(bare)) return 'a statement that begins with SELECT or WITH';
  return isOneStatement(sql) ? undefined : 'one statement (there are several)';
};

/** Whether there is a statement, and no other after it. */
export const isOneStatement = (sql: string): boolean => {
  const bare = structure(sql);
  return bare !== '' && !bare.replace(/;$/, '').includes(';');
};

const structure = (sql: string): string =>
  bareSql(sql)
    .replace(/"(?:[^"]|"")*"/g, 'x')
    .trim();

/** The statement as a subquery takes it: without its last semicolon; a comment after it does no harm. */
export const withoutSemicolon = (sql: string): string => {
  const end = bareSpans(sql).trimEnd();
  return end.endsWith(';') ? `${sql.slice(0, end.length - 1)}${sql.slice(end.length)}`.trim() : sql.trim();
};

/** Names of the datasets that the SQL reads as `silver.<dataset>`, each once, in order of appearance. */
export const silverTablesIn = (sql: string): string[] => {
  const found = bareSql(sql).matchAll(
    /(?<![\w."])(?:silver|"silver")\s*\.\s*(?:"((?:[^"]|"")+)"|([A-Za-z_]\w*))/gi,
  );
  return [
    ...new Set([...found].map((match) => match[1]?.replaceAll('""', '"') ?? (match[2] ?? '').toLowerCase())),
  ];
};

/** As `bareSql`, with every character in its place. */
const bareSpans = (sql: string): string =>
  sql.replace(OPAQUE, (token) => (token.startsWith('"') ? token : ' '.repeat(token.length)));
