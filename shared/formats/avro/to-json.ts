import { isUtf8 } from 'node:buffer';
import { Damage } from '../bytes/damage.ts';
import type { Cursor } from './cursor.ts';
import { textOfDecimal, textOfDuration, textOfNumber, textOfUuid } from './logical-text.ts';
import type { Field, Type } from './schema.ts';

const MAX_DEPTH = 200;
/** Values that a record may hold without a byte for each: a few bytes may claim any number of nulls. */
const MAX_FREE_VALUES = 100_000;

/** How the contract uses a field of the record. */
export interface FieldUse {
  /** Whether its texts must be UTF-8. Others are escaped where they are not. */
  expected: boolean;
  /** Whether a timestamp at midnight is to be a date. */
  asDate: boolean;
}

/**
 * Decodes records, and writes each as JSON: a string whose characters are the bytes of the text in UTF-8, so that bytes
 * which are no UTF-8 show in it.
 */
export class JsonDecoder {
  readonly #cursor: Cursor;
  readonly #maxBytes: number;
  readonly #useOf: (field: Field) => FieldUse;
  #text = '';
  #free = 0;
  #use: FieldUse = { expected: false, asDate: false };

  /** @param maxBytes the text of a longer record is cut off behind them */
  constructor(cursor: Cursor, maxBytes: number, useOf: (field: Field) => FieldUse) {
    this.#cursor = cursor;
    this.#maxBytes = maxBytes;
    this.#useOf = useOf;
  }

  /**
   * The next record. Its text is longer than `maxBytes` where it is cut off.
   *
   * @throws Damage
   */
  next(type: Type): string {
    this.#text = '';
    this.#free = 0;
    const start = this.#cursor.at;
    if (type.kind === 'record') this.#record(type.fields, 0, true);
    else this.#value(type, 0);
    if (this.#cursor.at === start) throw new Damage('its records take no bytes');
    return this.#text;
  }

  #write(text: string): void {
    if (this.#text.length <= this.#maxBytes) this.#text += text;
  }

  #value(type: Type, depth: number): void {
    if (depth > MAX_DEPTH) throw new Damage(`a value is nested more than ${MAX_DEPTH} times`);
    if (type.kind === 'record') this.#record(type.fields, depth, false);
    else if (type.kind === 'union') this.#union(type.branches, depth);
    else if (type.kind === 'array' || type.kind === 'map') this.#items(type.of, depth, type.kind);
    else this.#write(type.kind === 'logical' ? this.#logical(type) : this.#scalar(type));
  }

  #union(branches: readonly Type[], depth: number): void {
    const branch = branches[this.#cursor.count()];
    if (branch === undefined) throw new Damage('a value is of a type that its union has not');
    if (branch.kind === 'null') this.#write('null');
    else this.#value(branch, depth + 1);
  }

  #countFree(): void {
    if (++this.#free > MAX_FREE_VALUES) throw new Damage('a record holds too many values that take no bytes');
  }

  #record(fields: readonly Field[], depth: number, top: boolean): void {
    if (fields.length === 0) this.#countFree();
    this.#write('{');
    for (const [i, field] of fields.entries()) {
      if (top) this.#use = this.#useOf(field);
      this.#write(`${i === 0 ? '' : ','}${quoted(Buffer.from(field.name))}:`);
      this.#value(field.type, depth + 1);
    }
    this.#write('}');
  }

  /** Arrays and maps come in blocks, of which the last is empty. */
  #items(of: Type, depth: number, kind: 'array' | 'map'): void {
    this.#write(kind === 'array' ? '[' : '{');
    let first = true;
    for (;;) {
      const count = this.#cursor.count();
      if (count === 0) break;
      // A negative count is followed by the size of the block.
      if (count < 0) this.#cursor.count();
      for (let i = 0; i < Math.abs(count); i++) {
        if (!first) this.#write(',');
        first = false;
        if (kind === 'map') this.#write(`${this.#textOf(this.#cursor.sized())}:`);
        this.#value(of, depth + 1);
      }
    }
    this.#write(kind === 'array' ? ']' : '}');
  }

  #scalar(type: Exclude<Type, { kind: 'record' | 'union' | 'array' | 'map' | 'logical' }>): string {
    const cursor = this.#cursor;
    switch (type.kind) {
      case 'null':
        this.#countFree();
        return 'null';
      case 'boolean': {
        const byte = cursor.byte();
        if (byte > 1) throw new Damage('a boolean is neither true nor false');
        return byte === 1 ? 'true' : 'false';
      }
      case 'int':
      case 'long':
        return `${cursor.long()}`;
      case 'float':
        return textOfFloat(cursor.bytes.readFloatLE(cursor.take(4)));
      case 'double':
        return textOfDouble(cursor.bytes.readDoubleLE(cursor.take(8)));
      case 'enum': {
        const symbol = type.symbols[cursor.count()];
        if (symbol === undefined) throw new Damage('a value is none of its enum');
        return quoted(Buffer.from(symbol));
      }
      case 'fixed':
        return this.#textOf(this.#fixed(type.size));
      default:
        return this.#textOf(cursor.sized());
    }
  }

  #fixed(size: number): Buffer {
    const start = this.#cursor.take(size);
    return this.#cursor.bytes.subarray(start, start + size);
  }

  #logical({ of, logical, scale }: Extract<Type, { kind: 'logical' }>): string {
    if (of.kind === 'int' || of.kind === 'long')
      return `"${textOfNumber(this.#cursor.long(), logical, this.#use.asDate)}"`;
    const bytes = of.kind === 'fixed' ? this.#fixed(of.size) : this.#cursor.sized();
    if (logical === 'uuid') return `"${textOfUuid(bytes)}"`;
    if (logical === 'duration') return `"${textOfDuration(bytes)}"`;
    const decimal = textOfDecimal(bytes, scale);
    return decimal === undefined ? quoted(escapedBytes(bytes)) : `"${decimal}"`;
  }

  #textOf(bytes: Buffer): string {
    if (bytes.length > this.#maxBytes) return quoted(bytes.subarray(0, this.#maxBytes + 1));
    return this.#use.expected || isUtf8(bytes) ? quoted(bytes) : quoted(escapedBytes(bytes));
  }
}

/** @param bytes of UTF-8: each of them becomes a character */
const quoted = (bytes: Buffer): string => JSON.stringify(bytes.toString('latin1'));

/** As DuckDB prints bytes: those that are no printable ASCII in hexadecimal digits. */
const escapedBytes = (bytes: Buffer): Buffer =>
  Buffer.from(
    bytes
      .toString('latin1')
      .replace(
        /[^ !#-&(-[\]-~]/g,
        (byte) => `\\x${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
      ),
  );

/** NaN and Infinity are written as they are, which is no JSON: Validate rejects them as it does in a JSON file. */
const textOfDouble = (value: number): string => (Object.is(value, -0) ? '-0.0' : String(value));

/** The shortest text that gives the same float. */
const textOfFloat = (value: number): string => {
  if (!Number.isFinite(value) || value === 0) return textOfDouble(value);
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return textOfDouble(short);
  }
  return textOfDouble(Number(value.toPrecision(9)));
};
