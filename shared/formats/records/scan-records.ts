import { isUtf8 } from 'node:buffer';
import { emptySpan, type Newline, type RecordSpan, readLine, readRecord } from './csv-record.ts';
import { FileWindow } from './file-window.ts';
import type { Grammar } from './grammar.ts';
import { Ledger } from './ledger.ts';
import type { MalformedRule } from './opened-records.ts';

export interface ScanPlan {
  path: string;
  /** Where the first record begins, in bytes and as a line number. */
  start: number;
  firstLine: number;
  grammar: Grammar;
  /** Number of fields of a well-formed record. */
  columns: number;
  /** Whether each record ends with one delimiter more, which is left out. Needs `copy`. */
  trailing?: boolean;
  /** Whether a line of blanks counts as empty: set it where blanks mean nothing to the reader. */
  skipBlanks: boolean;
  /** Whether records have to be checked for invalid UTF-8. */
  invalidUtf8: boolean;
  maxRecordBytes: number;
  /** The newline of the header before `start`: if the records end in another one, they are copied. */
  newline?: Newline;
  /** Whether to copy all records, whatever they look like. */
  copy: boolean;
  /** For the files of the ledger. */
  folder: string;
}

export interface Scan {
  /** Well-formed records. */
  records: number;
  /** Line of the first well-formed record. */
  firstLine: number;
  /** Bytes of the longest well-formed record. */
  longest: number;
  /** Whether a well-formed record covers several lines. */
  multiline: boolean;
  /** The line end of the records in the file that DuckDB reads. */
  newline: 'lf' | 'crlf';
  ledger: Ledger;
}

/** A copy is needed, and the records so far cannot be copied unchanged: the scan has to begin again, with a copy. */
class CopyNeeded extends Error {}

/**
 * Counts and checks every record of a UTF-8 file in constant memory. Where DuckDB would not read exactly
 * the well-formed records from the file itself, a copy of them is written, with `\n` between them.
 */
export const scanRecords = async (plan: ScanPlan): Promise<Scan> => {
  try {
    return await new RecordScanner(plan).run();
  } catch (error) {
    if (!(error instanceof CopyNeeded)) throw error;
    return await new RecordScanner({ ...plan, copy: true }).run();
  }
};

class RecordScanner {
  readonly #plan: ScanPlan;
  readonly #span: RecordSpan = emptySpan();
  readonly #scan: Scan;
  #newline: Newline | undefined;
  #line: number;
  /** `line - records` of the last well-formed record. When it changes, the rows that follow are shifted. */
  #drift: number | undefined;
  #copying = false;
  /** Offset in the window of the first record that is not copied yet. */
  #kept = 0;

