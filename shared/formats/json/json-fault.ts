import { chunksOf } from '../bytes/chunks.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const NEWLINE = 0x0a;
const SIGNS = { comma: 0x2c, colon: 0x3a, apostrophe: 0x27, slash: 0x2f } as const;
const OPENERS: ReadonlyMap<number, number> = new Map([
  [0x7b, 0x7d],
  [0x5b, 0x5d],
]);
const LIST_END = 0x5d;
const isBlank = (byte: number): boolean => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
const kindOf = (end: number | undefined): string => (end === LIST_END ? 'array' : 'object');

/**
 * The fault of a JSON text, as a sentence without an end and without values; undefined when no fault is found.
 * It knows the faults that people and programs make, and reads the file once: call it for a file that failed.
 */
export const jsonFaultOf = async (path: string, start: number): Promise<string | undefined> => {
  const finder = new FaultFinder();
  for await (const chunk of chunksOf(path, start)) {
    const fault = finder.read(chunk);
    if (fault !== undefined) return fault;
  }
  return finder.atEnd();
};

class FaultFinder {
  #line = 1;
  #within: 'string' | 'escape' | 'word' | undefined;
  /** The ends of the arrays and objects that are open. */
  readonly #ends: number[] = [];
  #last: 'start' | 'value' | 'comma' | 'colon' | 'opener' = 'start';
  /** Whether the file's first value is an array, behind which nothing may follow. */
  #isList: boolean | undefined;

  read(chunk: Buffer): string | undefined {
    for (const byte of chunk) {
      const fault = this.#readByte(byte);
      if (fault !== undefined) return fault;
      if (byte === NEWLINE) this.#line++;
    }
    return undefined;
  }

  atEnd(): string | undefined {
    const [innermost] = this.#ends.slice(-1);
    if (innermost === undefined) return undefined;
    return `the file ends within ${innermost === LIST_END ? 'an array' : 'an object'}, as when an upload is cut off`;
  }

  #readByte(byte: number): string | undefined {
    if (this.#within === 'escape') this.#within = 'string';
    else if (this.#within === 'string') {
      if (byte === BACKSLASH) this.#within = 'escape';
      if (byte === QUOTE) this.#within = undefined;
    } else if (isBlank(byte)) this.#within = undefined;
    else return this.#readSign(byte);
    return undefined;
  }

  #readSign(byte: number): string | undefined {
    const end = OPENERS.get(byte);
    if (end !== undefined) return this.#begin('opener') ?? this.#open(end);
    if (byte === 0x7d || byte === LIST_END) return this.#close(byte);
    if (byte === QUOTE) {
      const fault = this.#begin('value');
      this.#within = 'string';
      return fault;
    }
    if (byte === SIGNS.comma || byte === SIGNS.colon) {
      this.#within = undefined;
      if (this.#ends.length === 0) return `line ${this.#line} has a comma or colon outside of any record`;
      if (byte === SIGNS.comma && this.#last !== 'value')
        return `line ${this.#line} has a comma without a value before it`;
      this.#last = byte === SIGNS.comma ? 'comma' : 'colon';
      return undefined;
    }
    if (this.#within === 'word') return undefined;
    if (byte === SIGNS.apostrophe)
      return `line ${this.#line} has text in single quotes, where JSON has double quotes`;
    if (byte === SIGNS.slash) return `line ${this.#line} has a comment, which JSON has not`;
    const fault = this.#begin('value');
    this.#within = 'word';
    return fault;
  }

  /** A value begins. */
  #begin(kind: 'value' | 'opener'): string | undefined {
    const again = this.#ends.length === 0 && this.#last === 'value' && this.#isList;
    if (again) {
      return kind === 'opener'
        ? `several arrays stand behind one another, the second from line ${this.#line} on: write one array, or one object per line`
        : `line ${this.#line} goes on after the end of the array`;
    }
    if (this.#ends.length > 0 && this.#last === 'value')
      return `line ${this.#line} lacks a comma between two values`;
    this.#within = undefined;
    this.#last = kind;
    return undefined;
  }

  #open(end: number): undefined {
    this.#isList ??= end === LIST_END;
    this.#ends.push(end);
  }

  #close(byte: number): string | undefined {
    const end = this.#ends.pop();
    if (end !== byte) return `line ${this.#line} ends an ${kindOf(byte)} that was not begun`;
    if (this.#last === 'comma') return `line ${this.#line} has a comma before the end of the ${kindOf(byte)}`;
    this.#within = undefined;
    this.#last = 'value';
    return undefined;
  }
}
