import { UsageError } from '../../shared/errors.ts';

/** @throws UsageError when the text is no whole number above zero */
export const positiveInteger = (text: string, option: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new UsageError(`${option} takes a whole number above 0, not "${text}".`);
  return value;
};

/** @throws UsageError when the text is no number above zero */
export const positiveNumber = (text: string, option: string): number => {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0)
    throw new UsageError(`${option} takes a number above 0, not "${text}".`);
  return value;
};

/** The value of an option that may be absent. */
export const given = <T>(text: string | undefined, parse: (text: string) => T): T | undefined =>
  text === undefined ? undefined : parse(text);
