import type { Column } from '../../contract/model.ts';
import { literal } from '../../engine/sql.ts';

/** Advice for values that do not fit their column's type, but would fit by a setting of the contract. */
export interface Hint {
  /** RE2 pattern of such values as text. */
  pattern: string;
  advice: string;
}

/** A number with a comma, an apostrophe or a blank within, or with several points. */
const SEPARATED = String.raw`[+-]?[0-9.]*(?:[,'’ \x{a0}\x{202f}]|[.][0-9]+[.])[0-9.,'’ \x{a0}\x{202f}]*[0-9]`;
/** Seconds, milliseconds, microseconds or nanoseconds since 1970, for a date between 2001 and 2286. */
const EPOCH = String.raw`(?:[0-9]{10}|[0-9]{13}|[0-9]{16}|[0-9]{19})(?:\.[0-9]*)?`;

/** The value that a column expects, in words. */
export const expectedType = ({ logicalType, silverType, format, epochUnit, separators }: Column): string => {
  if (format !== undefined) return `${logicalType} as ${format}`;
  const type = `${logicalType} (${silverType})`;
  if (epochUnit !== undefined) return `${type} in ${epochUnit} since 1970`;
  if (separators !== undefined) {
    const thousands = separators.thousands?.[0] ?? '';
    return `${type} as 1${thousands}234${logicalType === 'integer' ? '' : `${separators.decimal}5`}`;
  }
  // Finer fractions of a second are the one thing that a text of the right form may have too much of.
  return silverType.startsWith('TIME') ? `${type}, no finer than microseconds` : type;
};

/** Undefined where no setting would make a difference. */
const hintFor = ({ logicalType, format, epochUnit, separators }: Column): Hint | undefined => {
  if (logicalType === 'integer' || logicalType === 'number')
    return separators === undefined
      ? {
          pattern: SEPARATED,
          advice:
            'if it has a decimal comma or groups of thousands, set decimalSeparator or thousandsSeparator in the contract',
        }
      : undefined;
  if (logicalType === 'date' || logicalType === 'timestamp')
    return format === undefined && epochUnit === undefined
      ? { pattern: EPOCH, advice: 'if it counts from 1970, set epochUnit in the contract' }
      : undefined;
  return undefined;
};

/**
 * SQL of the words in which a rejected value's reason says what was expected.
 *
 * @param value SQL of the value, as text
 */
export const expectation = (column: Column, value: string): string => {
  const expected = expectedType(column);
  const hint = hintFor(column);
  return hint === undefined
    ? literal(expected)
    : `CASE WHEN regexp_full_match(${value}, ${literal(hint.pattern)}) THEN ${literal(`${expected}; ${hint.advice}`)} ELSE ${literal(expected)} END`;
};
