/**
 * Reads Thrift's compact protocol, in which Parquet writes its footer and the headers of its pages.
 * https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */

const [TRUE, FALSE, BYTE, DOUBLE, BINARY, LIST, SET, MAP, STRUCT, UUID] = [1, 2, 3, 7, 8, 9, 10, 11, 12, 13];
/** Deeper than Parquet's own structs, so that damaged bytes do not exhaust the stack. */
const MAX_DEPTH = 32;

export interface Value {
  /** Offset of the byte that holds the field's type; of the value, for an element of a list. */
  header: number;
  /** A number or boolean; undefined for other types. */
  number?: number;
  fields?: Struct;
  elements?: Value[];
}

/** Values by the ids of their fields. */
export type Struct = ReadonlyMap<number, Value>;

export class ThriftReader {
  readonly #bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** @throws RangeError when the bytes end too early, or hold no such struct */
  struct(depth = 0): Struct {
    if (depth > MAX_DEPTH) throw new RangeError('Structs are nested too deeply');
    const fields = new Map<number, Value>();
    let id = 0;
    for (;;) {
      const header = this.at;
      const byte = this.#byte();
      if (byte === 0) return fields;
      const delta = byte >> 4;
      id = delta === 0 ? this.#integer() : id + delta;
      const type = byte & 15;
      const value =
        type === TRUE || type === FALSE ? { number: type === TRUE ? 1 : 0 } : this.#value(type, depth);
      fields.set(id, { ...value, header });
    }
  }

  #value(type: number, depth: number): Value {
    const header = this.at;
    switch (type) {
      case TRUE:
      case FALSE:
      case BYTE:
        return { header, number: this.#byte() };
      case DOUBLE:
        this.#skip(8);
        return { header };
      case UUID:
        this.#skip(16);
        return { header };
      case BINARY:
        this.#skip(this.#unsigned());
        return { header };
      case LIST:
      case SET:
        return { header, elements: this.#list(depth) };
      case MAP:
        throw new RangeError('Parquet has no maps');
      case STRUCT:
        return { header, fields: this.struct(depth + 1) };
      default:
        return { header, number: this.#integer() };
    }
  }

  #list(depth: number): Value[] {
    const byte = this.#byte();
    const size = byte >> 4 === 15 ? this.#unsigned() : byte >> 4;
    if (size > this.#bytes.length - this.at) throw new RangeError('A list is longer than the bytes');
    return Array.from({ length: size }, () => this.#value(byte & 15, depth + 1));
  }

  #byte(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw new RangeError('The bytes end within a struct');
    return byte;
  }

  #skip(length: number): void {
    this.at += length;
    if (this.at > this.#bytes.length) throw new RangeError('The bytes end within a value');
  }

  /** Numbers above 2^53 lose digits: nothing that is read here is that large. */
  #unsigned(): number {
    let [value, factor] = [0, 1];
    for (;;) {
      const byte = this.#byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
      factor *= 128;
      if (factor > 2 ** 70) throw new RangeError('A number is longer than 64 bits');
    }
  }

  #integer(): number {
    const value = this.#unsigned();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
