import { storedType } from '../lake/iceberg/duckdb-types.ts';
import type { Field, Schema } from '../lake/iceberg/types.ts';

/**
 * What became of a table's columns from one schema to the next, one text each: `+city`, `-fax`, `name → full_name`,
 * `n: INTEGER → BIGINT`, `n: optional`. Columns are the same that have the same field id. That columns have another
 * order is said once; what changes in their descriptions is not.
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
