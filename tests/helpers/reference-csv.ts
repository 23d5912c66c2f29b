/** A slow CSV reader of a few regular expressions, which has nothing in common with the scanner. */
export interface Reference {
  rows: { line: number; fields: string[] }[];
  malformed: { line: number; raw: string }[];
}

export interface ReferenceRecord {
  line: number;
  raw: string;
  /** Absent where a quote is broken. */
  fields?: string[];
  /** Whether one of the fields is quoted. */
  quoted: boolean;
}

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/**
 * All records of the text that are no empty lines.
 *
 * @param strict whether a quote may end no field that did not begin with one
 */
export const referenceRecords = (
  text: string,
  delimiter: string,
  quote: string,
  strict: boolean,
): ReferenceRecord[] => {
  const [d, q] = [escaped(delimiter), escaped(quote)];
  const quoted = new RegExp(` *${q}((?:[^${q}]|${q}${q})*)${q} *(?=[${d}\\r\\n]|$(?![^]))`, 'y');
  const plain = new RegExp(`(?! *${q})[^${d}\\r\\n]*`, 'y');
  const newline = /\r\n|\n|\r/y;
  const take = (pattern: RegExp, at: number): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  const records: ReferenceRecord[] = [];
  let [at, line] = [0, 1];
  while (at < text.length) {
    const start = at;
    const fields: string[] = [];
    const plains: (string | undefined)[] = [];
    let broken = false;
    for (;;) {
      const match = take(quoted, at);
      const value = match ?? take(plain, at);
      plains.push(match ? undefined : value?.[0]);
      broken = !value || (quote === '"' && closesWrongly(plains, strict));
      if (broken || !value) {
        at = start + (take(/[^\r\n]*/y, start)?.[0].length ?? 0);
        break;
      }
      fields.push(match ? (match[1] ?? '').replaceAll(quote + quote, quote) : value[0]);
      at += value[0].length;
      if (text[at] !== delimiter) break;
      at++;
    }
    const raw = text.slice(start, at);
    if (raw !== '')
      records.push({ line, raw, ...(!broken && { fields }), quoted: plains.includes(undefined) });
    const ending = take(newline, at)?.[0] ?? '';
    line += (raw + ending).match(/\r\n|\n|\r/g)?.length ?? 0;
    at += ending.length;
  }
  return records;
};

/**
 * Whether the last of a record's unquoted fields ends with a quote that shows a missing delimiter: in strict reading
 * always, else if an earlier field has a quote before data, which no quote at the end of that field follows.
 */
const closesWrongly = (plains: readonly (string | undefined)[], strict: boolean): boolean => {
  const last = plains.at(-1);
  if (last === undefined || !/" *$/.test(last)) return false;
  return (
    strict ||
    plains.slice(0, -1).some((field) => field !== undefined && /"[^ ]/.test(field) && !/" *$/.test(field))
  );
};

/** All records of the text, the header included; a record with another number of columns is malformed. */
export const readReference = (
  text: string,
  delimiter: string,
  quote: string,
  columns?: number,
  strict = false,
): Reference => {
  const records = referenceRecords(text, delimiter, quote, strict);
  const width = columns ?? records.find(({ fields }) => fields !== undefined)?.fields?.length;
  return split(records, ({ fields }) => fields !== undefined && fields.length === width);
};

/** The rows below the header, if there is one. The rows may end with a delimiter that the header has not. */
export const readRows = (
  text: string,
  {
    delimiter,
    quote,
    header,
    columns,
  }: { delimiter: string; quote: string; header: boolean; columns: number },
): Reference => {
  const strict = referenceRecords(text, delimiter, quote, false).some(
    ({ fields, quoted }) => fields !== undefined && quoted,
  );
  const rows = referenceRecords(text, delimiter, quote, strict).slice(header ? 1 : 0);
  const open = rows.filter(({ fields }) => fields?.length === columns + 1 && fields.at(-1)?.trim() === '');
  const trailing = open.length * 2 > rows.length;
  const { rows: read, malformed } = split(rows, ({ fields, raw }) =>
    trailing ? fields?.length === columns + 1 && raw.endsWith(delimiter) : fields?.length === columns,
  );
  return { rows: read.map(({ line, fields }) => ({ line, fields: fields.slice(0, columns) })), malformed };
};

const split = (
  records: readonly ReferenceRecord[],
  isRow: (record: ReferenceRecord) => boolean,
): Reference => ({
  rows: records.filter(isRow).map(({ line, fields = [] }) => ({ line, fields })),
  malformed: records.filter((record) => !isRow(record)).map(({ line, raw }) => ({ line, raw })),
});
