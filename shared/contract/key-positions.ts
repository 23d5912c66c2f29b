import type { OdcsProperty } from './odcs.ts';
import type { Place } from './problems.ts';

/** A property that was read without mistakes, and its place in the file. */
export interface PlacedProperty {
  property: OdcsProperty;
  place: Place;
}

type Flag = 'primaryKey' | 'partitioned';
const POSITION = { primaryKey: 'primaryKeyPosition', partitioned: 'partitionKeyPosition' } as const;

/**
 * Names of the properties that have the flag, ordered by their positions; in the contract's order if none has a position.
 * Missing, duplicate and useless positions are reported.
 */
export const namesByPosition = (flag: Flag, properties: readonly PlacedProperty[]): string[] => {
  const key = POSITION[flag];
  const flagged = properties.filter(({ property }) => property[flag] === true);
  const numbered = flagged.filter(({ property }) => property[key] !== undefined);
  for (const { property, place } of properties)
    if (property[key] !== undefined && property[flag] !== true)
      place.at(key).say(`needs ${flag}: true on the same property; add it, or remove the position`);
  for (const { property, place } of flagged) {
    const same = numbered.filter((other) => other.property[key] === property[key]);
    if (numbered.length > 0 && property[key] === undefined)
      place.say(`${key} is missing; give one to every ${flag} property, or to none`);
    else if (same.length > 1)
      place.at(key).say(`duplicate position ${property[key]}; give every ${flag} property another one`);
  }
  const order = numbered.length === 0 ? flagged : numbered;
  return order
    .toSorted((a, b) => (a.property[key] ?? 0) - (b.property[key] ?? 0))
    .map(({ property }) => property.name);
};
