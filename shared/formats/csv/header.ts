import type { LogicalType } from '../../contract/model.ts';
import type { ExpectedColumn } from '../records/opened-records.ts';

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
  /** Whether the first record is a header. */
  present: boolean;
  columns: string[];
}

/**
 * Decides whether the first record is a header. With a contract, it is one when it holds a name of the contract, or
 * does not look like a row: a header of other columns must reach the caller, who rejects it, and not be read as data.
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

/** A header holds no values. A name may be empty, as that of a data frame's index, or occur twice. */
const isLikelyHeader = (first: readonly string[]): boolean => {
  const values = [NUMBER, DATE, TIME, /^(true|false)$/i];
  return (
    first.some((field) => field !== '') &&
    !first.some((field) => values.some((pattern) => pattern.test(field)))
  );
};
