import type { LogicalType } from '../../contract/model.ts';
import type { ExpectedColumn } from '../records/opened-source.ts';

const NUMBER = /^[-+]?[\d.,' ]*\d[\d.,' ]*%?([eE][-+]?\d+)?$/;
const DATE = /^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?$/;
const TIME = /^\d{1,2}:\d{2}/;
const BOOLEAN = /^(true|false|yes|no|t|f|y|n|0|1)$/i;

const LOOKS_LIKE: Partial<Record<LogicalType, RegExp[]>> = {
  number: [NUMBER],
  integer: [NUMBER],
  boolean: [BOOLEAN],
  date: [DATE, NUMBER],
  timestamp: [DATE, NUMBER],
  time: [TIME],
};

export interface Header {
  /** Whether the first record is one. */
  present: boolean;
  columns: string[];
}

/**
 * Whether the first record names the columns. With a contract: when it holds one of its names, or when it
 * does not look like a row of it; a header of other columns is the caller's to refuse, not to read as data.
 */
export const headerOf = (first: readonly string[], expected: readonly ExpectedColumn[]): Header => {
  const names = new Set(expected.map(({ sourceName }) => sourceName.trim().toLowerCase()));
  if (expected.length > 0) {
    const named = first.some((field) => names.has(field.toLowerCase()));
    return !named && isRowOf(first, expected)
      ? { present: false, columns: expected.map(({ sourceName }) => sourceName) }
      : { present: true, columns: [...first] };
  }
  return isLikelyHeader(first)
    ? { present: true, columns: [...first] }
    : { present: false, columns: first.map((_, i) => `column${i + 1}`) };
};

const isRowOf = (first: readonly string[], expected: readonly ExpectedColumn[]): boolean => {
  return (
    first.length === expected.length &&
    expected.some(({ logicalType }, i) =>
      LOOKS_LIKE[logicalType]?.some((pattern) => pattern.test(first[i] ?? '')),
    )
  );
};

/** Names are no values. One may be missing, as a data frame's index has none, or stand there twice. */
const isLikelyHeader = (first: readonly string[]): boolean => {
  const values = [NUMBER, DATE, TIME, /^(true|false)$/i];
  return (
    first.some((field) => field !== '') &&
    !first.some((field) => values.some((pattern) => pattern.test(field)))
  );
};
