import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { Damage } from '../bytes/damage.ts';
import { TextCollector } from './texts.ts';
import { parseXml } from './xml.ts';

/** Characters of the texts that are kept in memory; those after them are in a file. */
const MAX_KEPT = 16 * 1024 * 1024;
/** Places in the file are kept for each text, in 16 bytes. */
const MAX_STRINGS = 20_000_000;

/** The texts of a workbook, to which its cells refer by number. Any amount of them takes bounded memory. */
export class SharedStrings {
  readonly #kept: string[] = [];
  #keptLength = 0;
  readonly #path: string;
  #file: number | undefined;
  /** Offset and length in the file, by turns. */
  #places = new Float64Array(1024);
  #spilled = 0;
  #end = 0;

  /** @param path of a file that may be written */
  constructor(path: string) {
    this.#path = path;
  }

  add(text: string): void {
    if (this.#spilled === 0 && this.#keptLength + text.length <= MAX_KEPT) {
      this.#kept.push(text);
      this.#keptLength += text.length;
      return;
    }
    if (this.#spilled === MAX_STRINGS) throw new Damage(`it has more than ${MAX_STRINGS} long texts`);
    this.#file ??= openSync(this.#path, 'w+');
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; )
      at += writeSync(this.#file, bytes, at, bytes.length - at, this.#end + at);
    if (this.#places.length < this.#spilled * 2 + 2) {
      const grown = new Float64Array(this.#places.length * 2);
      grown.set(this.#places);
      this.#places = grown;
    }
    this.#places.set([this.#end, bytes.length], this.#spilled * 2);
    this.#spilled++;
    this.#end += bytes.length;
  }

  /** @throws Damage when there is no such text */
  at(index: number): string {
    const kept = this.#kept[index];
    if (kept !== undefined) return kept;
    const place = index - this.#kept.length;
    if (!(place >= 0 && place < this.#spilled) || this.#file === undefined)
      throw new Damage('a cell names a text that does not exist');
    const [offset = 0, length = 0] = this.#places.subarray(place * 2, place * 2 + 2);
    const bytes = Buffer.allocUnsafe(length);
    readSync(this.#file, bytes, 0, length, offset);
    return bytes.toString();
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
  }
}

/** @param maxLength a longer text is cut off behind it */
export const readSharedStrings = async (
  chunks: AsyncIterable<Buffer>,
  strings: SharedStrings,
  maxLength: number,
): Promise<void> => {
  const collector = new TextCollector(maxLength);
  await parseXml(chunks, {
    open: (name, attributes) => collector.open(name, attributes),
    text: (text) => collector.text(text),
    close: (name) => {
      collector.close(name);
      if (name === 'si') strings.add(collector.take());
    },
  });
};
