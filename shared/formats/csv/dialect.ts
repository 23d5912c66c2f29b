import type { Reading } from '../../contract/reading.ts';
import { type Grammar, grammar } from '../records/grammar.ts';
import { type Beginning, firstRecord, type Measure, measure } from './measure.ts';

export interface Dialect {
  delimiter: string;
  quote: string;
  grammar: Grammar;
}

/** The delimiters of nearly all files. Another one is looked for only in a file that none of these explains. */
const DELIMITERS = [',', '\t', ';', '|'];
/** Characters that are part of numbers, dates, addresses and names: they delimit only if the contract's names say so. */
const WITHIN_VALUES = /[-+._/@()[\]{}<>=?!]/;
/** Characters that delimit no fields: letters, digits, blanks, quotes, and the common delimiters. */
const NO_DELIMITER = /[a-z\d\s"'\\,;|]/i;

const byteOf = (character: string | undefined): number =>
  character === undefined || character === '' ? -1 : character.charCodeAt(0);

/** Facts about the first record, and the measures that decide between two dialects. */
interface Evidence {
  delimiter: string;
  quote: string;
  measure: Measure;
  /** Fields of the first record; none when it is broken. */
  first: readonly string[];
  /** How many of the expected names the first record holds. */
  found: number;
  /** Whether the first record has as many fields as the others, or one more or less. */
  fits: boolean;
  /** The most important first; more is better. */
  weights: number[];
}

/**
 * Decides delimiter and quote of a CSV file from a sample of its beginning: the delimiter with which the first
 * record holds most of the expected names, and most records have the same number of fields.
 *
 * @param names the expected names in lower case, without outer blanks; none when there is no contract
 * @param isRow whether the fields of a first record look like a row of the contract, or without one, like a row
 */
export const dialectOf = (
  beginning: Beginning,
  names: ReadonlySet<string>,
  isRow: (first: readonly string[]) => boolean,
  reading: Reading = {},
): Dialect => {
  const comment = byteOf(reading.comment);
  const weighed = (delimiter: string): Evidence => {
    if (reading.quote !== undefined) return weigh(beginning, delimiter, reading.quote, names, comment);
    const double = weigh(beginning, delimiter, '"', names, comment);
    const single = weigh(beginning, delimiter, "'", names, comment);
    return apostrophesQuote(double.measure, single.measure) ? single : double;
  };
  const common = bestOf((reading.delimiter === undefined ? DELIMITERS : [reading.delimiter]).map(weighed));
  const others =
    reading.delimiter === undefined && !explains(common, names)
      ? otherDelimiters(beginning.sample)
          .map(weighed)
          .filter((evidence) => convinces(evidence, names, isRow))
      : [];
  const best = others.length > 0 ? bestOf(others) : common;
  const { delimiter, quote } = best;
  const options = { comment, quotesFields: best.measure.quotedFields > 0 };
  const plain = grammar(byteOf(delimiter), byteOf(quote), options);
  const escaped = grammar(byteOf(delimiter), byteOf(quote), { ...options, escaper: byteOf('\\') });
  const backslash =
    quote !== '' &&
    beginning.sample.includes(`\\${quote}`) &&
    measure(beginning, escaped).regular > measure(beginning, plain).regular;
  return { delimiter, quote, grammar: backslash ? escaped : plain };
};

/**
 * Apostrophes begin words too, and stand within values: they are quotes only if every one of them is closed, and if they
 * make more records regular than double quotes do, or as many in a file without double quotes. Apostrophes that join
 * regular records to one are text.
 */
const apostrophesQuote = (double: Measure, single: Measure): boolean =>
  single.broken === 0 &&
  single.quotedFields >= 2 &&
  (single.regular > double.regular || (double.quotedFields === 0 && single.regular === double.regular));

const weigh = (
  beginning: Beginning,
  delimiter: string,
  quote: string,
  names: ReadonlySet<string>,
  comment: number,
): Evidence => {
  const candidate = grammar(byteOf(delimiter), byteOf(quote), { comment });
  const measured = measure(beginning, candidate);
  const first = firstRecord(beginning, candidate)?.fields ?? [];
  const found = new Set(first.map((field) => field.toLowerCase()).filter((field) => names.has(field))).size;
  const { width, records, regular, quotedFields } = measured;
  const share = records > 0 ? regular / records : 0;
  const several = width > 1 || names.size === 1;
  const difference = Math.abs(first.length - width);
  return {
    ...{ delimiter, quote, measure: measured, first, found },
    fits: difference <= 1,
    weights: [
      found,
      width === names.size && names.size > 1 ? 1 : 0,
      // A header has as many fields as the records below it, or one more or less.
      several ? Math.max(0, 2 - difference) : 0,
      width > 1 ? Math.round(share * 100) : 0,
      width,
      quotedFields,
    ],
  };
};

const bestOf = (evidence: readonly Evidence[]): Evidence =>
  evidence.reduce((a, b) => (compare(b, a) > 0 ? b : a));

const compare = (a: Evidence, b: Evidence): number => {
  for (const [i, weight] of a.weights.entries()) {
    const other = b.weights[i] ?? 0;
    if (weight !== other) return weight - other;
  }
  return 0;
};

/** Whether a common delimiter accounts for the file, so that no other need be looked for. */
const explains = ({ measure: { width }, found, fits }: Evidence, names: ReadonlySet<string>): boolean => {
  if (names.size === 0) return width > 1 && fits;
  if (names.size === 1) return found === 1 || width <= 1;
  return width > 1 && (found > 0 || width === names.size);
};

/** Whether another character delimits most records, and the first record agrees. */
const convinces = (
  { delimiter, measure: { width, regular, records }, first, found, fits }: Evidence,
  names: ReadonlySet<string>,
  isRow: (first: readonly string[]) => boolean,
): boolean => {
  if (width < 2 || regular * 2 <= records || !fits) return false;
  if (found >= 2 || (found > 0 && found === names.size)) return true;
  if (WITHIN_VALUES.test(delimiter)) return false;
  return names.size === 0
    ? records > 1 && regular === records && !isRow(first)
    : width === names.size && isRow(first);
};

/** The characters of the first line that may delimit fields. */
const otherDelimiters = (sample: Buffer): string[] => {
  const [line = ''] = sample
    .toString('latin1', 0, 64 * 1024)
    .trimStart()
    .split(/[\r\n]/);
  return [...new Set(line)].filter(
    (character) => character > '\0' && character < '\x80' && !NO_DELIMITER.test(character),
  );
};
