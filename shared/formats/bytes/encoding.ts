import { isUtf8 } from 'node:buffer';
import { chunksOf, sampleOf } from './chunks.ts';

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';

export interface TextEncoding {
  encoding: Encoding;
  /** Length of the byte order mark. */
  bom: number;
  /** UTF-8 in which some records are invalid: each record has to be checked. */
  invalidUtf8: boolean;
}

/**
 * How a text file is encoded; undefined when its bytes are no text in any of the encodings. All bytes are read, because
 * the last line alone may decide that a file is not UTF-8.
 */
export const encodingOf = async (path: string): Promise<TextEncoding | undefined> => {
  const { sample } = await sampleOf(path);
  const wide = utf16Of(sample);
  if (wide) return { ...wide, invalidUtf8: false };
  if (isBinary(sample)) return undefined;
  const bom = sample.subarray(0, 3).toString('hex') === 'efbbbf' ? 3 : 0;
  if (await isUtf8File(path)) return { encoding: 'utf-8', bom, invalidUtf8: false };
  if (bom > 0) return { encoding: 'utf-8', bom, invalidUtf8: true };
  const { valid, invalid } = await countMultibyte(path);
  return valid >= invalid
    ? { encoding: 'utf-8', bom: 0, invalidUtf8: true }
    : { encoding: 'windows-1252', bom: 0, invalidUtf8: false };
};

/** UTF-16 by its byte order mark, or by zero bytes that occur in the same half of many 16-bit units. */
const utf16Of = (sample: Buffer): { encoding: Encoding; bom: number } | undefined => {
  if (sample[0] === 0xff && sample[1] === 0xfe) return { encoding: 'utf-16le', bom: 2 };
  if (sample[0] === 0xfe && sample[1] === 0xff) return { encoding: 'utf-16be', bom: 2 };
  const units = sample.length >> 1;
  const zeros = [0, 0];
  for (let i = 0; i < units * 2; i++) if (sample[i] === 0) zeros[i & 1] = (zeros[i & 1] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  const many = Math.max(2, units / 10);
  if (odd >= many && even * 20 < odd) return { encoding: 'utf-16le', bom: 0 };
  if (even >= many && odd * 20 < even) return { encoding: 'utf-16be', bom: 0 };
  return undefined;
};

/** Whether more than one byte in twenty is a control character. */
const isBinary = (sample: Buffer): boolean => {
  let control = 0;
  for (const byte of sample) if (byte < 9 || (byte > 13 && byte < 32 && byte !== 27)) control++;
  return control * 20 > sample.length;
};

const isUtf8File = async (path: string): Promise<boolean> => {
  let carry = Buffer.alloc(0);
  for await (const chunk of chunksOf(path)) {
    const bytes = carry.length > 0 ? Buffer.concat([carry, chunk]) : chunk;
    const whole = bytes.length - unfinished(bytes);
    if (!isUtf8(bytes.subarray(0, whole))) return false;
    carry = Buffer.from(bytes.subarray(whole));
  }
  return carry.length === 0;
};

/** How many bytes at the end belong to a character that continues in the next chunk. */
const unfinished = (bytes: Buffer): number => {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const length = sequenceLength(bytes[bytes.length - back] ?? 0);
    if (length > 0) return length > back ? back : 0;
  }
  return 0;
};

/** Length of the UTF-8 sequence that a byte begins; 0 for a byte that begins none. */
const sequenceLength = (lead: number): number => {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
};

/** Counts the valid multibyte characters, and the bytes that belong to no valid character. */
const countMultibyte = async (path: string): Promise<{ valid: number; invalid: number }> => {
  let valid = 0;
  let invalid = 0;
  let carry = Buffer.alloc(0);
  const count = (bytes: Buffer, end: number): void => {
    for (let i = 0; i < end; ) {
      const length = sequenceLength(bytes[i] ?? 0);
      if (length === 1) {
        i++;
      } else if (length > 1 && i + length <= end && isUtf8(bytes.subarray(i, i + length))) {
        valid++;
        i += length;
      } else {
        invalid++;
        i++;
      }
    }
  };
  for await (const chunk of chunksOf(path)) {
    const bytes = Buffer.concat([carry, chunk]);
    const whole = bytes.length - unfinished(bytes);
    count(bytes, whole);
    carry = Buffer.from(bytes.subarray(whole));
  }
  count(carry, carry.length);
  return { valid, invalid };
};
