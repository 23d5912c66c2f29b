import path from 'node:path';
import { fieldsOf, type Grammar } from './csv-record.ts';
import type { MalformedRule } from './opened-source.ts';
import { ScratchWriter } from './scratch-writer.ts';

const RAW_LIMIT = 64 * 1024;
const NEWLINE = Buffer.from('\n');

/**
 * What a scan leaves behind in a folder, each file only where there is something to write: the malformed
 * records, the shifts of line numbers, and the copy that holds only the well-formed records.
 */
export class Ledger {
  malformed = 0;
  readonly #folder: string;
  #rejects: ScratchWriter | undefined;
  #shifts: ScratchWriter | undefined;
  #copy: ScratchWriter | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  get rejectsPath(): string | undefined {
    return this.#rejects?.path;
  }

  get shiftsPath(): string | undefined {
    return this.#shifts?.path;
  }

  get copyPath(): string | undefined {
    return this.#copy?.path;
  }

  /** @param raw the record's bytes; what is behind the limit is cut off */
  reject(line: number, raw: Buffer, rule: MalformedRule, message: string): void {
    this.#rejects ??= new ScratchWriter(path.join(this.#folder, 'malformed.ndjson'));
    const text = raw.toString('utf8', 0, cutAt(raw));
    this.#rejects.append(Buffer.from(`${JSON.stringify({ line, raw: text, rule, message })}\n`));
    this.malformed++;
  }

  /** From this row on, rows begin so many lines behind where they would if each took one line. */
  shift(row: number, lines: number): void {
    if (!this.#shifts) {
      this.#shifts = new ScratchWriter(path.join(this.#folder, 'shifts.csv'));
      this.#shifts.append(Buffer.from('row,shift\n'));
    }
    this.#shifts.append(Buffer.from(`${row},${lines}\n`));
  }

  /** Begins the copy with a stretch of the source that is fit to be copied as it is. */
  startCopy(source: string, start: number, end: number): void {
    this.#copy = new ScratchWriter(path.join(this.#folder, 'records.csv'));
    this.#copy.appendFile(source, start, end);
  }

  /** Copies whole records with their newlines. */
  copyRecords(bytes: Buffer, start: number, end: number): void {
    if (end > start) this.#copy?.append(bytes, start, end);
  }

  /** Copies one record and ends it with a newline of ours. */
  copyRecord(bytes: Buffer, start: number, end: number): void {
    this.#copy?.append(bytes, start, end);
    this.#copy?.append(NEWLINE);
  }

  /** Copies one record in the plainest form there is: every field quoted, quotes doubled. */
  copyRewritten(bytes: Buffer, start: number, end: number, grammar: Grammar): void {
    const quote = String.fromCharCode(grammar.quote);
    const record = fieldsOf(bytes, start, end, grammar)
      .map((field) => quote + field.toString('latin1').replaceAll(quote, quote + quote) + quote)
      .join(String.fromCharCode(grammar.delimiter));
    const rewritten = Buffer.from(record, 'latin1');
    this.copyRecord(rewritten, 0, rewritten.length);
  }

  close(): void {
    this.#rejects?.close();
    this.#shifts?.close();
    this.#copy?.close();
  }
}

/** Where to cut without cutting a character in two. */
const cutAt = (raw: Buffer): number => {
  if (raw.length <= RAW_LIMIT) return raw.length;
  let cut = RAW_LIMIT;
  while (cut > RAW_LIMIT - 3 && ((raw[cut] ?? 0) & 0xc0) === 0x80) cut--;
  return cut;
};
