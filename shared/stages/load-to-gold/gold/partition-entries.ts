import { type PartitionRequest, partitionFields, readTransform } from '../../../contract/partitioning.ts';
import type { Place } from '../../../contract/problems.ts';
import { partsOf } from '../../../lake/iceberg/transforms.ts';
import type { PartitionColumn } from '../../../lake/table/draft.ts';

/** A column, or a transform of one as Spark's DDL writes it: `month(day)`, `bucket(16, id)`. */
const ENTRY = /^\s*(?:(\w+)\s*\(\s*(?:(\d+)\s*,\s*)?(\w+)\s*\)|(\w+))\s*$/;

/** The field as a header writes it. */
export const spellField = ({ column, transform }: Pick<PartitionColumn, 'column' | 'transform'>): string => {
  if (transform === 'identity') return column;
  const { kind, number } = partsOf(transform);
  return number === 0 ? `${kind}(${column})` : `${kind}(${number}, ${column})`;
};

/** Reads the `partitionedBy` of a gold header; reports and skips entries that are not possible. */
export const readPartitionedBy = (
  entries: readonly string[],
  columns: readonly { name: string; type: string }[],
  place: Place,
): PartitionColumn[] => {
  const splits = entries.flatMap((entry, i) => {
    const split = readEntry(entry, columns, place.at(i));
    return split === undefined ? [] : [split];
  });
  for (const [i, { column, place }] of splits.entries())
    if (splits.findIndex((other) => other.column === column) < i)
      place.say(`duplicate partition field of column "${column}"; keep one`);
  return partitionFields(
    splits,
    columns.map(({ name }) => name),
  );
};

const readEntry = (
  entry: string,
  columns: readonly { name: string; type: string }[],
  place: Place,
): PartitionRequest | undefined => {
  const [matched, name, width, source, plain] = ENTRY.exec(entry) ?? [];
  if (matched === undefined) {
    const cut = entry.includes('(') !== entry.includes(')');
    place.expected(
      `a column or a transform of one, such as month(day)${cut ? '; a comma between [ and ] needs quotes: "bucket(16, id)"' : ''}`,
      entry,
    );
    return undefined;
  }
  const column = columns.find((one) => one.name === (plain ?? source));
  if (column === undefined) place.expected('one of the columns', plain ?? source);
  const transform =
    plain === undefined
      ? readTransform(width === undefined ? (name ?? '') : `${name}[${width}]`, place)
      : 'identity';
  if (column === undefined || transform === undefined) return undefined;
  return { column: column.name, type: column.type, transform, place, transformPlace: place };
};
