import { ContractInvalid, SchemaIncompatible } from '../../../errors.ts';
import { type Evolved, evolveSchema, UnsupportedTypes, type WantedColumn } from '../../iceberg/evolve.ts';
import { currentSchema } from '../../iceberg/metadata.ts';
import { findField } from '../../iceberg/schema.ts';
import type { Field, PartitionSpec, Schema } from '../../iceberg/types.ts';
import type { TableColumn, ViewColumn } from '../data-file.ts';
import type { PartitionBy, PartitionColumn, TableSchema } from '../draft.ts';
import { isKnown } from '../partition-names.ts';
import type { Snapshot } from '../read/snapshot.ts';

export type { WantedColumn } from '../../iceberg/evolve.ts';

export interface SchemaOptions {
  /** The table, for messages. */
  where: string;
  /** Names of the columns of the primary key. */
  identifier: readonly string[];
  /** No file of the base stays: a column may change to any type, but cannot take the name of a partition field. */
  replace?: boolean;
}

/**
 * The table's next schema: the wanted columns, each with the field id that it has had from the beginning. A column that
 * an earlier contract dropped gets its field back, and so its values: two deployments may run side by side, and one of
 * them may not know the column yet.
 *
 * @throws ContractInvalid when Iceberg has no type for a column
 * @throws SchemaIncompatible when a column cannot get its type, or a column that partitions files would be dropped
 */
export const nextSchema = (
  base: Snapshot | undefined,
  wanted: readonly WantedColumn[],
  options: SchemaOptions,
): TableSchema => {
  const lastColumnId = base?.metadata['last-column-id'] ?? 0;
  const { current, retired } = base?.columnIds ?? { current: {}, retired: {} };
  // A snapshot may be older than the newest schema.
  const fields = base === undefined ? [] : currentSchema(base.metadata).fields;
  const returning = wanted.filter(
    (column) => !Object.hasOwn(current, column.identity) && fits(ownValue(retired, column.identity), column),
  );
  const before = {
    schema: {
      type: 'struct',
      'schema-id': 0,
      // Files that were written while the column was dropped lack it.
      fields: [
        ...fields,
        ...returning
          .flatMap(({ identity }) => ownValue(retired, identity) ?? [])
          .map((field) => ({ ...field, required: false })),
      ],
    } satisfies Schema,
    columnIds: {
      ...current,
      ...Object.fromEntries(returning.map(({ identity }) => [identity, retired[identity]?.id ?? 0])),
    },
  };
  const next = evolved(base && before, wanted, {
    ...options,
    lastColumnId,
    ...(base && { history: base.metadata.schemas }),
  });
  if (base !== undefined && options.replace !== true) keepPartitionColumns(base, next.schema, options.where);
  if (base !== undefined) refuseSplitNames(base, next.schema, options.where);
  const dropped = Object.entries(current).flatMap(([identity, id]) => {
    const field = fields.find((each) => each.id === id);
    return next.columnIds[identity] === id || field === undefined ? [] : [[identity, field] as const];
  });
  const kept = Object.entries(retired).filter(([identity]) => !Object.hasOwn(next.columnIds, identity));
  return {
    schema: next.schema,
    lastColumnId: next.lastColumnId,
    columnIds: { current: next.columnIds, retired: Object.fromEntries([...kept, ...dropped]) },
  };
};

/**
 * `evolveSchema` for the columns of a contract or model.
 *
 * @throws ContractInvalid when Iceberg has no type for a column
 */
const evolved = (...evolution: Parameters<typeof evolveSchema>): Evolved => {
  try {
    return evolveSchema(...evolution);
  } catch (error) {
    if (error instanceof UnsupportedTypes) throw new ContractInvalid(error.message, { cause: error });
    throw error;
  }
};

/** Columns that older files are partitioned by must stay: readers need their types to read the partition values. */
const keepPartitionColumns = ({ metadata }: Snapshot, next: Schema, where: string): void => {
  const sources = new Set(
    metadata['partition-specs'].flatMap(({ fields }) => fields.map((field) => field['source-id'])),
  );
  const dropped = currentSchema(metadata).fields.filter(
    ({ id }) => sources.has(id) && findField(next, id) === undefined,
  );
  if (dropped.length > 0)
    throw new SchemaIncompatible(
      `${where}: column ${dropped.map(({ name }) => `"${name}"`).join(', ')} cannot be dropped: the table's files are, or were, ` +
        'partitioned by it. Keep it in the contract, optional and no longer partitioned if need be; or load the files into a new dataset.',
    );
};

/**
 * Iceberg's Java library cannot open a table in which a column has the name of a partition field of older files, unless
 * the field is the identity of that column (`PartitionSpec.Builder`; apache/iceberg#11762). A column that already has
 * such a name keeps it: refusing it now would not fix the table.
 */
const refuseSplitNames = ({ metadata }: Snapshot, next: Schema, where: string): void => {
  const fields = metadata['partition-specs']
    .filter((spec) => isKnown(spec, next))
    .flatMap((spec) => spec.fields);
  const before = currentSchema(metadata).fields;
  const clash = next.fields.find(
    ({ id, name }) =>
      fields.some(
        (field) => field.name === name && (field.transform !== 'identity' || field['source-id'] !== id),
      ) && !before.some((field) => field.id === id && field.name === name),
  );
  if (clash !== undefined)
    throw new SchemaIncompatible(
      `${where}: a column cannot be called "${clash.name}": the table's files are, or were, partitioned by a field of ` +
        'that name, and other engines could not open the table. Give the column another name.',
    );
};

/** An own property only: a column may be called `constructor`. */
const ownValue = <V>(record: Readonly<Record<string, V>>, name: string): V | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined;

/** Whether a dropped field can return as this column. */
const fits = (retired: Field | undefined, column: WantedColumn): boolean => {
  if (retired === undefined) return false;
  const schema: Schema = { type: 'struct', 'schema-id': 0, fields: [retired] };
  try {
    evolved({ schema, columnIds: { [column.identity]: retired.id } }, [column], {
      where: '',
      lastColumnId: retired.id,
      identifier: [],
    });
    return true;
  } catch (error) {
    if (error instanceof SchemaIncompatible) return false;
    throw error;
  }
};

/** A table's columns as a view shows them, each with the field that holds it in this snapshot, if there is one. */
export const tableColumns = (
  snapshot: Snapshot | undefined,
  columns: readonly (ViewColumn & { identity: string })[],
): TableColumn[] => {
  const ids = snapshot?.columnIds.current ?? {};
  return columns.map(({ name, type, identity }) => {
    const id = ownValue(ids, identity);
    const field = snapshot === undefined || id === undefined ? undefined : findField(snapshot.schema, id);
    return { name, type, field };
  });
};

/** The partition columns with the field ids of the schema. */
export const partitionBy = (schema: Schema, columns: readonly PartitionColumn[]): PartitionBy[] =>
  columns.map(({ name, column, transform }) => {
    const field = schema.fields.find((each) => each.name === column);
    if (field === undefined) throw new RangeError(`no column ${column} to partition by`);
    return { 'source-id': field.id, transform, name };
  });

/** A partition spec for files that are written before the table has given the spec its id. */
export const specOf = (fields: readonly PartitionBy[]): PartitionSpec => ({
  'spec-id': 0,
  fields: fields.map((field, i) => ({ ...field, 'field-id': 1000 + i })),
});
