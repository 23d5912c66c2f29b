import type { PlacedProperty } from './key-positions.ts';
import type { Column } from './model.ts';
import type { OdcsProperty } from './odcs.ts';
import type { Place } from './problems.ts';

/** The `Column.identity` of a property: its `id`, else its name. */
export const identityOf = ({ id, name }: OdcsProperty, place: Place): string => {
  if (id?.startsWith('_') === true)
    place
      .at('id')
      .say(`"${id}" begins with "_", which is reserved for the pipeline's own columns; choose another id`);
  return (id ?? name).toLowerCase();
};

/**
 * Reports columns that have the same identity: values of one would be read as values of the other. Columns of the same
 * name are not reported here, as duplicate names are reported elsewhere.
 *
 * @param properties the properties of the columns, in the same order
 */
export const checkIdentities = (columns: readonly Column[], properties: readonly PlacedProperty[]): void => {
  const hasId = (i: number): boolean => properties[i]?.property.id !== undefined;
  const sameName = (a: Column, b: Column): boolean => a.name.toLowerCase() === b.name.toLowerCase();
  for (const [i, column] of columns.entries()) {
    const twin = columns.findIndex((other) => other.identity === column.identity && !sameName(other, column));
    if (twin === -1 || twin > i) continue;
    // Mostly a renamed column has its old name as its id, and a new column took that name: the new one needs an id.
    const [wrong, taken] = hasId(i) && !hasId(twin) ? [twin, i] : [i, twin];
    properties[wrong]?.place
      .at('id')
      .say(
        `duplicate id "${column.identity}": it identifies column ${columns[taken]?.name}; use an id that no column ever had`,
      );
  }
};
