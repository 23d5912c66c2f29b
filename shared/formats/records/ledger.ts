import path from 'node:path';
import { fieldsOf } from './fields.ts';
import type { Grammar } from './grammar.ts';
import type { MalformedRule } from './opened-records.ts';
import { ScratchWriter } from './scratch-writer.ts';

const MAX_RAW_BYTES = 64 * 1024;
const NEWLINE = Buffer.from('\n');

/**
 * The files that a scan writes into a folder: the malformed records, the shifts of line numbers, and a copy of the
 * well-formed records. Each file is written only when it has content.
 */
export class Ledger {
  malformed = 0;
  readonly #folder: string;
  #malformedFile: ScratchWriter | undefined;
  #shifts: ScratchWriter | undefined;
  #copy: ScratchWriter | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  get malformedPath(): string | undefined {
    return this.#malformedFile?.path;
  }

  get shiftsPath(): string | undefined {
    return this.#shifts?.path;
  }

  get copyPath(): string | undefined {
    return this.#copy?.path;
  }

  /**
   * @param row how many well-formed records lie before it
   * @param raw the record's bytes; those after the limit are cut off
   */
  addMalformed(line: number, row: number, raw: Buffer, rule: MalformedRule, message: string): void {
    this.#malformedFile ??= new ScratchWriter(path.join(this.#folder, 'malformed.ndjson'));
    const text = raw.toString('utf8', 0, cutAt(raw));
    this.#malformedFile.append(Buffer.from(`${JSON.stringify({ line, row, raw: text, rule, message })}\n`));
    this.malformed++;
  }

  /** From this row on, rows begin `lines` lines after the place where they would begin if each took one line. */
  shift(row: number, lines: number): void {
    if (!this.#shifts) {
      this.#shifts = new ScratchWriter(path.join(this.#folder, 'shifts.csv'));
      this.#shifts.append(Buffer.from('row,shift\n'));
    }
    this.#shifts.append(Buffer.from(`${row},${lines}\n`));
  }

  /** Begins the copy with a part of the source that can be copied unchanged. */
  startCopy(source: string, start: number, end: number): void {
    this.#copy = new ScratchWriter(path.join(this.#folder, 'records.csv'));
    this.#copy.appendFile(source, start, end);
  }

  /** Copies whole records with their newlines. */
  copyRecords(bytes: Buffer, start: number, end: number): void {
    if (end > start) this.#copy?.append(bytes, start, end);
  }

  /** Copies one record and ends it with `\n`. */
  copyRecord(bytes: Buffer, start: number, end: number): void {
    this.#copy?.append(bytes, start, end);
    this.#copy?.append(NEWLINE);
  }

  /** Copies one record in the form that every reader understands: every field quoted, quotes doubled. */
  copyRewritten(bytes: Buffer, start: number, end: number, grammar: Grammar): void {
    const quote = String.fromCharCode(grammar.quote);
    const record = fieldsOf(bytes, start, end, grammar)
      .map((field) => quote + field.toString('latin1').replaceAll(quote, quote + quote) + quote)
      .join(String.fromCharCode(grammar.delimiter));
    const rewritten = Buffer.from(record, 'latin1');
    this.copyRecord(rewritten, 0, rewritten.length);
  }

  close(): void {
    this.#malformedFile?.close();
    this.#shifts?.close();
    this.#copy?.close();
  }
}

/** The length to which a record is cut, so that no character is cut in two. */
const cutAt = (raw: Buffer): number => {
  if (raw.length <= MAX_RAW_BYTES) return raw.length;
  let cut = MAX_RAW_BYTES;
  while (cut > MAX_RAW_BYTES - 3 && ((raw[cut] ?? 0) & 0xc0) === 0x80) cut--;
  return cut;
};
