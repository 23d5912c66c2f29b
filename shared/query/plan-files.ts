import type { Db } from '../engine/with-duckdb.ts';
import { registerTransforms } from '../lake/iceberg/bucket.ts';
import { storedType } from '../lake/iceberg/duckdb-types.ts';
import { currentSchema } from '../lake/iceberg/metadata.ts';
import { transformSql } from '../lake/iceberg/partition-sql.ts';
import { decimalOf, isNested } from '../lake/iceberg/schema.ts';
import { resultType } from '../lake/iceberg/transforms.ts';
import type { Field, PartitionSpec, PrimitiveType } from '../lake/iceberg/types.ts';
import type { DataFile, TableColumn } from '../lake/table/data-file.ts';
import { partitionNames } from '../lake/table/partition-names.ts';
import type { Snapshot } from '../lake/table/read/snapshot.ts';
import type { Constant, Filter, Operator } from './filters.ts';

/** A filter on a column whose values order as those in the files do. */
interface Test extends Filter {
  field: Field & { type: PrimitiveType };
}

/** Least and greatest value as text; undefined where nobody knows. */
interface Range {
  lower: string | undefined;
  upper: string | undefined;
}

/** One thing that may hold rows: how its values range in each of the conditions. */
type Ranges = readonly Range[];

/**
 * The snapshot's files that may hold rows that fulfil all the filters: first the manifests by the ranges of their
 * partitions, then the files by their partition and by the bounds of their columns. DuckDB compares, as it will in the
 * query itself, so that both agree on what `'2024-01-02' < day` means. What it cannot compare leaves out nothing.
 *
 * @param columns as the view shows them; filters on others are passed over
 */
export const planFiles = async (
  db: Db,
  snapshot: Snapshot,
  columns: readonly TableColumn[],
  filters: readonly Filter[],
): Promise<DataFile[]> => {
  const tests = filters.flatMap((filter) => testOf(filter, columns));
  if (tests.length === 0) return await snapshot.files();
  const { metadata } = snapshot;
  registerTransforms(db);
  const schema = currentSchema(metadata);
  const manifests = (await snapshot.manifests()).map(({ file }) => file);
  const readable = new Set(manifests);
  for (const spec of metadata['partition-specs']) {
    const own = manifests.filter(({ specId }) => specId === spec['spec-id']);
    const inSpec = partitionTests(spec, tests);
    const ranges = own.map(({ partitions }) =>
      inSpec.map(({ at, test }) => {
        const summary = partitions[at];
        // NaN lies outside of the bounds.
        return summary === undefined || (isFloat(test.field.type) && summary.containsNan !== false)
          ? UNKNOWN
          : { lower: summary.lower, upper: summary.upper };
      }),
    );
    for (const dropped of await outside(
      db,
      inSpec.map(({ sql }) => sql),
      ranges,
    ))
      readable.delete(own[dropped] as (typeof own)[number]);
  }
  const files = await snapshot.files(undefined, (manifest) => readable.has(manifest));
  const kept = new Set(files.filter((file) => !tests.some(({ field }) => isAllNull(file, field))));
  for (const spec of metadata['partition-specs']) {
    const own = [...kept].filter(({ specId }) => specId === spec['spec-id']);
    const names = partitionNames(spec, schema);
    const inSpec = partitionTests(spec, tests);
    const ranges = own.map((file) => [
      ...inSpec.map(({ at }) => exactly(file.partition[names[at] ?? ''])),
      ...tests.map(({ field }) => boundsOf(file, field)),
    ]);
    const conditions = [...inSpec.map(({ sql }) => sql), ...tests.map(columnCondition)];
    for (const dropped of await outside(db, conditions, ranges)) kept.delete(own[dropped] as DataFile);
  }
  return files.filter((file) => kept.has(file));
};

const UNKNOWN: Range = { lower: undefined, upper: undefined };

const exactly = (value: string | null | undefined): Range =>
  value === null || value === undefined || value === 'nan' ? UNKNOWN : { lower: value, upper: value };

const isFloat = (type: PrimitiveType): boolean => type === 'float' || type === 'double';

const INTEGERS = /^(?:U?(?:TINY|SMALL|BIG)INT|U?INTEGER)$/;

