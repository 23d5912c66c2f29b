import { z } from 'zod';
import type { Column } from './model.ts';
import type { Place } from './problems.ts';
import { EPOCH_UNITS, type EpochUnit, type Separators } from './text-forms.ts';

/** Programs that write one of these characters for the eye use the others too, by locale and version. */
const ALIKE: Readonly<Record<string, string>> = {
  ' ': ' \u00a0\u202f',
  '\u00a0': ' \u00a0\u202f',
  '\u202f': ' \u00a0\u202f',
  "'": "'\u2019",
  '\u2019': "'\u2019",
};

const THOUSANDS = ['', '.', ',', ' ', "'", '_', '\u00a0', '\u202f', '\u2019'];
const THOUSANDS_EXPECTED = 'one of ".", ",", " ", "\'", "_"; or "" for none';

/** The settings of numbers, as they are written, for a table and for a column. */
export const SEPARATOR_SHAPES = {
  decimalSeparator: z.enum(['.', ',']),
  thousandsSeparator: z.string().refine((text) => THOUSANDS.includes(text), THOUSANDS_EXPECTED),
};

export const EPOCH_SHAPE = z.enum(EPOCH_UNITS);

interface SeparatorSettings {
  decimalSeparator?: Separators['decimal'];
  thousandsSeparator?: string;
}

/** A column's settings as the contract writes them, and their places. */
export interface WrittenSettings extends SeparatorSettings {
  epochUnit?: EpochUnit;
  placeOf(name: keyof SeparatorSettings | 'epochUnit'): Place | undefined;
}

/** The separators that are set; undefined for numbers such as 1234.5, and where none is set. A contradiction is reported. */
export const separatorsOf = (
  { decimalSeparator: decimal = '.', thousandsSeparator: thousands = '' }: SeparatorSettings,
  placeOf: (name: keyof SeparatorSettings) => Place | undefined,
): Separators | undefined => {
  if (thousands === decimal) {
    placeOf('thousandsSeparator')
      ?.at('value')
      .expected(`another character than the decimalSeparator, which is "${decimal}"`, thousands);
    return undefined;
  }
  if (thousands === '') return decimal === '.' ? undefined : { decimal };
  return { decimal, thousands: ALIKE[thousands] ?? thousands };
};

/**
 * How a column's values are written: as its own settings say, else as the table's do. Settings that would have no effect
 * on the column are reported.
 *
 * @param table the table's separators
 */
export const writtenForm = (
  { logicalType, format, derivedFrom }: Pick<Column, 'logicalType' | 'format' | 'derivedFrom'>,
  own: WrittenSettings,
  table: Separators | undefined,
): Pick<Column, 'separators' | 'epochUnit'> => {
  const { epochUnit, placeOf } = own;
  const stated = (['decimalSeparator', 'thousandsSeparator'] as const).filter(
    (name) => placeOf(name) !== undefined,
  );
  if (derivedFrom !== undefined) {
    for (const name of [...stated, 'epochUnit' as const])
      placeOf(name)?.say(`${name} has no effect on a derived column, which is not read; remove it`);
    return {};
  }
  const isNumber = logicalType === 'integer' || logicalType === 'number';
  const isTime = logicalType === 'date' || logicalType === 'timestamp';
  if (!isNumber)
    for (const name of stated)
      placeOf(name)?.say(
        `${name} is for columns of integers and numbers; this one is of type ${logicalType}`,
      );
  if (!isTime)
    placeOf('epochUnit')?.say(
      `epochUnit is for columns of dates and timestamps; this one is of type ${logicalType}`,
    );
  else if (epochUnit !== undefined && format !== undefined)
    placeOf('epochUnit')?.say('not allowed with a format; remove one of them');
  // A column with a setting of its own has nothing of the table's: half of each would fit by accident only.
  const separators = stated.length > 0 ? separatorsOf(own, placeOf) : table;
  return {
    ...(isNumber && separators !== undefined && { separators }),
    ...(isTime && epochUnit !== undefined && { epochUnit }),
  };
};
