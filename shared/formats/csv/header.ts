import type { LogicalType } from '../../contract/model.ts';
import { ContractMismatch } from '../../errors.ts';
import type { ExpectedColumn } from '../records/opened-records.ts';

const NUMBER = /^[-+]?[\d.,'’ \u00a0\u202f]*\d[\d.,'’ \u00a0\u202f]*%?([eE][-+]?\d+)?$/;
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

export const normalName = (name: string): string => name.trim().toLowerCase();

/** All names by which a source may call the contract's columns, in lower case. */
export const namesOf = (expected: readonly ExpectedColumn[]): Set<string> =>
  new Set(expected.flatMap(({ sourceName, name = sourceName }) => [sourceName, name]).map(normalName));

/**
 * Decides whether the first record is a header. With a contract, it is none when it can be a row of the contract, or
 * looks more like one: a row must not vanish as a header. Where nothing looks like a row, it is one: a header of other
 * columns must reach the caller, who rejects it, and not be read as data.
 *
 * @param stated what the contract says about it
 * @throws ContractMismatch when a first record of texts may be either
 */
export const headerOf = (
  first: readonly string[],
  expected: readonly ExpectedColumn[],
  stated?: boolean,
): Header => {
  const columns = expected.map(({ sourceName }) => sourceName);
  const without = { present: false, columns: expected.length > 0 ? columns : numbered(first.length) };
  const found = { present: true, columns: [...first] };
  if (stated !== undefined) return stated ? found : without;
  if (expected.length === 0) return isLikelyHeader(first) ? found : without;
  const names = namesOf(expected);
  const named = new Set(first.map(normalName).filter((field) => names.has(field))).size;
  if (named === first.length) return found;
  const { typed, fits } = likenessOf(first, expected);
  if (named === 0) return typed > 0 ? without : found;
  if (fits && typed > 0) return without;
  const onlyTexts = expected.every(({ logicalType }) => LOOKS_LIKE[logicalType] === undefined);
  if (fits ? onlyTexts && named * 2 > first.length : named > typed) return found;
  throw new ContractMismatch(
    `The first record may be a header that lacks columns, or a row: ${named} of its ${first.length} fields are names of the contract. Set "header" to true or false in the contract's customProperties, or fix the header.`,
  );
};

const numbered = (count: number): string[] => Array.from({ length: count }, (_, i) => `column${i + 1}`);

/** Whether a first record is read as a row. */
export const isRow = (first: readonly string[], expected: readonly ExpectedColumn[]): boolean =>
  expected.length === 0 ? !isLikelyHeader(first) : likenessOf(first, expected).typed > 0;

/**
 * Compares a record with the contract's columns in their order.
 * `typed`: how many fields look like values of their column's type, where text would not.
 * `fits`: whether no field contradicts its column's type.
 */
export const likenessOf = (
  record: readonly string[],
  expected: readonly Pick<ExpectedColumn, 'logicalType'>[],
): { typed: number; fits: boolean } => {
  const fields = record.length === expected.length + 1 && record.at(-1) === '' ? record.slice(0, -1) : record;
  if (fields.length !== expected.length) return { typed: 0, fits: false };
  let [typed, fits] = [0, true];
  for (const [i, { logicalType }] of expected.entries()) {
    const patterns = LOOKS_LIKE[logicalType];
    const field = fields[i] ?? '';
    if (patterns === undefined || field === '') continue;
    if (patterns.some((pattern) => pattern.test(field))) typed++;
    else fits = false;
  }
  return { typed, fits };
};

/** A header holds no values. A name may be empty, as that of a data frame's index, or occur twice. */
const isLikelyHeader = (first: readonly string[]): boolean => {
  const values = [NUMBER, DATE, TIME, /^(true|false)$/i];
  return (
    first.some((field) => field !== '') &&
    !first.some((field) => values.some((pattern) => pattern.test(field)))
  );
};
