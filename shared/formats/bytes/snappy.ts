import { Damage } from './damage.ts';

/**
 * Decompresses one block of Snappy: https://github.com/google/snappy/blob/main/format_description.txt
 *
 * @param maxBytes what it may unpack to
 * @returns undefined when it claims to be larger
 * @throws Damage
 */
export const unsnap = (packed: Buffer, maxBytes: number): Buffer | undefined => {
  const { length, start } = lengthOf(packed);
  if (length > maxBytes) return undefined;
  const output = Buffer.alloc(length);
  let [from, to] = [start, 0];
  const literal = (size: number): void => {
    if (size > packed.length - from || size > length - to) throw broken();
    packed.copy(output, to, from, from + size);
    from += size;
    to += size;
  };
  const copy = (size: number, offset: number): void => {
    if (offset === 0 || offset > to || size > length - to) throw broken();
    // The source may overlap the target: then its bytes repeat.
    if (offset >= size) output.copyWithin(to, to - offset, to - offset + size);
    else for (let i = 0; i < size; i++) output[to + i] = output[to - offset + i] as number;
    to += size;
  };
  const number = (bytes: number): number => {
    if (bytes > packed.length - from) throw broken();
    from += bytes;
    return packed.readUIntLE(from - bytes, bytes);
  };
  while (from < packed.length) {
    const tag = number(1);
    const high = tag >> 2;
    if ((tag & 3) === 0) literal(1 + (high < 60 ? high : number(high - 59)));
    else if ((tag & 3) === 1) copy(4 + (high & 7), ((tag >> 5) << 8) | number(1));
    else copy(1 + high, number((tag & 3) === 2 ? 2 : 4));
  }
  if (to !== length) throw broken();
  return output;
};

const lengthOf = (packed: Buffer): { length: number; start: number } => {
  let length = 0;
  for (let start = 0; start < Math.min(5, packed.length); start++) {
    const byte = packed[start] as number;
    length += (byte & 127) * 128 ** start;
    if (byte < 128) return { length, start: start + 1 };
  }
  throw broken();
};

const broken = (): Damage => new Damage('a block of snappy cannot be unpacked');
