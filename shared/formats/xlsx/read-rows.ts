import { Damage } from '../bytes/damage.ts';
import type { Shown } from './number-formats.ts';
import { type DateSystem, textOfSerial } from './serial-dates.ts';
import type { SharedStrings } from './shared-strings.ts';
import { TextCollector } from './texts.ts';
import { type Attributes, parseXml } from './xml.ts';

/** A fault that a cell shows in place of a value: an error such as #N/A, or a formula whose result is not stored. */
export type CellFault = 'error' | 'formula';

export interface Cell {
  text: string;
  fault?: CellFault;
}

export interface SheetRow {
  /** From 1. */
  number: number;
  /** Absent where there is no cell, or an empty one. */
  cells: (Cell | undefined)[];
}

/** The parts of the workbook that cells refer to. */
export interface SheetContext {
  strings: SharedStrings;
  styles: readonly Shown[];
  dates: DateSystem;
  /** The texts of a row are cut off behind them. */
  maxLength: number;
}

/** XFD. */
const MAX_COLUMNS = 16_384;

/**
 * Hands over every row of a sheet that has a value, in order.
 *
 * @throws Damage when the sheet cannot be read, or its rows are out of order
 */
export const readRows = (
  chunks: AsyncIterable<Buffer>,
  context: SheetContext,
  use: (row: SheetRow) => void,
): Promise<void> => {
  const reader = new RowReader(context, use);
  return parseXml(chunks, reader);
};

class RowReader {
  readonly #context: SheetContext;
  readonly #use: (row: SheetRow) => void;
  readonly #inline: TextCollector;
  #row: SheetRow = { number: 0, cells: [] };
  #length = 0;
  #column = -1;
  #attributes: Attributes = {};
  #value: string | undefined;
  #inValue = false;
  #formula = false;

  constructor(context: SheetContext, use: (row: SheetRow) => void) {
    this.#context = context;
    this.#use = use;
    this.#inline = new TextCollector(context.maxLength);
  }

  open = (name: string, attributes: Attributes): void => {
    if (name === 'row') this.#openRow(attributes);
    else if (name === 'c') this.#openCell(attributes);
    else if (name === 'f') this.#formula = true;
    else if (name === 'v') {
      this.#inValue = true;
      this.#value = '';
    } else this.#inline.open(name, attributes);
  };

  text = (text: string): void => {
    if (!this.#inValue) this.#inline.text(text);
    else if (this.#value !== undefined && this.#value.length <= this.#context.maxLength) this.#value += text;
  };

  close = (name: string): void => {
    if (name === 'v') this.#inValue = false;
    else if (name === 'c') this.#closeCell();
    else if (name === 'row') {
      if (this.#row.cells.some((cell) => cell !== undefined)) this.#use(this.#row);
    } else this.#inline.close(name);
  };

  #openRow({ r }: Attributes): void {
    const number = r === undefined ? this.#row.number + 1 : Number(r);
    if (!Number.isSafeInteger(number) || number <= this.#row.number)
      throw new Damage('the rows of its sheet are out of order');
    this.#row = { number, cells: [] };
    this.#column = -1;
    this.#length = 0;
  }

  #openCell(attributes: Attributes): void {
    this.#attributes = attributes;
    this.#value = undefined;
    this.#formula = false;
    this.#inline.take();
    const { r } = attributes;
    const column = r === undefined ? this.#column + 1 : columnOf(r);
    if (column === undefined || column <= this.#column || column >= MAX_COLUMNS)
      throw new Damage('the cells of a row are out of order, or beyond column XFD');
    this.#column = column;
  }

  #closeCell(): void {
    const cell = this.#cell();
    if (cell === undefined || (cell.text === '' && cell.fault === undefined)) return;
    // A row that is too long is rejected: the rest of it is not kept.
    const text = this.#length > this.#context.maxLength ? '' : cell.text;
    this.#length += cell.text.length;
    this.#row.cells[this.#column] = { ...cell, text };
  }

  #cell(): Cell | undefined {
    const { t = 'n', s } = this.#attributes;
    const value = this.#value;
    if (t === 'inlineStr') return { text: this.#inline.take() };
    // An empty text may be a result; of another type there is none that is empty.
    if (value === undefined || (value === '' && t !== 'str'))
      return this.#formula ? { text: '', fault: 'formula' } : undefined;
    switch (t) {
      case 's':
        return { text: this.#context.strings.at(Number(value)) };
      case 'b':
        return { text: value === '1' ? 'true' : value === '0' ? 'false' : value };
      case 'e':
        return { text: value, fault: 'error' };
      case 'd':
        return { text: value.replace(/T00:00:00(\.0+)?$/, '') };
      case 'n':
        return { text: this.#number(value.trim(), s) };
      default:
        return { text: unescapedFormula(value) };
    }
  }

  /** A whole number keeps all of its digits; any other is the shortest text of the double that it is. */
  #number(text: string, style: string | undefined): string {
    const value = Number(text);
    if (text === '' || !Number.isFinite(value)) return text;
    const shown = style === undefined ? 'number' : (this.#context.styles[Number(style)] ?? 'number');
    const date = shown === 'number' ? undefined : textOfSerial(value, shown, this.#context.dates);
    return date ?? (/^-?\d+$/.test(text) ? text : String(value));
  }
}

/** The text of a formula's result, as texts are escaped. */
const unescapedFormula = (value: string): string => {
  const collector = new TextCollector(value.length);
  collector.open('t', { space: 'preserve' });
  collector.text(value);
  collector.close('t');
  return collector.take();
};

/** The column of `AB12`, from 0. */
const columnOf = (reference: string): number | undefined => {
  const letters = /^\$?([A-Z]{1,3})\$?\d*$/i.exec(reference)?.[1];
  if (letters === undefined) return undefined;
  return [...letters.toUpperCase()].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
};
