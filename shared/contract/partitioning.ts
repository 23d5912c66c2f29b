import { icebergTypeOf } from '../lake/iceberg/duckdb-types.ts';
import { canTransform, fieldName, parseTransform } from '../lake/iceberg/transforms.ts';
import type { Transform } from '../lake/iceberg/types.ts';
import type { PartitionColumn } from '../lake/table/draft.ts';
import type { WrittenTransform } from './custom-properties.ts';
import { namesByPosition, type PlacedProperty } from './key-positions.ts';
import type { Column } from './model.ts';
import type { Place } from './problems.ts';

/** A partition field as a contract or a gold model asks for it, not yet checked. */
export interface PartitionRequest {
  column: string;
  /** The column's DuckDB type. */
  type: string;
  transform: Transform;
  /** Where the column is named. */
  place: Place;
  /** Where the transform is named. */
  transformPlace: Place;
}

/** All transforms, with an example of a width; messages list those that a type supports. */
const TRANSFORMS: readonly Transform[] = ['identity', 'year', 'month', 'day', 'bucket[16]', 'truncate[4]'];

/** The transform that the text names; undefined, and reported, if there is none. `void` is reported too: it splits nothing. */
export const readTransform = (text: string, place: Place): Transform | undefined => {
  const transform = parseTransform(text);
  if (transform !== undefined && transform !== 'void') return transform;
  place.expected('identity, year, month, day, bucket[N] or truncate[N]', text);
  return undefined;
};

/**
 * The partition fields of a table. Reports a type that the transform does not support, and a field that has the name of
 * a column or of another field: other engines could not read such a table.
 *
 * @param columns names of all columns of the table
 */
export const partitionFields = (
  requests: readonly PartitionRequest[],
  columns: readonly string[],
): PartitionColumn[] => {
  const taken = new Set<string>();
  return requests.map((request) => {
    const { column, transform } = request;
    const name = fieldName(column, transform);
    checkType(request);
    if (transform !== 'identity' && columns.some((other) => other.toLowerCase() === name.toLowerCase()))
      request.transformPlace.say(
        `the partition field "${name}" has the name of a column; rename the column, or use another transform`,
      );
    else if (taken.has(name.toLowerCase()))
      request.transformPlace.say(`duplicate partition field "${name}"; keep one`);
    taken.add(name.toLowerCase());
    return { name, column, transform };
  });
};

/** Types that cannot partition a table: equal values may have several texts (floats), or very long ones (JSON). */
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

/** The partition fields that a contract's properties ask for, in the order of their positions. */
export const contractPartitions = (
  columns: readonly Column[],
  properties: readonly PlacedProperty[],
  written: readonly (WrittenTransform | undefined)[],
): PartitionColumn[] => {
  const requests = properties.flatMap(({ property, place }, i): PartitionRequest[] => {
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
    requests.toSorted((a, b) => order.indexOf(a.column) - order.indexOf(b.column)),
    columns.map(({ name }) => name),
  );
};
