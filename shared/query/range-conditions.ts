import type { Db } from '../engine/with-duckdb.ts';
import { storedType } from '../lake/iceberg/duckdb-types.ts';
import { transformSql } from '../lake/iceberg/partition-sql.ts';
import { decimalOf, isNested } from '../lake/iceberg/schema.ts';
import { resultType } from '../lake/iceberg/transforms.ts';
import type { Field, PartitionSpec, PrimitiveType } from '../lake/iceberg/types.ts';
import type { TableColumn } from '../lake/table/data-file.ts';
import type { Constant, Filter, Operator } from './filters.ts';

/** A filter on a column whose bounds in the files can be compared with the filter's constants. */
export interface Comparison extends Filter {
  field: Field & { type: PrimitiveType };
}

/** Least and greatest value as text; undefined if unknown. */
export interface Range {
  lower: string | undefined;
  upper: string | undefined;
}

export const UNKNOWN: Range = { lower: undefined, upper: undefined };

/**
 * Makes SQL that is true if a value between `lower` and `upper` can fulfil a comparison.
 *
 * @param lower SQL of the range's lower bound as text
 * @param upper SQL of its upper bound as text
 */
export type RangeCondition = (lower: string, upper: string) => string;

/** The condition of a comparison on a field of a partition spec. */
export interface PartitionCondition {
  /** The field's position in the spec. */
  fieldIndex: number;
  comparison: Comparison;
  sql: RangeCondition;
}

export const isFloat = (type: PrimitiveType): boolean => type === 'float' || type === 'double';

/** The filters that can be compared with bounds; the others are omitted. */
export const comparisonsOf = (filters: readonly Filter[], columns: readonly TableColumn[]): Comparison[] =>
  filters.flatMap((filter) => {
    const column = columns.find(({ name }) => name.toLowerCase() === filter.column.toLowerCase());
    const field = column?.field;
    if (column === undefined || field === undefined || isNested(field.type)) return [];
    const { type } = field;
    const stored = storedType(type);
    const isAsStored = column.type === stored || (INTEGERS.test(column.type) && INTEGERS.test(stored));
    const kinds = comparableConstants(type);
    return isAsStored && filter.values.every(({ kind }) => kinds.includes(kind))
      ? [{ ...filter, field: { ...field, type } }]
      : [];
  });

const INTEGERS = /^(?:U?(?:TINY|SMALL|BIG)INT|U?INTEGER)$/;

/** The kinds of constants that DuckDB compares with a column of the type in the order of the column's values. */
const comparableConstants = (type: PrimitiveType): readonly Constant['kind'][] => {
  if (type === 'int' || type === 'long' || isFloat(type) || decimalOf(type) !== undefined)
    return ['integer', 'decimal'];
  if (type === 'string') return ['text'];
  if (type === 'boolean') return ['boolean'];
  if (type === 'date' || type === 'timestamp') return ['text', 'date', 'timestamp'];
  return type === 'timestamptz' ? ['text', 'timestamptz'] : [];
};

/** The condition on the bounds of a file's column. */
export const columnCondition =
  ({ field, op, values }: Comparison): RangeCondition =>
  (lower, upper) => {
    const cast = (text: string): string => `CAST(${text} AS ${storedType(field.type)})`;
    return anyOf(
      values.map(({ sql }) => sql),
      (value) => reaches(op, cast(lower), cast(upper), value),
    );
  };

/**
 * The conditions on the fields of a partition spec. A transform keeps the order of values, but may make two of them equal;
 * so does the cast of a constant to the column's type. Therefore `<` becomes `<=` and `>` becomes `>=`. Buckets have no
 * order, so only `=` applies to them.
 */
export const partitionConditions = (
  spec: PartitionSpec,
  comparisons: readonly Comparison[],
): PartitionCondition[] =>
  spec.fields.flatMap(({ 'source-id': source, transform }, fieldIndex) =>
    comparisons.flatMap((comparison) => {
      const { field, op, values } = comparison;
      const isOrdered = !transform.startsWith('bucket');
      if (field.id !== source || transform === 'void' || !(isOrdered || op === '=')) return [];
      const type = storedType(resultType(transform, field.type));
      const constants = values.map(({ sql }) => `CAST(${sql} AS ${storedType(field.type)})`);
      const loose = op === '=' ? op : op.startsWith('<') ? '<=' : '>=';
      const sql: RangeCondition = (lower, upper) =>
        anyOf(constants, (value) =>
          reaches(
            loose,
            `CAST(${lower} AS ${type})`,
            `CAST(${upper} AS ${type})`,
            transformSql(transform, value, field.type),
          ),
        );
      return [{ fieldIndex, comparison, sql }];
    }),
  );

const anyOf = (values: readonly string[], one: (value: string) => string): string =>
  `(${values.map(one).join(' OR ')})`;

const reaches = (op: Operator, lower: string, upper: string, value: string): string => {
  if (op === '=') return `(${lower} <= ${value} AND ${value} <= ${upper})`;
  return op.startsWith('<') ? `${lower} ${op} ${value}` : `${upper} ${op} ${value}`;
};

/**
 * The candidates (files or manifests) that certainly break at least one condition. An unknown bound is NULL, so that its
 * condition is neither true nor false and excludes nothing.
 *
 * @param candidates each with one range per condition, in the same order
 */
export const excludedBy = async <T>(
  db: Db,
  conditions: readonly RangeCondition[],
  candidates: readonly { of: T; ranges: readonly Range[] }[],
): Promise<T[]> => {
  if (conditions.length === 0 || candidates.length === 0) return [];
  const rows = candidates.map(({ ranges }, i) => [
    String(i),
    ...ranges.flatMap(({ lower, upper }) => [lower ?? null, upper ?? null]),
  ]);
  const sql = conditions.map((condition, i) => condition(`v[${2 * i + 2}]`, `v[${2 * i + 3}]`));
  try {
    const found = await db.all<{ i: number }>(
      `SELECT CAST(v[1] AS INTEGER) AS i
       FROM (SELECT unnest(from_json($1::VARCHAR, '[["VARCHAR"]]')) AS v)
       WHERE NOT (${sql.join(' AND ')})`,
      [JSON.stringify(rows)],
    );
    const excluded = new Set(found.map(({ i }) => i));
    return candidates.filter((_, i) => excluded.has(i)).map(({ of }) => of);
  } catch {
    // A constant is not a value of the column's type (`day > 'soon'`): the query itself will fail with that error.
    return [];
  }
};
