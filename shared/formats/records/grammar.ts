const LF = 0x0a;
const CR = 0x0d;

/** How the bytes of a file make up records. */
export interface Grammar {
  /** Byte between fields; -1 for none. */
  delimiter: number;
  /** Byte around fields; -1 for none. Within quotes, a doubled quote means one. */
  quote: number;
  /** Byte that escapes a quote or itself within quotes, besides the doubled quote; -1 for none. */
  escaper: number;
  /** Byte that begins a line which is no record; -1 for none. */
  comment: number;
  /** Whether the file puts quotes around fields: then a field that ends with a quote must have begun with one. */
  quotesFields: boolean;
  /** By byte, outside quotes: the number of fields that it begins (0 or 1), or STOP for a quote or newline. */
  kinds: Uint8Array;
  /** By byte, within quotes: 1 for a quote, escaper or newline. */
  quotedStops: Uint8Array;
}

/** In `kinds`: a quote or a newline. */
export const STOP = 2;

export interface GrammarOptions {
  escaper?: number;
  comment?: number;
  quotesFields?: boolean;
}

export const grammar = (
  delimiter: number,
  quote: number,
  { escaper = -1, comment = -1, quotesFields = false }: GrammarOptions = {},
): Grammar => {
  const table = (mark: number, ...marked: number[]): Uint8Array => {
    const marks = new Uint8Array(256);
    for (const byte of marked) if (byte >= 0) marks[byte] = mark;
    return marks;
  };
  const kinds = table(STOP, quote, LF, CR);
  if (delimiter >= 0) kinds[delimiter] = 1;
  const quotedStops = table(1, quote, escaper, LF, CR);
  return { delimiter, quote, escaper, comment, quotesFields, kinds, quotedStops };
};
