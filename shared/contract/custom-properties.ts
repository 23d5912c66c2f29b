import { z } from 'zod';
import { type Contract, DIMENSIONS, type OrderBy } from './model.ts';
import { nearMiss } from './near-miss.ts';
import { OdcsCustomProperty } from './odcs.ts';
import type { Place } from './problems.ts';
import { readShape } from './shape.ts';

/** What the standard leaves to us, under the schema object's `customProperties`. */
const OURS = {
  qualityThreshold: z.number().min(0, 'a number from 0 to 1').max(1, 'a number from 0 to 1'),
  dimensionWeights: z.partialRecord(z.enum(DIMENSIONS), z.number().min(0, 'a weight of 0 or more')),
  unknownColumns: z.enum(['rescue', 'reject', 'ignore']),
  dedupeOrderBy: z.union(
    [z.string(), z.array(z.string())],
    '"<column> asc" or "<column> desc", or a list of them',
  ),
  missingValues: z.array(z.union([z.string(), z.number()]), 'a list of texts'),
};
type Ours = { [K in keyof typeof OURS]?: z.infer<(typeof OURS)[K]> };
const NAMES = Object.keys(OURS) as (keyof typeof OURS)[];

export interface Settings
  extends Pick<Contract, 'qualityThreshold' | 'dimensionWeights' | 'unknownColumns' | 'dedupeOrderBy'> {
  missingValues: string[];
}

/** Our settings with their defaults. Other tools' properties are theirs, unless they look like a slip in ours. */
export const readSettings = (raw: readonly unknown[], place: Place): Settings => {
  const values: Ours = {};
  const places = new Map<string, Place>();
  for (const [i, item] of raw.entries()) {
    const property = readShape(OdcsCustomProperty, item, place.at(i));
    if (property === undefined) continue;
    const name = NAMES.find((ours) => ours === property.property);
    if (name === undefined) {
      const meant = nearMiss(property.property, NAMES);
      if (meant !== undefined) place.at(i, 'property').expected(`"${meant}"`, property.property);
    } else if (places.has(name)) {
      place.at(i, 'property').expected(`"${name}" once`);
    } else {
      places.set(name, place.at(i, 'value'));
      Object.assign(values, { [name]: readShape<unknown>(OURS[name], property.value, place.at(i, 'value')) });
    }
  }
  const weights = values.dimensionWeights ?? {};
  if (DIMENSIONS.every((dimension) => weights[dimension] === 0))
    places.get('dimensionWeights')?.expected('one weight above 0 at least');
  return {
    qualityThreshold: values.qualityThreshold ?? 0.95,
    dimensionWeights: weights,
    unknownColumns: values.unknownColumns ?? 'rescue',
    dedupeOrderBy: readOrder(values.dedupeOrderBy ?? [], places.get('dedupeOrderBy') ?? place),
    missingValues: (values.missingValues ?? []).map(String),
  };
};

/** Ours, put where nobody reads them, would be ignored in silence: the document and the properties. */
export const refuseSettings = (raw: readonly unknown[], place: Place): void => {
  for (const [i, item] of raw.entries()) {
    const property = readShape(OdcsCustomProperty, item, place.at(i));
    if (NAMES.some((name) => name === property?.property))
      place.at(i).expected(`"${property?.property}" under schema[0].customProperties`);
  }
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
