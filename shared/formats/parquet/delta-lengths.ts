/** Values of one page; more are claimed only by damaged bytes. */
const MAX_VALUES = 100_000_000;

/**
 * The sum of numbers that are encoded as DELTA_BINARY_PACKED, and the offset behind them:
 * https://parquet.apache.org/docs/file-format/data-pages/encodings/
 *
 * @param most where the sum passes it, reading ends
 * @returns undefined where no such numbers are
 */
export const deltaSum = (
  bytes: Buffer,
  start: number,
  most: number,
): { sum: number; count: number; end: number } | undefined => {
  const reader = { bytes, at: start };
  const [size, parts, count] = [unsigned(reader), unsigned(reader), unsigned(reader)];
  const perPart = size / parts;
  if (!Number.isInteger(perPart) || perPart === 0 || perPart % 8 !== 0 || count > MAX_VALUES)
    return undefined;
  let value = signed(reader);
  let sum = count > 0 ? value : 0;
  for (let read = 1; read < count; ) {
    const least = signed(reader);
    const widths = bytes.subarray(reader.at, reader.at + parts);
    reader.at += parts;
    for (let part = 0; part < parts && read < count; part++) {
      const width = widths[part];
      if (width === undefined || width > 32) return undefined;
      for (let i = 0; i < perPart && read < count; i++, read++) {
        value += least + bitsAt(bytes, reader.at, i * width, width);
        sum += value;
        if (sum > most) return { sum, count, end: reader.at };
      }
      reader.at += (perPart * width) / 8;
    }
  }
  return reader.at > bytes.length || Number.isNaN(sum) ? undefined : { sum, count, end: reader.at };
};

interface Reader {
  bytes: Buffer;
  at: number;
}

/** NaN where the bytes end, or the number is longer than a length can be. */
const unsigned = (reader: Reader): number => {
  let [value, factor] = [0, 1];
  for (let length = 0; length < 7; length++) {
    const byte = reader.bytes[reader.at++] ?? Number.NaN;
    value += (byte % 128) * factor;
    if (!(byte >= 128)) return value;
    factor *= 128;
  }
  return Number.NaN;
};

const signed = (reader: Reader): number => {
  const value = unsigned(reader);
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
};

/** A number of up to 32 bits, of which the lowest comes first. */
const bitsAt = (bytes: Buffer, start: number, bit: number, width: number): number => {
  let [value, factor] = [0, 1];
  let at = start * 8 + bit;
  for (let left = width; left > 0; ) {
    const offset = at % 8;
    const taken = Math.min(8 - offset, left);
    const byte = bytes[Math.floor(at / 8)] ?? Number.NaN;
    value += (Math.floor(byte / 2 ** offset) % 2 ** taken) * factor;
    factor *= 2 ** taken;
    at += taken;
    left -= taken;
  }
  return value;
};
