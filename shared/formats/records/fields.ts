import type { Grammar } from './grammar.ts';

const SPACE = 0x20;

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
