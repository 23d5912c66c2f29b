import { ContractMismatch } from '../../errors.ts';
import { listNames } from '../records/list-names.ts';
import type { ExpectedColumn } from '../records/opened-records.ts';
import { namesOf, normalName } from './header.ts';

/** Lines in which a header is looked for. */
const MAX_LINES = 100;

/**
 * @param text the beginning of the file
 * @param taken the line that was read as the header, and its fields; lines count from 1
 * @throws ContractMismatch when that line has no name of the contract
 */
export const throwIfUnnamed = (
  text: string,
  taken: { line: number; fields: readonly string[] },
  expected: readonly ExpectedColumn[],
): void => {
  const names = namesOf(expected);
  if (expected.length === 0 || taken.fields.some((field) => names.has(normalName(field)))) return;
  const count =
    taken.fields.length === 1
      ? 'its only column is not one'
      : `none of its ${taken.fields.length} columns is one`;
  const found = headerLineOf(text, names, taken.line);
  const advice =
    found === undefined
      ? 'If the file has no header, set "header" to false in the contract\'s customProperties; else fix the file or the contract, and upload the file again.'
      : `Line ${found} has the contract's names: remove what stands before it, or set "skipLines" to ${found - 1} in the contract's customProperties.`;
  throw new ContractMismatch(
    `Line ${taken.line} was read as the header, and ${count} that the contract expects: ${listNames(expected.map(({ sourceName }) => sourceName))}. ${advice}`,
  );
};

/** The line below `after` that holds more than half of the names; undefined when there is none. */
const headerLineOf = (text: string, names: ReadonlySet<string>, after: number): number | undefined => {
  const index = text.split(/\r\n|\n|\r/, MAX_LINES).findIndex((line, i) => {
    const fields = line
      .split(/[,;|\t]/)
      .map((field) => normalName(field.trim().replace(/^(["'])(.*)\1$/, '$2')));
    return i >= after && new Set(fields.filter((field) => names.has(field))).size * 2 > names.size;
  });
  return index < 0 ? undefined : index + 1;
};
