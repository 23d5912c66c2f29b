/** The grammar of one record: where it ends, how many fields it has, whether its quotes close. */

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;

/** How a record's last line ends. */
export type Newline = 'lf' | 'crlf' | 'cr' | 'end of file';

export interface Grammar {
  /** Byte between fields; -1 for none. */
  delimiter: number;
  /** Byte around fields; -1 for none. Within quotes, a doubled quote means one. */
  quote: number;
  /** Byte that escapes a quote or itself within quotes, besides the doubled quote; -1 for none. */
  escaper: number;
  /** By byte, outside quotes: the number of fields that it begins (0 or 1), or STOP for a quote or newline. */
  kinds: Uint8Array;
  /** By byte, within quotes: 1 for a quote, escaper or newline. */
  quotedStops: Uint8Array;
}

const STOP = 2;

export const grammar = (delimiter: number, quote: number, escaper = -1): Grammar => {
  const table = (mark: number, ...marked: number[]): Uint8Array => {
    const marks = new Uint8Array(256);
    for (const byte of marked) if (byte >= 0) marks[byte] = mark;
    return marks;
  };
  const kinds = table(STOP, quote, LF, CR);
  if (delimiter >= 0) kinds[delimiter] = 1;
  return { delimiter, quote, escaper, kinds, quotedStops: table(1, quote, escaper, LF, CR) };
};

/** The result of `readRecord`. One object is used for all of the millions of records. */
export interface RecordSpan {
  /** Offset after the record's last byte; its newline is not included. */
  end: number;
  /** Offset of the next record. */
  next: number;
  newline: Newline;
  fields: number;
  quotedFields: number;
  /** Physical lines that the record covers. */
  lines: number;
  /** A quote never closes, or data follows it. The span then covers only the first physical line. */
  broken: boolean;
  /** Well-formed, but not for every reader: blanks around quotes, or escapes other than doubled quotes. */
  unusual: boolean;
}

export const emptySpan = (): RecordSpan => ({
  end: 0,
  next: 0,
  newline: 'lf',
  fields: 0,
  quotedFields: 0,
  lines: 0,
  broken: false,
  unusual: false,
});

/**
 * Reads the record at `start`. Blanks between a delimiter and a quote do not belong to the value. A quote
 * elsewhere in an unquoted field is data. This loop passes over every byte of a file
 * and was tuned by measurement, which is why it is one function of 54 lines.
 *
 * @param final whether the file ends at `end`
 * @returns false when the record may continue after `end`; the span is then undefined
 */
export const readRecord = (
  bytes: Uint8Array,
  start: number,
  end: number,
  final: boolean,
  { delimiter, quote, escaper, kinds, quotedStops }: Grammar,
  span: RecordSpan,
): boolean => {
  span.fields = 1;
  span.quotedFields = 0;
  span.lines = 1;
  span.broken = false;
  span.unusual = false;
  let at = start;
  for (;;) {
    // Most of a file's bytes are passed here. The beginning of a field is examined only when a quote comes.
    at = passPlain(bytes, at, end, kinds, span);
    if (at >= end || bytes[at] !== quote) return endLine(bytes, at, end, final, span);
    let field = at;
    while (field > start && bytes[field - 1] === SPACE) field--;
    if (field > start && bytes[field - 1] !== delimiter) {
      at++;
      continue;
    }
    span.quotedFields++;
    if (at > field) span.unusual = true;
    at++;
    for (;;) {
      while (at < end && quotedStops[bytes[at] as number] === 0) at++;
      // Any of the stops may be the first half of a pair, so the byte after it is needed too.
      if (at + 1 >= end && !final) return false;
      if (at >= end) return readBrokenLine(bytes, start, end, final, span);
      const byte = bytes[at++];
      const following = at < end ? bytes[at] : -1;
      if (byte === quote) {
        if (following !== quote) break;
        at++;
      } else if (byte === escaper) {
        span.unusual = true;
        if (following === quote || following === escaper) at++;
      } else {
        span.lines++;
        if (byte === CR && following === LF) at++;
      }
    }
    while (at < end && bytes[at] === SPACE) {
      span.unusual = true;
      at++;
    }
    if (at < end && (bytes[at] === quote || kinds[bytes[at] as number] === 0)) {
      return readBrokenLine(bytes, start, end, final, span);
    }
  }
};

/**
 * Passes over bytes that are neither quote nor newline, and counts the fields that begin there. It is a separate
 * function because within `readRecord`'s loops the same lines take twice the time.
 *
 * @returns the offset of the next stop, or `end`
 */
const passPlain = (
  bytes: Uint8Array,
  start: number,
  end: number,
  kinds: Uint8Array,
  span: RecordSpan,
): number => {
  let fields = 0;
  let at = start;
  for (; at < end; at++) {
    const kind = kinds[bytes[at] as number] as number;
    if (kind === STOP) break;
    fields += kind;
  }
  span.fields += fields;
  return at;
};

/** Reads one physical line, whatever it holds; the contract is that of `readRecord`. */
export const readLine = (
  bytes: Uint8Array,
  start: number,
  end: number,
  final: boolean,
  span: RecordSpan,
): boolean => {
  let at = start;
  while (at < end && bytes[at] !== LF && bytes[at] !== CR) at++;
  span.lines = 1;
  return endLine(bytes, at, end, final, span);
};

const readBrokenLine = (
  bytes: Uint8Array,
  start: number,
  end: number,
  final: boolean,
  span: RecordSpan,
): boolean => {
  span.broken = true;
  return readLine(bytes, start, end, final, span);
};

/** Reads the newline at `at`, which the end of the buffer may cut in two. */
const endLine = (bytes: Uint8Array, at: number, end: number, final: boolean, span: RecordSpan): boolean => {
  span.end = at;
  if (at >= end) {
    span.next = end;
    span.newline = 'end of file';
    return final;
  }
  if (bytes[at] === LF) {
    span.next = at + 1;
    span.newline = 'lf';
    return true;
  }
  if (at + 1 >= end && !final) return false;
  const pair = at + 1 < end && bytes[at + 1] === LF;
  span.next = at + (pair ? 2 : 1);
  span.newline = pair ? 'crlf' : 'cr';
  return true;
};

/** The values of a well-formed record's fields, without quotes and escapes. */
export const fieldsOf = (
  bytes: Uint8Array,
  start: number,
  end: number,
  { delimiter, quote, escaper }: Grammar,
): Buffer[] => {
  const fields: Buffer[] = [];
  let at = start;
  for (;;) {
    const field = at;
    while (at < end && bytes[at] === SPACE) at++;
    if (at < end && bytes[at] === quote) {
      const value: number[] = [];
      for (at++; ; at++) {
        const byte = bytes[at] as number;
        const following = at + 1 < end ? bytes[at + 1] : -1;
        const doubled = byte === quote && following === quote;
        const escaped = byte === escaper && (following === quote || following === escaper);
        if (byte === quote && !doubled) break;
        if (doubled || escaped) at++;
        value.push(bytes[at] as number);
      }
      fields.push(Buffer.from(value));
      at = indexOrEnd(bytes, delimiter, at + 1, end);
    } else {
      at = indexOrEnd(bytes, delimiter, at, end);
      fields.push(Buffer.from(bytes.subarray(field, at)));
    }
    if (at >= end) return fields;
    at++;
  }
};

const indexOrEnd = (bytes: Uint8Array, byte: number, from: number, end: number): number => {
  const index = byte < 0 ? -1 : bytes.indexOf(byte, from);
  return index < 0 || index > end ? end : index;
};
