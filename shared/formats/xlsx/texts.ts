import type { Attributes } from './xml.ts';

/** Excel writes characters that XML cannot hold as `_x000D_`, and a text that looks like one as `_x005F_x000D_`. */
const ESCAPE = /_x([0-9A-Fa-f]{4})_/g;
/** NUL ends a text in many programs: it stays escaped. */
const unescaped = (text: string): string =>
  text.includes('_x')
    ? text.replace(ESCAPE, (whole, digits: string) =>
        digits === '0000' ? whole : String.fromCharCode(Number.parseInt(digits, 16)),
      )
    : text;

/**
 * Collects the text of a string: of its runs, in one piece, without the phonetic hints that stand above it. Blanks at the
 * ends of a run belong to it only if it says so.
 */
export class TextCollector {
  readonly #maxLength: number;
  #parts = '';
  #run: string | undefined;
  #keepBlanks = false;
  #phonetic = 0;

  /** @param maxLength a longer text is cut off behind it */
  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  open(name: string, attributes: Attributes): void {
    if (name === 'rPh') this.#phonetic++;
    if (name !== 't' || this.#phonetic > 0) return;
    this.#run = '';
    this.#keepBlanks = attributes.space === 'preserve';
  }

  text(text: string): void {
    if (this.#run !== undefined && this.#run.length <= this.#maxLength) this.#run += text;
  }

  close(name: string): void {
    if (name === 'rPh') this.#phonetic--;
    if (name !== 't' || this.#run === undefined) return;
    const run = this.#keepBlanks ? this.#run : this.#run.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');
    if (this.#parts.length <= this.#maxLength) this.#parts += unescaped(run);
    this.#run = undefined;
  }

  /** The text, and begins the next one. */
  take(): string {
    const text = this.#parts.slice(0, this.#maxLength + 1);
    this.#parts = '';
    this.#run = undefined;
    this.#phonetic = 0;
    return text;
  }
}
