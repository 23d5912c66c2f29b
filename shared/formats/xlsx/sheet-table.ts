import path from 'node:path';
import { type Header, headerOf, normalName } from '../csv/header.ts';
import { throwIfUnnamed } from '../csv/wrong-header.ts';
import { Ledger } from '../records/ledger.ts';
import type { ExpectedColumn, MalformedRule, OpenOptions } from '../records/opened-records.ts';
import { ScratchWriter } from '../records/scratch-writer.ts';
import type { Cell, SheetRow } from './read-rows.ts';

/** Rows in which a header is looked for, for the message about a wrong one; and characters of them that are kept. */
const MAX_LEAD_ROWS = 100;
const MAX_LEAD_LENGTH = 1024 * 1024;

/** The rows of a sheet as CSV, in the one dialect that `readCsv` is called with, and the account of them. */
export class SheetTable {
  readonly path: string;
  readonly ledger: Ledger;
  records = 0;
  /** Row of the first record. */
  firstLine = 1;
  longest = 0;
  multiline = false;
  header: Header | undefined;
  readonly #options: OpenOptions;
  readonly #writer: ScratchWriter;
  #lead: SheetRow[] = [];
  #leadLength = 0;
  #drift: number | undefined;
  /** The contract's columns by their position in the sheet. */
  #expected: (ExpectedColumn | undefined)[] = [];

  constructor(folder: string, options: OpenOptions) {
    this.path = path.join(folder, 'sheet.csv');
    this.ledger = new Ledger(folder);
    this.#options = options;
    this.#writer = new ScratchWriter(this.path);
  }

  /** @throws ContractMismatch when the first row is a header without a name of the contract, or may be a row as well */
  add(row: SheetRow): void {
    if (row.number <= (this.#options.reading?.skipLines ?? 0)) return;
    if (this.header !== undefined) {
      this.#addRecord(row);
      return;
    }
    this.#lead.push(row);
    this.#leadLength += lengthOf(row);
    if (this.#lead.length === MAX_LEAD_ROWS || this.#leadLength > MAX_LEAD_LENGTH) this.#begin();
  }

  /** Ends the table; nothing may be added afterwards. */
  end(): void {
    if (this.header === undefined && this.#lead.length > 0) this.#begin();
  }

  close(): void {
    this.#writer.close();
    this.ledger.close();
  }

  #begin(): void {
    const { expected, reading } = this.#options;
    const [first, ...others] = this.#lead;
    if (first === undefined) return;
    const fields = Array.from(first.cells, (cell) => cell?.text ?? '');
    const header = headerOf(fields, expected, reading?.header);
    if (header.present) throwIfUnnamed(textOf(this.#lead), { line: first.number, fields }, expected);
    this.header = { ...header, columns: header.columns.map((name) => name.trim()) };
    this.#expected = header.columns.map((name, i) =>
      header.present
        ? expected.find(({ sourceName, name: own = sourceName }) =>
            [sourceName, own].map(normalName).includes(normalName(name)),
          )
        : expected[i],
    );
    this.#lead = [];
    for (const row of header.present ? others : [first, ...others]) this.#addRecord(row);
  }

  #addRecord(row: SheetRow): void {
    const length = Math.max(this.#expected.length, row.cells.length);
    const bytes = Buffer.from(`${Array.from({ length }, (_, i) => quoted(row.cells[i])).join(',')}\n`);
    const { maxRecordBytes } = this.#options;
    const fault =
      Math.max(lengthOf(row), bytes.length - 1) > maxRecordBytes
        ? { rule: 'length' as const, message: `The record is longer than ${maxRecordBytes} bytes` }
        : this.#faultOf(row);
    if (fault === undefined) this.#accept(row, bytes);
    else this.ledger.addMalformed(row.number, this.records, bytes.subarray(0, -1), fault.rule, fault.message);
  }

  #faultOf(row: SheetRow): { rule: MalformedRule; message: string } | undefined {
    const width = this.#expected.length;
    for (const [i, cell] of row.cells.entries()) {
      if (cell === undefined) continue;
      const name = `${lettersOf(i)}${row.number}`;
      if (i >= width)
        return {
          rule: 'columns',
          message: `Cell ${name} holds a value, and the ${width} columns of the sheet end before it`,
        };
      if (this.#isFault(cell, this.#expected[i])) return { rule: 'type', message: messageOf(cell, name) };
    }
    return undefined;
  }

  /** An error in a column of another type than text is no value of that type: Validate rejects it, or takes it for missing. */
  #isFault({ fault, text }: Cell, column: ExpectedColumn | undefined): boolean {
    if (fault === undefined || column === undefined) return false;
    if (fault === 'formula') return true;
    const isText = ['string', 'object', 'array'].includes(column.logicalType);
    return isText && column.missingValues?.includes(text) !== true;
  }

  #accept(row: SheetRow, bytes: Buffer): void {
    const drift = row.number - this.records;
    if (drift !== this.#drift) {
      if (this.#drift === undefined) this.firstLine = drift;
      else this.ledger.shift(this.records, drift - this.firstLine);
      this.#drift = drift;
    }
    this.records++;
    this.longest = Math.max(this.longest, bytes.length);
    this.multiline ||= row.cells.some((cell) => cell !== undefined && /[\r\n]/.test(cell.text));
    this.#writer.append(bytes);
  }
}

const lengthOf = ({ cells }: SheetRow): number =>
  cells.reduce((sum, cell) => sum + (cell?.text.length ?? 0), 0);

/** An empty field is not quoted: quotes would make it a text of no characters. */
const quoted = (cell: Cell | undefined): string =>
  cell === undefined || cell.text === '' ? '' : `"${cell.text.replaceAll('"', '""')}"`;

const messageOf = ({ fault, text }: Cell, name: string): string =>
  fault === 'formula'
    ? `Cell ${name} holds a formula whose result is not stored: open the workbook in Excel and save it`
    : `Cell ${name} holds the error ${text}`;

/** The letters of a column: A, B, …, Z, AA, … */
const lettersOf = (column: number): string => {
  let letters = '';
  for (let rest = column + 1; rest > 0; rest = Math.floor((rest - 1) / 26))
    letters = String.fromCharCode(65 + ((rest - 1) % 26)) + letters;
  return letters;
};

/** The rows as lines, at the lines that have their numbers, with a tab between fields. */
const textOf = (rows: readonly SheetRow[]): string => {
  const lines: string[] = [];
  for (const { number, cells } of rows) {
    if (number > MAX_LEAD_ROWS) break;
    lines[number - 1] = Array.from(cells, (cell) => (cell?.text ?? '').replace(/[\r\n\t,;|]/g, ' ')).join(
      '\t',
    );
  }
  return Array.from(lines, (line) => line ?? '').join('\n');
};
