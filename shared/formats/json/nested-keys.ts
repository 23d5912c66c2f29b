import { UnreadableFile } from '../../errors.ts';

const [QUOTE, BACKSLASH, NEWLINE, COMMA] = [0x22, 0x5c, 0x0a, 0x2c];
const [OBJECT, OBJECT_END, LIST, LIST_END] = [0x7b, 0x7d, 0x5b, 0x5d];

/**
 * Finds out whether an object within a record holds a key twice, in any chunks of a JSON text. DuckDB reads such an object
 * and says nothing. The text may be damaged: then what it finds means nothing either.
 */
export class NestedKeys {
  /** Levels below its record of the deepest object that holds a key twice; 0 for none. */
  deepest = 0;
  readonly #recordDepth: number;
  readonly #lines: boolean;
  /** The keys of each object that is open; undefined for an array, and for a record, whose keys are compared elsewhere. */
  #open: (Set<string> | undefined)[] = [];
  #keyNext = false;
  #inString = false;
  #escaped = false;
  /** The part of a key that was read, byte by byte as characters. */
  #key: string | undefined;

  /**
   * @param recordDepth how many objects and arrays are open within a record: 1, or 2 where an array holds the records
   * @param lines whether each line is a text of its own
   */
  constructor(recordDepth: number, lines: boolean) {
    this.#recordDepth = recordDepth;
    this.#lines = lines;
  }

  read(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#inString) {
        at = this.#passString(chunk, at);
        continue;
      }
      const byte = chunk[at++];
      if (byte === QUOTE) {
        this.#inString = true;
        this.#key = this.#keyNext && this.#open.at(-1) !== undefined ? '' : undefined;
        this.#keyNext = false;
      } else if (byte === COMMA) this.#keyNext = true;
      else if (byte === OBJECT) {
        this.#open.push(this.#open.length < this.#recordDepth ? undefined : new Set());
        this.#keyNext = true;
      } else if (byte === LIST) {
        this.#open.push(undefined);
        this.#keyNext = false;
      } else if (byte === OBJECT_END || byte === LIST_END) this.#open.pop();
      else if (byte === NEWLINE && this.#lines) this.#open = [];
    }
  }

  /** @returns the offset behind the string, or the end of the chunk */
  #passString(chunk: Buffer, start: number): number {
    let at = start;
    for (; at < chunk.length; at++) {
      const byte = chunk[at];
      if (this.#escaped) this.#escaped = false;
      else if (byte === BACKSLASH) this.#escaped = true;
      else if (byte === QUOTE || (byte === NEWLINE && this.#lines)) break;
    }
    if (this.#key !== undefined) this.#key += chunk.toString('latin1', start, at);
    if (at === chunk.length) return at;
    this.#inString = false;
    this.#endKey();
    // A newline ends the line too.
    return chunk[at] === QUOTE ? at + 1 : at;
  }

  #endKey(): void {
    const [key, keys] = [this.#key, this.#open.at(-1)];
    this.#key = undefined;
    if (key === undefined || keys === undefined) return;
    const name = key.includes('\\') ? unescaped(key) : key;
    if (keys.has(name)) this.deepest = Math.max(this.deepest, this.#open.length - this.#recordDepth);
    keys.add(name);
  }
}

/** The comparison of the values is spelled out in SQL for each level. */
const MAX_LEVELS = 16;

/**
 * The member of `OpenedRecords` that it finds out.
 *
 * @throws UnreadableFile when the object lies deeper than values are compared
 */
export const repeatsOf = ({ deepest }: NestedKeys): { nestedRepeats?: number } => {
  if (deepest > MAX_LEVELS)
    throw new UnreadableFile(
      `An object holds a key twice, ${deepest} levels within its record: only the first of its values would be read. At most ${MAX_LEVELS} levels down the record alone is rejected. Write each key once.`,
    );
  return deepest > 0 ? { nestedRepeats: deepest } : {};
};

const unescaped = (key: string): string => {
  try {
    return Buffer.from(String(JSON.parse(`"${Buffer.from(key, 'latin1').toString()}"`))).toString('latin1');
  } catch {
    return key;
  }
};
