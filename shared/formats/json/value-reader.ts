import { IrregularJson } from './irregular-json.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** The meanings of bytes outside of a string. */
const [OTHER, STRING, OPENER, CLOSER, SEPARATOR, BLANK, LINE_END] = [0, 1, 2, 3, 4, 5, 6];
const MEANING = new Uint8Array(256).fill(OTHER);
for (const [characters, meaning] of [
  ['"', STRING],
  ['{[', OPENER],
  ['}]', CLOSER],
  [',:', SEPARATOR],
  [' \t', BLANK],
  ['\n\r', LINE_END],
] as const)
  for (const character of characters) MEANING[character.charCodeAt(0)] = meaning;

/** Deeper values are refused: each level that is open takes memory. */
const MAX_DEPTH = 10_000;
/** Longer keys are none of the path. In bytes. */
const MAX_KEY = 64 * 1024;

/**
 * Finds the end of one JSON value, from chunks of any size, by its quotes and brackets. It does not look into the value:
 * DuckDB does.
 */
export class ValueReader {
  /** The ends of the brackets that are open. */
  readonly #ends: number[] = [];
  #isRecord = false;
  #within: 'start' | 'string' | 'escape' | 'word' | 'brackets' | 'end' = 'end';
  #keyBytes: Buffer[] | undefined;
  #keyLength = 0;

  /** A record's line ends are replaced by spaces in the chunks; a key's text is kept. */
  begin(kind: 'key' | 'record' | 'skipped'): void {
    this.#isRecord = kind === 'record';
    this.#keyBytes = kind === 'key' ? [] : undefined;
    this.#keyLength = 0;
    this.#within = 'start';
  }

  get isOpen(): boolean {
    return this.#within !== 'end';
  }

  /** The key that was read; undefined when it is too long, or no text. */
  get key(): string | undefined {
    if (this.#keyBytes === undefined || this.#keyLength > MAX_KEY) return undefined;
    try {
      return String(JSON.parse(Buffer.concat(this.#keyBytes).toString('utf8')));
    } catch {
      return undefined;
    }
  }

  /**
   * Reads on from an offset; returns the offset behind the value, or that of the chunk's end.
   *
   * @throws IrregularJson when brackets do not match, or a record's string holds a line end
   */
  read(chunk: Buffer, start: number): number {
    let at = start;
    while (at < chunk.length && this.isOpen) {
      if (this.#within === 'string' || this.#within === 'escape') at = this.#readString(chunk, at);
      else at = this.#readSigns(chunk, at);
    }
    if (this.#keyBytes !== undefined) this.#keep(chunk, start, at);
    return at;
  }

  #keep(chunk: Buffer, start: number, end: number): void {
    this.#keyLength += end - start;
    if (this.#keyLength <= MAX_KEY) this.#keyBytes?.push(Buffer.from(chunk.subarray(start, end)));
  }

  #readString(chunk: Buffer, start: number): number {
    for (let at = start; at < chunk.length; at++) {
      const byte = chunk[at];
      if (this.#within === 'escape') this.#within = 'string';
      else if (byte === BACKSLASH) this.#within = 'escape';
      else if (byte === QUOTE) {
        this.#within = this.#ends.length === 0 ? 'end' : 'brackets';
        return at + 1;
      }
      if (this.#isRecord && (byte === NEWLINE || byte === RETURN))
        throw new IrregularJson('a text in a record goes over several lines');
    }
    return chunk.length;
  }

  #readSigns(chunk: Buffer, start: number): number {
    for (let at = start; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0;
      const meaning = MEANING[byte];
      if (meaning === OTHER) {
        if (this.#within === 'start') this.#within = 'word';
        continue;
      }
      // A word ends before the sign that follows it.
      if (this.#within === 'word') {
        if (meaning === STRING || meaning === OPENER) throw new IrregularJson();
        this.#within = 'end';
        return at;
      }
      if (meaning === STRING) {
        this.#within = 'string';
        return at + 1;
      }
      if (meaning === OPENER) this.#open(byte);
      else if (meaning === CLOSER) {
        if (this.#ends.pop() !== byte) throw new IrregularJson();
        if (this.#ends.length === 0) {
          this.#within = 'end';
          return at + 1;
        }
      } else if (this.#within === 'start') throw new IrregularJson();
      else if (meaning === LINE_END && this.#isRecord) chunk[at] = SPACE;
    }
    return chunk.length;
  }

  #open(byte: number): void {
    this.#within = 'brackets';
    // In ASCII, each closing bracket stands two behind its opening one.
    if (this.#ends.push(byte + 2) > MAX_DEPTH) throw new IrregularJson();
  }
}
