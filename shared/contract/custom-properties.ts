import { z } from 'zod';
import { nearMiss } from '../base/near-miss.ts';
import { type Contract, DIMENSIONS, type OrderBy } from './model.ts';
import { OdcsCustomProperty } from './odcs.ts';
import { type Place, textsAt } from './problems.ts';
import { READING_SHAPES, readingOf } from './reading.ts';
import { readShape } from './shape.ts';

/** What the standard leaves to us, under the schema object's `customProperties`. */
const OF_TABLE = {
  qualityThreshold: z.number().min(0, 'a number from 0 to 1').max(1, 'a number from 0 to 1'),
  dimensionWeights: z.partialRecord(z.enum(DIMENSIONS), z.number().min(0, 'a weight of 0 or more')),
  unknownColumns: z.enum(['rescue', 'reject', 'ignore']),
  dedupeOrderBy: z.union(
    [z.string(), z.array(z.string())],
    '"<column> asc" or "<column> desc", or a list of them',
  ),
  missingValues: z.array(z.union([z.string(), z.number()]), 'a list of texts'),
  ...READING_SHAPES,
};

/** The same under a property's. */
const OF_COLUMN = { partitionTransform: z.string() };

/** Where they belong, as messages say it. */
const HOMES: readonly [home: string, names: readonly string[]][] = [
  ['schema[0].customProperties', Object.keys(OF_TABLE)],
  ['schema[0].properties[…].customProperties', Object.keys(OF_COLUMN)],
];

export interface Settings
  extends Pick<
    Contract,
    'qualityThreshold' | 'dimensionWeights' | 'unknownColumns' | 'dedupeOrderBy' | 'reading'
  > {
  missingValues: string[];
}

/** Our settings with their defaults. Other tools' properties are theirs, unless they look like a slip in ours. */
export const readSettings = (raw: readonly unknown[], place: Place): Settings => {
  const { values, places } = readOurs(OF_TABLE, raw, place);
  const weights = values.dimensionWeights ?? {};
  if (DIMENSIONS.every((dimension) => weights[dimension] === 0))
    places.get('dimensionWeights')?.at('value').expected('one weight above 0 at least');
  const reading = readingOf(values, (name) => places.get(name));
  return {
    ...(reading !== undefined && { reading }),
    qualityThreshold: values.qualityThreshold ?? 0.95,
    dimensionWeights: weights,
    unknownColumns: values.unknownColumns ?? 'rescue',
    dedupeOrderBy: readOrder(values.dedupeOrderBy ?? [], places.get('dedupeOrderBy')?.at('value') ?? place),
    missingValues: textsAt(values.missingValues ?? [], places.get('missingValues')?.at('value') ?? place),
  };
};

/** How a column splits the table's files, as it is written, and the place of the entry that says it. */
export interface WrittenTransform {
  text: string;
  place: Place;
}

/** Our only setting of a property, where it is there. */
export const readPartitionTransform = (
  raw: readonly unknown[],
  place: Place,
): WrittenTransform | undefined => {
  const { values, places } = readOurs(OF_COLUMN, raw, place);
  const at = places.get('partitionTransform');
  return at === undefined || values.partitionTransform === undefined
    ? undefined
    : { text: values.partitionTransform, place: at };
};

/** Of the document none of the settings is: there they would be ignored in silence. */
export const refuseSettings = (raw: readonly unknown[], place: Place): void => {
  readOurs({}, raw, place);
};

type Shapes = Readonly<Record<string, z.ZodType>>;

/** The settings that belong here, each with the place of its entry; ours that belong elsewhere are reported. */
const readOurs = <S extends Shapes>(
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
    if (shape === undefined && home !== undefined) place.at(i).expected(`"${name}" under ${home}`);
    else if (shape === undefined && meant !== undefined) place.at(i, 'property').expected(`"${meant}"`, name);
    else if (places.has(name)) place.at(i, 'property').expected(`"${name}" once`);
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
      // The direction has no default: SQL's "asc" would keep the oldest, which is not what "latest" says.
      place.expected('"<column> asc" or "<column> desc"', text.trim());
      return [];
    });
