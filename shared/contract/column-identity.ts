import type { PlacedProperty } from './key-positions.ts';
import type { Column } from './model.ts';
import type { OdcsProperty } from './odcs.ts';
import type { Place } from './problems.ts';

/** What a column is over time: its `id`, else its name, as `Column.identity` says. */
export const identityOf = ({ id, name }: OdcsProperty, place: Place): string => {
  if (id?.startsWith('_') === true)
    place
      .at('id')
      .say(`"${id}" begins with "_", which is reserved for the pipeline's own columns; choose another id`);
  return (id ?? name).toLowerCase();
};

/**
 * Two columns with one identity would share one history: values of the one would be read as the other's.
 * Columns of one name are left to whoever tells names apart.
 *
 * @param properties those that the columns were made of, in the same order
 */
export const checkIdentities = (columns: readonly Column[], properties: readonly PlacedProperty[]): void => {
  const hasId = (i: number): boolean => properties[i]?.property.id !== undefined;
  const sameName = (a: Column, b: Column): boolean => a.name.toLowerCase() === b.name.toLowerCase();
  for (const [i, column] of columns.entries()) {
    const twin = columns.findIndex((other) => other.identity === column.identity && !sameName(other, column));
    if (twin === -1 || twin > i) continue;
    // Mostly a renamed column keeps its old name as its id, and a new column has taken the name: it is to get an id.
    const [wrong, taken] = hasId(i) && !hasId(twin) ? [twin, i] : [i, twin];
    properties[wrong]?.place
      .at('id')
      .say(
        `duplicate id "${column.identity}": it identifies column ${columns[taken]?.name}; use an id that no column ever had`,
      );
  }
};
