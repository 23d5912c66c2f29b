import { storedType } from '../lake/iceberg/duckdb-types.ts';
import type { Field, Schema } from '../lake/iceberg/types.ts';

/**
 * The changes of a table's columns from one schema to the next, one text each: `+city`, `-fax`, `name → full_name`,
 * `n: INTEGER → BIGINT`, `n: optional`, and once `reordered`. Columns with the same field id are the same column. Changes
 * of descriptions are omitted.
 */
export const schemaChanges = (before: Schema, after: Schema): string[] => {
  const changes = after.fields.flatMap((field) => {
    const known = before.fields.find(({ id }) => id === field.id);
    return known === undefined ? [`+${field.name}`] : fieldChanges(known, field);
  });
  const dropped = before.fields
    .filter(({ id }) => !after.fields.some((field) => field.id === id))
    .map(({ name }) => `-${name}`);
  return [...changes, ...dropped, ...(inSameOrder(before, after) ? [] : ['reordered'])];
};

const fieldChanges = (before: Field, after: Field): string[] => {
  const [was, is] = [storedType(before.type), storedType(after.type)];
  return [
    ...(before.name === after.name ? [] : [`${before.name} → ${after.name}`]),
    ...(was === is ? [] : [`${after.name}: ${was} → ${is}`]),
    ...(before.required === after.required
      ? []
      : [`${after.name}: ${after.required ? 'required' : 'optional'}`]),
  ];
};

const inSameOrder = (before: Schema, after: Schema): boolean => {
  const common = (from: Schema, other: Schema): string =>
    from.fields
      .map(({ id }) => id)
      .filter((id) => other.fields.some((field) => field.id === id))
      .join();
  return common(before, after) === common(after, before);
};
