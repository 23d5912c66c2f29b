/** One record: where it ends, how many fields it has, whether its quotes close. */

import { type Grammar, STOP } from './grammar.ts';

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const DOUBLE_QUOTE = 0x22;

/** How a record's last line ends. */
export type Newline = 'lf' | 'crlf' | 'cr' | 'end of file';

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
  /** A quote never closes, data follows it, or it closes a field that began without one. The span then covers one line. */
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
 * Reads the record at `start`. Blanks between a delimiter and a quote do not belong to the value. A quote within an
 * unquoted field is data, unless `closesWrongly` finds that it closes something. This loop passes over every byte of a
 * file and was tuned by measurement, which is why it is one function of 60 lines.
 *
 * @param final whether the file ends at `end`
 * @returns false when the record may continue after `end`; the span is then undefined
 */
export const readRecord = (
  bytes: Uint8Array,
  start: number,
  end: number,
  final: boolean,
  rules: Grammar,
  span: RecordSpan,
): boolean => {
  const { delimiter, quote, escaper, kinds, quotedStops } = rules;
  span.fields = 1;
  span.quotedFields = 0;
  span.lines = 1;
  span.broken = false;
  span.unusual = false;
  let at = start;
  let opened = 0;
  for (;;) {
    // Most of a file's bytes are passed here. The beginning of a field is examined only when a quote comes.
    at = passPlain(bytes, at, end, kinds, span);
    if (at >= end || bytes[at] !== quote) return endLine(bytes, at, end, final, span);
    let field = at;
    while (field > start && bytes[field - 1] === SPACE) field--;
    if (field > start && bytes[field - 1] !== delimiter) {
      const after = passBlanks(bytes, at + 1, end);
      if (after >= end && !final) return false;
      const closes = after >= end || endsField(bytes[after] as number, rules);
      if (closes && closesWrongly(opened, span.fields, rules))
        return readBrokenLine(bytes, start, end, final, span);
      if (closes) opened = 0;
      else if (opened === 0 && after === at + 1) opened = span.fields;
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

const endsField = (byte: number, { quote, kinds }: Grammar): boolean => byte !== quote && kinds[byte] !== 0;

const passBlanks = (bytes: Uint8Array, start: number, end: number): number => {
  let at = start;
  while (at < end && bytes[at] === SPACE) at++;
  return at;
};

/**
 * Whether a quote at the end of an unquoted field shows that a delimiter is missing, as in `Boots"Light, dry"`: another
 * field holds the opening quote, or the file's writer would have quoted the field. Where no field is quoted, `24"` is data.
 * Apostrophes end words too.
 *
 * @param opened the number of the field with a quote that is followed by data; 0 for none
 * @param field the number of the field that the quote ends
 */
const closesWrongly = (opened: number, field: number, { quote, quotesFields }: Grammar): boolean =>
  quote === DOUBLE_QUOTE && (quotesFields || (opened > 0 && opened < field));

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
