/**
 * Whether a query may read a schema or table of this name: SQL has to name what it reads. A name that stands in the text for
 * another reason counts too.
 */
export const mentions = (sql: string, name: string): boolean => {
  const [text, wanted] = [sql.toLowerCase(), name.toLowerCase().replaceAll('"', '""')];
  // A name of other characters has to be quoted, and may stand within a longer one.
  return /^\w+$/.test(wanted) ? new RegExp(`(?<!\\w)${wanted}(?!\\w)`).test(text) : text.includes(wanted);
};
