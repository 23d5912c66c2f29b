import { decimalOf, fixedLength } from './schema.ts';
import type { PrimitiveType, Transform } from './types.ts';

/** Partition transforms (specification, "Partition Transforms"): their names, source types and result types. */

const PLAIN = ['identity', 'year', 'month', 'day', 'void'];

/** Undefined if the text is not a transform of version 2. Widths and bucket counts are positive ints. */
export const parseTransform = (text: string): Transform | undefined => {
  if (PLAIN.includes(text)) return text as Transform;
  const parameter = /^(?:bucket|truncate)\[(\d{1,10})\]$/.exec(text)?.[1];
  if (parameter === undefined) return undefined;
  const number = Number(parameter);
  return number > 0 && number <= 2_147_483_647
    ? (text.replace(parameter, String(number)) as Transform)
    : undefined;
};

/** The name of a transform and its number: the count of buckets, the width of a truncation, else 0. */
export const partsOf = (transform: Transform): { kind: string; number: number } => {
  const found = /^(\w+)(?:\[(\d+)\])?$/.exec(transform);
  return { kind: found?.[1] ?? transform, number: Number(found?.[2] ?? 0) };
};

const TIMES = ['date', 'timestamp', 'timestamptz'];
const TRUNCATED = ['int', 'long', 'decimal', 'string', 'binary'];
const BUCKETED = [
  'int',
  'long',
  'decimal',
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'string',
  'uuid',
  'fixed',
  'binary',
];
const ANY = [...BUCKETED, 'boolean', 'float', 'double'];

const SOURCES: Record<string, string[]> = {
  identity: ANY,
  void: ANY,
  bucket: BUCKETED,
  truncate: TRUNCATED,
  year: TIMES,
  month: TIMES,
  day: TIMES,
};

/** The source types of a transform. `decimal` and `fixed` mean all types of that kind. */
export const allowedSources = (transform: Transform): readonly string[] =>
  SOURCES[partsOf(transform).kind] ?? [];

export const canTransform = (transform: Transform, source: PrimitiveType): boolean =>
  allowedSources(transform).includes(
    decimalOf(source) !== undefined ? 'decimal' : fixedLength(source) !== undefined ? 'fixed' : source,
  );

/**
 * The type of the transformed values. A day is a `date`, as in Iceberg's Java and Python libraries. It is stored like the
 * specification's `int` of days.
 */
export const resultType = (transform: Transform, source: PrimitiveType): PrimitiveType => {
  const { kind } = partsOf(transform);
  if (kind === 'bucket' || kind === 'year' || kind === 'month') return 'int';
  return kind === 'day' ? 'date' : source;
};

const SUFFIX: Record<string, string> = {
  identity: '',
  bucket: '_bucket',
  truncate: '_trunc',
  year: '_year',
  month: '_month',
  day: '_day',
  void: '_null',
};

/**
 * The name of a partition field, as Iceberg's Java library forms it: `ts_day`, `id_bucket_16`, `name_trunc_4`. Partitions
 * are compared by these names. The number is part of the name because bucket 3 of 8 is not bucket 3 of 16.
 */
export const fieldName = (column: string, transform: Transform): string => {
  const { kind, number } = partsOf(transform);
  return `${column}${SUFFIX[kind] ?? ''}${number === 0 ? '' : `_${number}`}`;
};
