import { z } from 'zod';
import type { Place } from './problems.ts';

/** A contract's settings for reading its files. An absent member is detected from the content. */
export interface Reading {
  /** A label of the WHATWG Encoding Standard. */
  encoding?: string;
  /** One ASCII character. */
  delimiter?: string;
  /** One ASCII character; empty for none. */
  quote?: string;
  /** Whether the first record is a header. */
  header?: boolean;
  /** Lines before the first record, which are passed over. */
  skipLines?: number;
  /** One ASCII character, with which lines begin that are passed over. */
  comment?: string;
  /** The JSON Pointer at which the records lie within each JSON document. */
  recordsPath?: string;
  /** Name of the sheet of a workbook. */
  sheet?: string;
}

/** The name of the encoding with this label; undefined when there is none. https://encoding.spec.whatwg.org/#names-and-labels */
export const encodingNamed = (label: string): string | undefined => {
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return undefined;
  }
};

const DELIMITER = 'one ASCII character that is no quote, backslash, space or line end';
const MARK = 'one ASCII character that is no letter, digit, backslash, blank or line end';
const POINTER = 'a JSON Pointer to the records, such as /data/items; in a key, ~1 is a slash and ~0 a tilde';
const isMark = (text: string): boolean => /^[!-/:-@[\]^_`{-~]$/.test(text);

/** The settings of `Reading`, as they are written. */
export const READING_SHAPES = {
  encoding: z
    .string()
    .refine(
      (label) => encodingNamed(label) !== undefined,
      'a label of the WHATWG Encoding Standard, such as utf-8, windows-1252 or shift_jis',
    ),
  delimiter: z
    .string()
    .refine(
      (text) => text.length === 1 && text > '\0' && text < '\x80' && !/["'\\ \n\r]/.test(text),
      DELIMITER,
    ),
  quote: z.string().refine((text) => text === '' || isMark(text), `${MARK}; or "" for none`),
  header: z.boolean(),
  skipLines: z.int('a whole number of lines').min(0, 'a whole number of lines'),
  comment: z.string().refine(isMark, MARK),
  recordsPath: z.string().regex(/^(?:\/(?:[^~/]|~[01])*)+$/, POINTER),
  sheet: z.string().refine((text) => text.trim() !== '', 'the name of a sheet'),
};

/** The settings that are there; undefined when none is. Characters with two meanings are reported. */
export const readingOf = (
  values: Reading,
  placeOf: (name: keyof Reading) => Place | undefined,
): Reading | undefined => {
  const { encoding, delimiter, quote, header, skipLines, comment, recordsPath, sheet } = values;
  if (quote !== undefined && quote !== '' && quote === delimiter)
    placeOf('quote')?.at('value').expected('another character than the delimiter', quote);
  if (comment !== undefined && (comment === delimiter || comment === quote))
    placeOf('comment')?.at('value').expected('another character than the delimiter and the quote', comment);
  const reading = {
    ...(encoding !== undefined && { encoding }),
    ...(delimiter !== undefined && { delimiter }),
    ...(quote !== undefined && { quote }),
    ...(header !== undefined && { header }),
    ...(skipLines !== undefined && { skipLines }),
    ...(comment !== undefined && { comment }),
    ...(recordsPath !== undefined && { recordsPath }),
    ...(sheet !== undefined && { sheet }),
  };
  return Object.keys(reading).length > 0 ? reading : undefined;
};
