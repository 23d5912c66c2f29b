import { IrregularJson } from './irregular-json.ts';
import { ValueReader } from './value-reader.ts';

/** Where a document leaves the path: the keys that it names up to there, and what lies there instead of an object. */
export interface Absence {
  /** Keys of the path that the document has. */
  depth: number;
  /** The value at this depth: an object has its keys, up to MAX_KEYS. */
  found: 'list' | 'value' | readonly string[];
}

export interface PathEvents {
  /** A document's value at the path begins: a list, or an object, which is the only record. */
  onTarget(kind: 'list' | 'object'): void;
  onRecordBytes(chunk: Buffer, start: number, end: number): void;
  onRecordEnd(): void;
  onDocumentEnd?(): void;
  /** A document ends, or goes on in another way than the path. */
  onAbsent(absence: Absence): void;
  /** A document has one of the path's keys twice. */
  onRepeated(key: string): void;
}

type Expects =
  | 'document'
  | 'key or end'
  | 'key'
  | 'colon'
  | 'value'
  | 'comma'
  | 'element or end'
  | 'element'
  | 'next';

const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;
const QUOTE = 0x22;

/** Keys that a message may need. */
const MAX_KEYS = 20;
const isBlank = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/** An object of the path that is open. */
interface Level {
  keys: string[];
  /** Whether the key of the path has been read. */
  met: boolean;
}

/**
 * Reads documents that stand behind one another, from chunks of any size, and reports the records that lie at a path of
 * keys in each. It holds one key and the brackets that are open, and no value.
 */
export class PathReader {
  readonly #path: readonly string[];
  readonly #events: PathEvents;
  readonly #values = new ValueReader();
  readonly #levels: Level[] = [];
  #expects: Expects = 'document';
  /** The use of the value that is being read. */
  #reading: 'key' | 'skipped' | 'record' | undefined;
  #wanted = false;
  /** Whether the list at the path is open. */
  #inList = false;

  constructor(path: readonly string[], events: PathEvents) {
    this.#path = path;
    this.#events = events;
  }

  /** @throws IrregularJson */
  read(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#reading !== undefined) {
        const end = this.#values.read(chunk, at);
        if (this.#reading === 'record') this.#events.onRecordBytes(chunk, at, end);
        if (this.#values.isOpen) return;
        this.#valueEnded();
        at = end;
      } else {
        const byte = chunk[at] ?? 0;
        if (isBlank(byte)) at++;
        else if (this.#readSign(byte)) at++;
      }
    }
  }

  /** @throws IrregularJson when a document is not whole */
  end(): void {
    if (this.#expects !== 'document' || this.#reading !== undefined) throw new IrregularJson();
  }

  /** Whether the byte is consumed: the first of a value is not. */
  #readSign(byte: number): boolean {
    switch (this.#expects) {
      case 'document':
        if (byte !== OPEN_OBJECT) throw new IrregularJson();
        this.#enter();
        return true;
      case 'key or end':
      case 'key':
        if (byte === CLOSE_OBJECT && this.#expects === 'key or end') return this.#leave();
        if (byte !== QUOTE) throw new IrregularJson();
        return this.#begin('key');
      case 'colon':
        return this.#expect(byte === COLON, 'value');
      case 'value':
        return this.#wanted ? this.#atKeyOfPath(byte) : this.#begin('skipped');
      case 'comma':
        if (byte === CLOSE_OBJECT) return this.#leave();
        return this.#expect(byte === COMMA, 'key');
      case 'element or end':
      case 'element':
        if (byte === CLOSE_LIST && this.#expects === 'element or end') return this.#leaveList();
        return this.#begin('record');
      case 'next':
        if (byte === CLOSE_LIST) return this.#leaveList();
        return this.#expect(byte === COMMA, 'element');
    }
  }

  #expect(isMet: boolean, next: Expects): true {
    if (!isMet) throw new IrregularJson();
    this.#expects = next;
    return true;
  }

  #begin(reading: 'key' | 'skipped' | 'record'): false {
    this.#reading = reading;
    this.#values.begin(reading);
    return false;
  }

  #valueEnded(): void {
    const reading = this.#reading;
    this.#reading = undefined;
    if (reading === 'key') this.#keyRead(this.#values.key);
    else if (reading === 'record') {
      this.#events.onRecordEnd();
      this.#expects = this.#inList ? 'next' : 'comma';
    } else this.#expects = 'comma';
  }

  #keyRead(key: string | undefined): void {
    const level = this.#levels.at(-1);
    this.#expects = 'colon';
    this.#wanted = level !== undefined && key === this.#path[this.#levels.length - 1];
    if (level === undefined || key === undefined) return;
    if (this.#wanted && level.met) this.#events.onRepeated(key);
    if (this.#wanted) level.met = true;
    else if (level.keys.length < MAX_KEYS) level.keys.push(key);
  }

  /** The value of a key of the path begins. */
  #atKeyOfPath(byte: number): boolean {
    const depth = this.#levels.length;
    const isLast = depth === this.#path.length;
    if (isLast && byte === OPEN_LIST) {
      this.#events.onTarget('list');
      this.#inList = true;
      this.#expects = 'element or end';
      return true;
    }
    if (byte === OPEN_OBJECT && !isLast) {
      this.#enter();
      return true;
    }
    if (byte === OPEN_OBJECT) {
      this.#events.onTarget('object');
      return this.#begin('record');
    }
    this.#events.onAbsent({ depth, found: byte === OPEN_LIST ? 'list' : 'value' });
    return this.#begin('skipped');
  }

  #enter(): void {
    this.#levels.push({ keys: [], met: false });
    this.#expects = 'key or end';
  }

  #leave(): true {
    const level = this.#levels.pop();
    if (level?.met === false) this.#events.onAbsent({ depth: this.#levels.length, found: level.keys });
    this.#expects = this.#levels.length === 0 ? 'document' : 'comma';
    if (this.#levels.length === 0) this.#events.onDocumentEnd?.();
    return true;
  }

  #leaveList(): true {
    this.#inList = false;
    this.#expects = 'comma';
    return true;
  }
}
