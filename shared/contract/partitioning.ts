import { icebergTypeOf } from '../lake/iceberg/duckdb-types.ts';
import { canTransform, fieldName, parseTransform } from '../lake/iceberg/transforms.ts';
import type { Transform } from '../lake/iceberg/types.ts';
import type { PartitionColumn } from '../lake/table/draft.ts';
import type { WrittenTransform } from './custom-properties.ts';
import { namesByPosition, type PlacedProperty } from './key-positions.ts';
import type { Column } from './model.ts';
import type { Place } from './problems.ts';

/** One field of a partitioning, before it is known whether there can be such a field. */
export interface PartitionRequest {
  column: string;
  /** The column's DuckDB type. */
  type: string;
  transform: Transform;
  /** Where it says that the column splits the files, and where by which transform. */
  place: Place;
  transformPlace: Place;
}

/** All that there are; one width stands for every other. */
const TRANSFORMS: readonly Transform[] = ['identity', 'year', 'month', 'day', 'bucket[16]', 'truncate[4]'];

/** The transform that the text names. Anything else is reported, and `void` too: it splits nothing. */
export const readTransform = (text: string, place: Place): Transform | undefined => {
  const transform = parseTransform(text);
  if (transform !== undefined && transform !== 'void') return transform;
  place.expected('identity, year, month, day, bucket[N] or truncate[N]', text);
  return undefined;
};

/**
 * The fields of a table's partitioning. A type that the transform does not take, and a field's name that the table
 * has already, are reported: other engines would refuse such a table.
 *
 * @param columns names of all the table's columns
 */
export const partitionFields = (
  splits: readonly PartitionRequest[],
  columns: readonly string[],
): PartitionColumn[] => {
  const taken = new Set<string>();
  return splits.map((split) => {
    const { column, transform } = split;
    const name = fieldName(column, transform);
    checkType(split);
    if (transform !== 'identity' && columns.some((other) => other.toLowerCase() === name.toLowerCase()))
      split.transformPlace.say(
        `the partition field "${name}" has the name of a column; rename the column, or use another transform`,
      );
    else if (taken.has(name.toLowerCase()))
      split.transformPlace.say(`duplicate partition field "${name}"; keep one`);
    taken.add(name.toLowerCase());
    return { name, column, transform };
  });
};

/** Inexact numbers and documents: equal values have several texts, or long ones. */
const INEXACT = /^(?:DOUBLE|FLOAT|JSON)$/;

const checkType = ({ type, transform, place, transformPlace }: PartitionRequest): void => {
  const source = icebergTypeOf(type);
  if (source === undefined || typeof source !== 'string' || INEXACT.test(type))
    place.expected('a type with exact, short values', type);
  else if (!canTransform(transform, source)) {
    const fitting = TRANSFORMS.filter((one) => canTransform(one, source));
    transformPlace.expected(`a transform that ${type} supports (${fitting.join(', ')})`, transform);
  }
};

/** The partitioning that a contract's properties ask for, in the order of their positions. */
export const contractPartitions = (
  columns: readonly Column[],
  properties: readonly PlacedProperty[],
  written: readonly (WrittenTransform | undefined)[],
): PartitionColumn[] => {
  const splits = properties.flatMap(({ property, place }, i): PartitionRequest[] => {
    const transform = written[i];
    if (property.partitioned !== true) {
      transform?.place.say('needs partitioned: true on the same property; add it, or remove the transform');
      return [];
    }
    const transformPlace = transform?.place.at('value') ?? place.at('partitioned');
    return [
      {
        column: property.name,
        type: columns[i]?.silverType ?? '',
        transform:
          (transform === undefined ? undefined : readTransform(transform.text, transformPlace)) ?? 'identity',
        place: place.at('partitioned'),
        transformPlace,
      },
    ];
  });
  const order = namesByPosition('partitioned', properties);
  return partitionFields(
    splits.toSorted((a, b) => order.indexOf(a.column) - order.indexOf(b.column)),
    columns.map(({ name }) => name),
  );
};
