/** A slow CSV reader of a few regular expressions, which has nothing in common with the scanner. */
export interface Reference {
  rows: { line: number; fields: string[] }[];
  malformed: { line: number; raw: string }[];
}

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** All records of the text, the header included; a record with another number of columns is malformed. */
export const readReference = (
  text: string,
  delimiter: string,
  quote: string,
  columns?: number,
  { quotesFields = false }: { quotesFields?: boolean } = {},
): Reference => {
  const [d, q] = [escaped(delimiter), escaped(quote)];
  const quoted = new RegExp(` *${q}((?:[^${q}]|${q}${q})*)${q} *(?=[${d}\\r\\n]|$(?![^]))`, 'y');
  const plain = new RegExp(`(?! *${q})[^${d}\\r\\n]*`, 'y');
  const newline = /\r\n|\n|\r/y;
  const take = (pattern: RegExp, at: number): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  const result: Reference = { rows: [], malformed: [] };
  let [at, line, width] = [0, 1, columns];
  while (at < text.length) {
    const start = at;
    const fields: string[] = [];
    let broken = false;
    let opened = -1;
    for (;;) {
      const match = take(quoted, at);
      const value = match ?? take(plain, at);
      const plainQuotes = match || quote !== '"' ? [] : [...(value?.[0] ?? '').matchAll(/"/g)];
      let wrong = false;
      for (const { index } of plainQuotes) {
        const rest = value?.[0].slice(index + 1) ?? '';
        if (/^ *$/.test(rest)) {
          wrong ||= quotesFields || (opened >= 0 && opened < fields.length);
          opened = -1;
        } else if (opened < 0 && !rest.startsWith(' ')) opened = fields.length;
      }
      if (!value || wrong) {
        broken = true;
        at = start + (take(/[^\r\n]*/y, start)?.[0].length ?? 0);
        break;
      }
      fields.push(match ? (match[1] ?? '').replaceAll(quote + quote, quote) : value[0]);
      at += value[0].length;
      if (text[at] !== delimiter) break;
      at++;
    }
    const raw = text.slice(start, at);
    if (raw !== '') {
      width ??= fields.length;
      if (broken || fields.length !== width) result.malformed.push({ line, raw });
      else result.rows.push({ line, fields });
    }
    const ending = take(newline, at)?.[0] ?? '';
    line += (raw + ending).match(/\r\n|\n|\r/g)?.length ?? 0;
    at += ending.length;
  }
  return result;
};

/** Whether a record of the text, which is not broken, has a quoted field. */
export const quotesFields = (text: string, delimiter: string, quote: string): boolean => {
  const plain = { quotesFields: false };
  const all = readReference(text, delimiter, quote, 0, plain).malformed;
  return all.some(({ raw }) => {
    const [row] = readReference(raw, delimiter, quote, undefined, plain).rows;
    return row !== undefined && splitsQuoted(raw, delimiter, quote);
  });
};

/** Whether one of a whole record's fields begins with a quote. */
const splitsQuoted = (raw: string, delimiter: string, quote: string): boolean => {
  const [d, q] = [escaped(delimiter), escaped(quote)];
  const outside = raw.replace(new RegExp(`(^|[${d}]) *${q}(?:[^${q}]|${q}${q})*${q}`, 'g'), '$1\0');
  return outside.includes('\0');
};
