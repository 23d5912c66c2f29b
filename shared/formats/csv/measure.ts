import { emptySpan, type Newline, readLine, readRecord } from '../records/csv-record.ts';
import { fieldsOf } from '../records/fields.ts';
import type { Grammar } from '../records/grammar.ts';

/** The beginning of a CSV file, from its first record on. */
export interface Beginning {
  sample: Buffer;
  /** Whether that is all of the file. */
  whole: boolean;
}

/** Enough records to recognise a dialect. */
const MAX_SAMPLE_RECORDS = 2000;

export interface Measure {
  records: number;
  /** Records without a broken quote that have `width` fields, as most have. */
  regular: number;
  width: number;
  broken: number;
  /** Quoted fields of records that are not broken. */
  quotedFields: number;
}

/** Where a record of the sample lies. */
interface Sampled {
  start: number;
  end: number;
  next: number;
  newline: Newline;
  lines: number;
  fields: number;
  quotedFields: number;
  broken: boolean;
  unusual: boolean;
  /** From 1. */
  line: number;
}

/** The records of the sample that are whole in it, without empty lines and comments. */
export function* sampledRecords(
  { sample, whole }: Beginning,
  candidate: Grammar,
): Generator<Readonly<Sampled>> {
  const span = emptySpan();
  let line = 1;
  for (let at = 0; at < sample.length; at = span.next) {
    const comment = sample[at] === candidate.comment;
    const read = comment
      ? readLine(sample, at, sample.length, whole, span)
      : readRecord(sample, at, sample.length, whole, candidate, span);
    if (!read) return;
    if (!comment && span.end > at) yield { ...span, start: at, line };
    line += span.lines;
  }
}

export const measure = (beginning: Beginning, candidate: Grammar): Measure => {
  const widths = new Map<number, number>();
  let [records, broken, quotedFields] = [0, 0, 0];
  for (const record of sampledRecords(beginning, candidate)) {
    records++;
    if (record.broken) broken++;
    else {
      widths.set(record.fields, (widths.get(record.fields) ?? 0) + 1);
      quotedFields += record.quotedFields;
    }
    if (records === MAX_SAMPLE_RECORDS) break;
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

/** The first record; undefined when it is broken, or longer than the sample. */
export const firstRecord = (beginning: Beginning, candidate: Grammar): FirstRecord | undefined => {
  const { sample } = beginning;
  for (const { start, end, next, newline, lines, line, broken, unusual } of sampledRecords(
    beginning,
    candidate,
  )) {
    if (broken) return undefined;
    const fields = valuesOf(sample, start, end, candidate);
    return {
      ...{ fields, start, next, line, newline },
      nextLine: line + lines,
      unusual: unusual || lines > 1 || start > 0,
    };
  }
  return undefined;
};

/** A record's values as text, without outer blanks. */
export const valuesOf = (sample: Buffer, start: number, end: number, candidate: Grammar): string[] =>
  fieldsOf(sample, start, end, candidate).map((field) => field.toString('utf8').trim());
