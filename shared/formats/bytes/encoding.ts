import { isUtf8 } from 'node:buffer';
import { encodingNamed } from '../../contract/reading.ts';
import { UnreadableFile } from '../../errors.ts';
import { chunksOf, sampleOf } from './chunks.ts';

/** As the WHATWG Encoding Standard names it: utf-8, utf-16le, utf-16be, windows-1252, or what the contract states. */
export type Encoding = string;

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
 *
 * @param stated the label of the encoding that the contract states; a byte order mark overrides it
 * @throws UnreadableFile when the text is not UTF-8 and holds bytes that Windows-1252 does not define
 */
export const encodingOf = async (path: string, stated?: string): Promise<TextEncoding | undefined> => {
  const { sample } = await sampleOf(path);
  const marked = markOf(sample);
  const wide = marked ?? (stated === undefined ? utf16Of(sample) : undefined);
  if (wide !== undefined && wide.encoding !== 'utf-8') return { ...wide, invalidUtf8: false };
  if (stated === undefined && isBinary(sample)) return undefined;
  const bom = marked?.bom ?? 0;
  const encoding = marked === undefined && stated !== undefined ? nameOf(stated) : undefined;
  if (encoding !== undefined && encoding !== 'utf-8') {
    if (encoding === 'windows-1252') await countMultibyte(path).then(throwIfUndefined);
    return { encoding, bom: 0, invalidUtf8: false };
  }
  if (await isUtf8File(path)) return { encoding: 'utf-8', bom, invalidUtf8: false };
  if (bom > 0 || encoding === 'utf-8') return { encoding: 'utf-8', bom, invalidUtf8: true };
  const counts = await countMultibyte(path);
  if (counts.valid >= counts.invalid) return { encoding: 'utf-8', bom: 0, invalidUtf8: true };
  throwIfUndefined(counts);
  return { encoding: 'windows-1252', bom: 0, invalidUtf8: false };
};

const nameOf = (label: string): Encoding => {
  const name = encodingNamed(label);
  if (name === undefined) throw new UnreadableFile(`The contract's encoding "${label}" is not known.`);
  return name;
};

/** Bytes without a character in Windows-1252: https://encoding.spec.whatwg.org/index-windows-1252.txt shows controls there. */
const UNDEFINED_IN_WINDOWS_1252: readonly number[] = [0x81, 0x8d, 0x8f, 0x90, 0x9d];

const throwIfUndefined = ({ undefinedByte }: Multibyte): void => {
  if (undefinedByte === undefined) return;
  throw new UnreadableFile(
    `The text is neither UTF-8 nor Windows-1252, which has no character for the byte 0x${undefinedByte.toString(16)}: save it as UTF-8, or set "encoding" in the contract's customProperties.`,
  );
};

const markOf = (sample: Buffer): { encoding: Encoding; bom: number } | undefined => {
  if (sample[0] === 0xff && sample[1] === 0xfe) return { encoding: 'utf-16le', bom: 2 };
  if (sample[0] === 0xfe && sample[1] === 0xff) return { encoding: 'utf-16be', bom: 2 };
  return sample.toString('hex', 0, 3) === 'efbbbf' ? { encoding: 'utf-8', bom: 3 } : undefined;
};

/** UTF-16 by zero bytes that occur in the same half of many 16-bit units. */
const utf16Of = (sample: Buffer): { encoding: Encoding; bom: number } | undefined => {
  const units = sample.length >> 1;
  const zeros = [0, 0];
  for (let i = 0; i < units * 2; i++) if (sample[i] === 0) zeros[i & 1] = (zeros[i & 1] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  const many = Math.max(2, units / 10);
  if (odd >= many && even * 20 < odd) return { encoding: 'utf-16le', bom: 0 };
  if (even >= many && odd * 20 < even) return { encoding: 'utf-16be', bom: 0 };
  return undefined;
};

/**
 * Whether more than one byte in twenty is a control character. One of them, but not NUL, may occur more often: Hive and
 * mainframes delimit fields with U+0001 or U+001F.
 */
const isBinary = (sample: Buffer): boolean => {
  const counts = new Array<number>(32).fill(0);
  for (const byte of sample)
    if (byte < 9 || (byte > 13 && byte < 32 && byte !== 27)) counts[byte] = (counts[byte] ?? 0) + 1;
  const control = counts.reduce((sum, count) => sum + count, 0);
  return (control - Math.max(...counts.slice(1))) * 20 > sample.length;
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

interface Multibyte {
  /** Valid multibyte characters. */
  valid: number;
  /** Bytes that belong to no valid character. */
  invalid: number;
  /** The first byte that Windows-1252 does not define. */
  undefinedByte: number | undefined;
}

const countMultibyte = async (path: string): Promise<Multibyte> => {
  let valid = 0;
  let invalid = 0;
  let undefinedByte: number | undefined;
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
    undefinedByte ??= chunk.find((byte) => UNDEFINED_IN_WINDOWS_1252.includes(byte));
    const bytes = Buffer.concat([carry, chunk]);
    const whole = bytes.length - unfinished(bytes);
    count(bytes, whole);
    carry = Buffer.from(bytes.subarray(whole));
  }
  count(carry, carry.length);
  return { valid, invalid, undefinedByte };
};