/** Constants that DuckDB compares with a column of the type without changing the order of the column's values. */
const comparable = (type: PrimitiveType): readonly Constant['kind'][] => {
  if (type === 'int' || type === 'long' || isFloat(type) || decimalOf(type) !== undefined)
    return ['integer', 'decimal'];
  if (type === 'string') return ['text'];
  if (type === 'boolean') return ['boolean'];
  if (type === 'date' || type === 'timestamp') return ['text', 'date', 'timestamp'];
  return type === 'timestamptz' ? ['text', 'timestamptz'] : [];
};

const testOf = (filter: Filter, columns: readonly TableColumn[]): Test[] => {
  const column = columns.find(({ name }) => name.toLowerCase() === filter.column.toLowerCase());
  const field = column?.field;
  if (column === undefined || field === undefined || isNested(field.type)) return [];
  const { type } = field;
  const stored = storedType(type);
  const isAsStored = column.type === stored || (INTEGERS.test(column.type) && INTEGERS.test(stored));
  const kinds = comparable(type);
  return isAsStored && filter.values.every(({ kind }) => kinds.includes(kind))
    ? [{ ...filter, field: { ...field, type } }]
    : [];
};

/** A condition on the values of a range that lies in the `lower` and `upper` of a row. */
type Condition = (lower: string, upper: string) => string;

const anyOf = (values: readonly string[], one: (value: string) => string): string =>
  `(${values.map(one).join(' OR ')})`;

const reaches = (op: Operator, lower: string, upper: string, value: string): string => {
  if (op === '=') return `(${lower} <= ${value} AND ${value} <= ${upper})`;
  return op.startsWith('<') ? `${lower} ${op} ${value}` : `${upper} ${op} ${value}`;
};

const columnCondition =
  ({ field, op, values }: Test): Condition =>
  (lower, upper) => {
    const cast = (text: string): string => `CAST(${text} AS ${storedType(field.type)})`;
    return anyOf(
      values.map(({ sql }) => sql),
      (value) => reaches(op, cast(lower), cast(upper), value),
    );
  };

/**
 * Tests of a spec's fields. A transform, like a cast of the constant to the column's type, keeps the order but may
 * make two values one: so what was less becomes less or equal. Buckets have no order, and doubles between two integers
 * no partition.
 */
const partitionTests = (
  spec: PartitionSpec,
  tests: readonly Test[],
): { at: number; test: Test; sql: Condition }[] =>
  spec.fields.flatMap(({ 'source-id': source, transform }, at) =>
    tests.flatMap((test) => {
      const { field, op, values } = test;
      const isOrdered = !transform.startsWith('bucket');
      if (field.id !== source || transform === 'void' || !(isOrdered || op === '=')) return [];
      const type = storedType(resultType(transform, field.type));
      const constants = values.map(({ sql }) => `CAST(${sql} AS ${storedType(field.type)})`);
      const loose = op === '=' ? op : op.startsWith('<') ? '<=' : '>=';
      const sql: Condition = (lower, upper) =>
        anyOf(constants, (value) =>
          reaches(
            loose,
            `CAST(${lower} AS ${type})`,
            `CAST(${upper} AS ${type})`,
            transformSql(transform, value, field.type),
          ),
        );
      return [{ at, test, sql }];
    }),
  );

/** Of a column of floats without NaN; of others whatever is known. */
const boundsOf = (file: DataFile, { id, type }: Test['field']): Range => {
  const found = file.columns[id];
  if (found === undefined || (isFloat(type) && found.nans !== 0)) return UNKNOWN;
  return { lower: found.lower, upper: found.upper };
};

const isAllNull = (file: DataFile, { id }: Field): boolean => (file.columns[id]?.nulls ?? 0) >= file.rows;

/** Which of the things lie outside of at least one condition for sure, by their place. */
const outside = async (
  db: Db,
  conditions: readonly Condition[],
  things: readonly Ranges[],
): Promise<number[]> => {
  if (conditions.length === 0 || things.length === 0) return [];
  const rows = things.map((ranges, i) => [
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
    return found.map(({ i }) => i);
  } catch {
    // A constant that is no value of the column's type, as `day > 'soon'`: the query itself will say so.
    return [];
  }
};