  constructor(plan: ScanPlan) {
    this.#plan = plan;
    this.#line = plan.firstLine;
    this.#newline = plan.copy ? 'lf' : plan.newline;
    this.#scan = {
      records: 0,
      firstLine: plan.firstLine,
      longest: 0,
      multiline: false,
      newline: 'lf',
      ledger: new Ledger(plan.folder),
    };
  }

  async run(): Promise<Scan> {
    const window = await FileWindow.open(this.#plan.path, this.#plan.start);
    try {
      if (this.#plan.copy) this.#startCopy(this.#plan.start);
      for (;;) {
        this.#scanWindow(window);
        if (window.final && window.start === window.end) break;
        if (window.end - window.start > this.#plan.maxRecordBytes + 2) await this.#skipLongLine(window);
        await window.fill();
        this.#kept = 0;
      }
      this.#scan.newline = this.#newline === 'crlf' ? 'crlf' : 'lf';
      return this.#scan;
    } finally {
      this.#scan.ledger.close();
      await window.close();
    }
  }

  /** Reads every record that is complete in the window. */
  #scanWindow(window: FileWindow): void {
    const { bytes, end, final } = window;
    const { grammar, columns, trailing, maxRecordBytes, invalidUtf8, skipBlanks } = this.#plan;
    const fields = columns + (trailing ? 1 : 0);
    const span = this.#span;
    let at = window.start;
    while (at < end) {
      const comment = bytes[at] === grammar.comment;
      const whole = comment
        ? readLine(bytes, at, end, final, span)
        : readRecord(bytes, at, end, final, grammar, span);
      if (!whole) break;
      const length = span.end - at;
      this.#newline ??= span.newline === 'end of file' ? undefined : span.newline;
      if (comment) {
        this.#leaveOut(window, at);
      } else if (length > maxRecordBytes) {
        if (!readLine(bytes, at, end, final, span)) break;
        this.#addMalformed(window, at, span.end - at > maxRecordBytes ? 'length' : 'quote');
      } else if (span.broken) {
        this.#addMalformed(window, at, 'quote');
      } else if (length === 0 || (skipBlanks && isBlank(bytes, at, span.end))) {
        this.#skip(window, at);
      } else if (span.fields !== fields || (trailing && bytes[span.end - 1] !== grammar.delimiter)) {
        this.#addMalformed(window, at, 'columns');
      } else if (invalidUtf8 && !isUtf8(bytes.subarray(at, span.end))) {
        this.#addMalformed(window, at, 'encoding');
      } else {
        this.#accept(window, at, length);
      }
      this.#line += span.lines;
      at = span.next;
    }
    if (this.#copying) this.#scan.ledger.copyRecords(bytes, this.#kept, at);
    this.#kept = at;
    window.start = at;
  }

  #accept(window: FileWindow, at: number, length: number): void {
    const span = this.#span;
    const scan = this.#scan;
    const drift = this.#line - scan.records;
    if (drift !== this.#drift) {
      if (this.#drift === undefined) scan.firstLine = drift;
      else scan.ledger.shift(scan.records, drift - scan.firstLine);
      this.#drift = drift;
    }
    scan.records++;
    if (length > scan.longest) scan.longest = length;
    if (span.lines > 1) scan.multiline = true;
    // DuckDB reads no mixed newlines, no lone \r, and no \n within quotes where \r\n ends the records.
    const uniform = span.newline === this.#newline || span.newline === 'end of file';
    const readable = this.#newline === 'lf' || (this.#newline !== 'cr' && span.lines === 1);
    if (!uniform || !readable || span.unusual || this.#plan.trailing) this.#copyApart(window, at);
  }

  /** Copies a record that DuckDB could not read as it is. */
  #copyApart(window: FileWindow, at: number): void {
    const { unusual } = this.#span;
    const { ledger } = this.#scan;
    const end = this.#span.end - (this.#plan.trailing ? 1 : 0);
    this.#leaveOut(window, at);
    if (unusual) ledger.copyRewritten(window.bytes, at, end, this.#plan.grammar);
    else ledger.copyRecord(window.bytes, at, end);
  }

  /** Passes over an empty line. DuckDB does so too, except that in a file of one column it reads a row. */
  #skip(window: FileWindow, at: number): void {
    const skippedByDuckDb = this.#plan.columns > 1 && this.#span.newline === this.#newline;
    if (this.#copying || !skippedByDuckDb) this.#leaveOut(window, at);
  }

  #addMalformed(window: FileWindow, at: number, rule: MalformedRule): void {
    this.#leaveOut(window, at);
    const raw = window.bytes.subarray(at, this.#span.end);
    this.#scan.ledger.addMalformed(this.#line, this.#scan.records, raw, rule, this.#explain(rule));
  }

  #explain(rule: MalformedRule): string {
    const { columns, trailing, maxRecordBytes } = this.#plan;
    const fields = columns + (trailing ? 1 : 0);
    if (rule === 'columns' && this.#span.fields !== fields)
      return `The record has ${this.#span.fields} fields where ${fields} are expected`;
    if (rule === 'columns')
      return `The record has ${fields} fields, and a value in the last, which has no name`;
    if (rule === 'quote')
      return 'A quote is never closed, something follows it before the next delimiter, or it ends a field that did not begin with one';
    if (rule === 'encoding') return 'The record is not valid UTF-8';
    return `The record is longer than ${maxRecordBytes} bytes`;
  }

  /** Ends the run of records that are copied unchanged, and begins the next run after this record. */
  #leaveOut(window: FileWindow, at: number): void {
    if (!this.#copying) {
      if (this.#newline !== undefined && this.#newline !== 'lf') throw new CopyNeeded();
      this.#startCopy(window.position(at));
    } else {
      this.#scan.ledger.copyRecords(window.bytes, this.#kept, at);
    }
    this.#kept = this.#span.next;
  }

  #startCopy(end: number): void {
    this.#copying = true;
    this.#newline = 'lf';
    this.#scan.ledger.startCopy(this.#plan.path, this.#plan.start, end);
  }

  /** Skips the first line of the window, which holds no complete record and is longer than a record may be. */
  async #skipLongLine(window: FileWindow): Promise<void> {
    const span = this.#span;
    const whole = readLine(window.bytes, window.start, window.end, window.final, span);
    const rule = whole && span.end - window.start <= this.#plan.maxRecordBytes ? 'quote' : 'length';
    this.#addMalformed(window, window.start, rule);
    for (let found = whole; !found; ) {
      // The last byte may be half of a newline: keep it until the next one is known.
      window.start = window.end - 1;
      await window.fill();
      found = readLine(window.bytes, window.start, window.end, window.final, span);
    }
    window.start = span.next;
    this.#line++;
  }
}

const isBlank = (bytes: Uint8Array, start: number, end: number): boolean => {
  for (let at = start; at < end; at++) if (bytes[at] !== 0x20 && bytes[at] !== 0x09) return false;
  return true;
};
