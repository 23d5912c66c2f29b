import {
  emptySpan,
  fieldsOf,
  type Grammar,
  grammar,
  type Newline,
  readRecord,
} from '../records/csv-record.ts';

export interface Dialect {
  delimiter: string;
  quote: string;
  grammar: Grammar;
}

const DELIMITERS = [',', '\t', ';', '|'];
/** Enough records to recognise a dialect. */
const MAX_SAMPLE_RECORDS = 2000;

const byteOf = (character: string): number => character.charCodeAt(0);

/**
 * Decides delimiter and quote of a CSV file from a sample of its beginning: the delimiter with which the first
 * record holds most of the expected names, and most records have the same number of fields.
 */
export const dialectOf = (sample: Buffer, whole: boolean, expected: readonly string[]): Dialect => {
  const names = new Set(expected.map((name) => name.trim().toLowerCase()));
  const evidence = ['"', "'"].flatMap((quote) =>
    DELIMITERS.map((delimiter) => weigh(sample, whole, delimiter, quote, names)),
  );
  const best = evidence.reduce((a, b) => (compare(b, a) > 0 ? b : a));
  const { delimiter, quote } = best;
  const escaped = grammar(byteOf(delimiter), byteOf(quote), byteOf('\\'));
  const backslash =
    sample.includes(`\\${quote}`) && measure(sample, whole, escaped).regular > best.measure.regular;
  return { delimiter, quote, grammar: backslash ? escaped : grammar(byteOf(delimiter), byteOf(quote)) };
};

interface Evidence {
  delimiter: string;
  quote: string;
  measure: Measure;
  /** The most important first; more is better. */
  weights: number[];
}

const weigh = (
  sample: Buffer,
  whole: boolean,
  delimiter: string,
  quote: string,
  names: ReadonlySet<string>,
): Evidence => {
  const candidate = grammar(byteOf(delimiter), byteOf(quote));
  const measured = measure(sample, whole, candidate);
  const first = firstRecord(sample, whole, candidate);
  const found = (first?.fields ?? []).filter((field) => names.has(field.toLowerCase())).length;
  // Apostrophes begin words too: they are quotes only if every one of them is closed.
  const implausible = quote === "'" && (measured.broken > 0 || measured.quotedFields < 2);
  const share = measured.records > 0 ? measured.regular / measured.records : 0;
  return {
    delimiter,
    quote,
    measure: measured,
    weights: [
      implausible ? 0 : 1,
      found,
      measured.width === names.size && names.size > 1 ? 1 : 0,
      // A header has as many fields as the records below it.
      first?.fields.length === measured.width && (measured.width > 1 || names.size === 1) ? 1 : 0,
      measured.width > 1 ? Math.round(share * 100) : 0,
      measured.width,
      measured.quotedFields,
    ],
  };
};

const compare = (a: Evidence, b: Evidence): number => {
  for (const [i, weight] of a.weights.entries()) {
    const other = b.weights[i] ?? 0;
    if (weight !== other) return weight - other;
  }
  return 0;
};

interface Measure {
  records: number;
  /** Records without a broken quote that have `width` fields, as most have. */
  regular: number;
  width: number;
  broken: number;
  quotedFields: number;
}

const measure = (sample: Buffer, whole: boolean, candidate: Grammar): Measure => {
  const span = emptySpan();
  const widths = new Map<number, number>();
  let [records, broken, quotedFields] = [0, 0, 0];
  let at = 0;
  while (records < MAX_SAMPLE_RECORDS && at < sample.length) {
    if (!readRecord(sample, at, sample.length, whole, candidate, span)) break;
    if (span.end > at) {
      records++;
      if (span.broken) broken++;
      else widths.set(span.fields, (widths.get(span.fields) ?? 0) + 1);
      quotedFields += span.quotedFields;
    }
    at = span.next;
  }
  const [width, regular] = [...widths].reduce((a, b) => (b[1] > a[1] ? b : a), [0, 0]);
  return { records, regular, width, broken, quotedFields };
};

export interface FirstRecord {
  /** Values without outer blanks. */
  fields: string[];
  /** Offsets of the record, and of the one after it. */
  start: number;
  next: number;
  /** Lines, from 1, of the record and of the one after it. */
  line: number;
  nextLine: number;
  newline: Newline;
  /** Whether it is written in a way that not every reader understands. */
  unusual: boolean;
}

/** The first record that is not an empty line; undefined when it is broken, or longer than the sample. */
export const firstRecord = (sample: Buffer, whole: boolean, candidate: Grammar): FirstRecord | undefined => {
  const span = emptySpan();
  let at = 0;
  for (let line = 1; at < sample.length; line++) {
    if (!readRecord(sample, at, sample.length, whole, candidate, span) || span.broken) return undefined;
    if (span.end > at) {
      const fields = fieldsOf(sample, at, span.end, candidate).map((field) => field.toString('utf8').trim());
      const { next, newline } = span;
      const unusual = span.unusual || span.lines > 1 || at > 0;
      return { fields, start: at, next, line, nextLine: line + span.lines, newline, unusual };
    }
    at = span.next;
  }
  return undefined;
};
