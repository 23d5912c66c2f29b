import { Damage } from '../bytes/damage.ts';

/** Bytes of the longest variable-length long. */
const MAX_VARINT_BYTES = 10;
/** Bytes of a variable-length long whose value a number holds exactly. */
const EXACT_BYTES = 7;

/** Reads Avro's binary encoding: https://avro.apache.org/docs/1.12.0/specification/#binary-encoding */
export class Cursor {
  readonly bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  /**
   * Passes over a number of bytes.
   *
   * @returns their offset
   * @throws Damage when there are fewer
   */
  take(length: number): number {
    const start = this.at;
    if (length < 0 || length > this.bytes.length - start) throw new Damage('a value ends after its block');
    this.at += length;
    return start;
  }

  byte(): number {
    return this.bytes[this.take(1)] as number;
  }

  /** A long as a number where that is exact, else as a bigint. */
  long(): number | bigint {
    let [value, factor] = [0, 1];
    for (let length = 1; length <= EXACT_BYTES; length++) {
      const byte = this.byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      factor *= 128;
    }
    let long = BigInt(value);
    for (let length = EXACT_BYTES + 1; length <= MAX_VARINT_BYTES; length++) {
      const byte = this.byte();
      long |= BigInt(byte & 127) << BigInt(7 * (length - 1));
      if (byte < 128) return exact(BigInt.asIntN(64, (long >> 1n) ^ -(long & 1n)));
    }
    throw new Damage('a number is longer than 64 bits');
  }

  /** A length, a count or an index. */
  count(): number {
    const value = this.long();
    if (typeof value === 'bigint') throw new Damage('a count is beyond 2^53');
    return value;
  }

  /** The bytes of a value that is preceded by its length. */
  sized(): Buffer {
    const length = this.count();
    const start = this.take(length);
    return this.bytes.subarray(start, start + length);
  }
}

const exact = (long: bigint): number | bigint => {
  const number = Number(long);
  return Number.isSafeInteger(number) ? number : long;
};
