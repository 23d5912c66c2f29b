import { z } from 'zod';
import { globFault } from '../base/glob.ts';
import { nearMiss } from '../base/near-miss.ts';
import type { Check } from './duckdb-checks.ts';
import { readKeyPattern } from './key-pattern.ts';
import { type Contract, DIMENSIONS, type OrderBy } from './model.ts';
import { OdcsCustomProperty } from './odcs.ts';
import { type Place, textsAt } from './problems.ts';
import { READING_SHAPES, readingOf } from './reading.ts';
import { readShape } from './shape.ts';
import { SOURCE_COLUMNS } from './source-relation.ts';
import type { Separators } from './text-forms.ts';
import { EPOCH_SHAPE, SEPARATOR_SHAPES, separatorsOf, type WrittenSettings } from './written-forms.ts';

/** duckstep's settings of a table, in the `customProperties` of the schema object. */
const TABLE_SETTINGS = {
  qualityThreshold: z.number().min(0, 'a number from 0 to 1').max(1, 'a number from 0 to 1'),
  dimensionWeights: z.partialRecord(z.enum(DIMENSIONS), z.number().min(0, 'a weight of 0 or more')),
  unknownColumns: z.enum(['rescue', 'reject', 'ignore']),
  dedupeOrderBy: z.union(
    [z.string(), z.array(z.string())],
    '"<column> asc" or "<column> desc", or a list of them',
  ),
  missingValues: z.array(z.union([z.string(), z.number()]), 'a list of texts'),
  keyPattern: z.string('an RE2 pattern with named groups'),
  ignoredKeys: z.array(
    z.string().check(({ value, issues }) => {
      const message = globFault(value);
      if (message !== undefined) issues.push({ code: 'custom', message, input: value });
    }),
    'a list of patterns',
  ),
  ...SEPARATOR_SHAPES,
  ...READING_SHAPES,
};

/** duckstep's settings of a column, in the `customProperties` of its property. */
const COLUMN_SETTINGS = { partitionTransform: z.string(), ...SEPARATOR_SHAPES, epochUnit: EPOCH_SHAPE };

/** The place of each setting, as messages name it. */
const HOMES: readonly [home: string, names: readonly string[]][] = [
  ['schema[0].customProperties', Object.keys(TABLE_SETTINGS)],
  ['schema[0].properties[…].customProperties', Object.keys(COLUMN_SETTINGS)],
];

export interface Settings
  extends Pick<
    Contract,
    | 'qualityThreshold'
    | 'dimensionWeights'
    | 'unknownColumns'
    | 'dedupeOrderBy'
    | 'ignoredKeys'
    | 'reading'
    | 'keyPattern'
  > {
  missingValues: string[];
  /** Those of every column that has none of its own. */
  separators?: Separators;
}

/** The table's settings with their defaults. Adds to `checks` the mistakes that only DuckDB can find. Other tools' properties are ignored, unless one looks like a misspelled setting. */
export const readSettings = (raw: readonly unknown[], place: Place, checks: Check[]): Settings => {
  const { values, places } = readOwn(TABLE_SETTINGS, raw, place);
  const weights = values.dimensionWeights ?? {};
  if (DIMENSIONS.every((dimension) => weights[dimension] === 0))
    places.get('dimensionWeights')?.at('value').say('every weight is 0; set at least one above 0');
  const reading = readingOf(values, (name) => places.get(name));
  const separators = separatorsOf(values, (name) => places.get(name));
  const { keyPattern } = values;
  const patternAt = places.get('keyPattern')?.at('value') ?? place;
  return {
    ...(separators !== undefined && { separators }),
    ...(values.ignoredKeys !== undefined && { ignoredKeys: values.ignoredKeys }),
    ...(keyPattern !== undefined && {
      keyPattern: readKeyPattern(keyPattern, SOURCE_COLUMNS, patternAt, checks),
    }),
    ...(reading !== undefined && { reading }),
    qualityThreshold: values.qualityThreshold ?? 0.95,
    dimensionWeights: weights,
    unknownColumns: values.unknownColumns ?? 'rescue',
    dedupeOrderBy: readOrder(values.dedupeOrderBy ?? [], places.get('dedupeOrderBy')?.at('value') ?? place),
    missingValues: textsAt(values.missingValues ?? [], places.get('missingValues')?.at('value') ?? place),
  };
};

/** The partition transform of a column as the contract writes it, and the place of its entry. */
export interface WrittenTransform {
  text: string;
  place: Place;
}

/** The settings of a column as the contract writes them. */
export interface ColumnSettings {
  transform?: WrittenTransform;
  written: WrittenSettings;
}

export const readColumnSettings = (raw: readonly unknown[], place: Place): ColumnSettings => {
  const { values, places } = readOwn(COLUMN_SETTINGS, raw, place);
  const { partitionTransform: text, ...written } = values;
  const at = places.get('partitionTransform');
  return {
    ...(text !== undefined && at !== undefined && { transform: { text, place: at } }),
    written: { ...written, placeOf: (name) => places.get(name) },
  };
};

/** Reports settings in the document's `customProperties`: they belong elsewhere and would have no effect there. */
export const reportMisplacedSettings = (raw: readonly unknown[], place: Place): void => {
  readOwn({}, raw, place);
};

type Shapes = Readonly<Record<string, z.ZodType>>;

/** The settings of these shapes, each with the place of its entry. duckstep's other settings are reported as misplaced. */
const readOwn = <S extends Shapes>(
  shapes: S,
  raw: readonly unknown[],
  place: Place,
): { values: { [K in keyof S]?: z.infer<S[K]> }; places: Map<keyof S, Place> } => {
  const values: { [K in keyof S]?: z.infer<S[K]> } = {};
  const places = new Map<keyof S, Place>();
  const names = Object.keys(shapes);
  for (const [i, item] of raw.entries()) {
    const entry = readShape(OdcsCustomProperty, item, place.at(i));
    if (entry === undefined) continue;
    const { property: name, value } = entry;
    const [home] = HOMES.find(([, others]) => others.includes(name)) ?? [];
    const shape = names.includes(name) ? shapes[name] : undefined;
    const meant = nearMiss(name, names);
    if (shape === undefined && home !== undefined)
      place.at(i).say(`"${name}" belongs under ${home}; move it there`);
    else if (shape === undefined && meant !== undefined)
      place.at(i, 'property').say(`unknown property "${name}"; did you mean "${meant}"?`);
    else if (places.has(name)) place.at(i, 'property').say(`duplicate property "${name}"; keep one`);
    else if (shape !== undefined) {
      places.set(name, place.at(i));
      Object.assign(values, { [name]: readShape<unknown>(shape, value, place.at(i, 'value')) });
    }
  }
  return { values, places };
};

const readOrder = (value: string | string[], place: Place): OrderBy[] =>
  [value]
    .flat()
    .flatMap((text) => text.split(','))
    .flatMap((text): OrderBy[] => {
      const [, column, direction] = /^\s*(\w+)\s+(asc|desc)\s*$/i.exec(text) ?? [];
      if (column !== undefined && direction !== undefined)
        return [{ column, direction: direction.toLowerCase() === 'asc' ? 'asc' : 'desc' }];
      // The direction has no default: SQL's default, ascending, would keep the oldest row as the latest.
      place.expected('"<column> asc" or "<column> desc"', text.trim());
      return [];
    });
