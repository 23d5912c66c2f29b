import { TableDamaged } from '../../errors.ts';
import { wholeNumber } from './avro-file.ts';
import { avroValue, textOfAvro } from './partition-value.ts';
import { findField } from './schema.ts';
import { decodeValue, encodeValue } from './single-value.ts';
import type { ColumnMetrics, ContentFile, PrimitiveType, Schema } from './types.ts';

/** `ContentFile` ↔ the Avro record `data_file` (Iceberg specification, "Manifests"). */

/** Statuses of an entry, in the order of their numbers in the file. */
export const STATUSES = ['existing', 'added', 'deleted'] as const;
export const ADDED = STATUSES[1];
/** Contents of a manifest, in the order of their numbers in the manifest list. */
export const CONTENTS = ['data', 'deletes'] as const;
const FILE_CONTENTS = ['data', 'position-deletes'] as const;

/** The columns of position delete files ("Position Delete Files"), which are in no table's schema. */
const POSITION_DELETE_TYPES = new Map<number, PrimitiveType>([
  [2147483546, 'string'],
  [2147483545, 'long'],
]);

interface Shape {
  schema: Schema;
  /** Type of each partition field's values. */
  types: readonly PrimitiveType[];
  /** Name of each partition field in the record. */
  names: readonly string[];
}

/**
 * A function that makes the records of one manifest.
 *
 * @throws TableDamaged when a partition value is not of its field's type
 */
export const toDataFile = ({ schema, types, names }: Shape): ((file: ContentFile) => object) => {
  const typeOf = boundTypes(schema);
  return (file) => dataFile(file, { types, names, typeOf });
};

const dataFile = (
  file: ContentFile,
  { types, names, typeOf }: Omit<Shape, 'schema'> & { typeOf: ReturnType<typeof boundTypes> },
): object => {
  const columns = Object.entries(file.columns)
    .map(([id, metrics]) => ({ id: Number(id), metrics }))
    .toSorted((a, b) => a.id - b.id);
  const map = (of: (metrics: ColumnMetrics, id: number) => number | Buffer | undefined) => {
    const pairs = columns.map(({ id, metrics }) => ({ key: id, value: of(metrics, id) }));
    // Without values an empty map and not null, since PyIceberg's `inspect.entries` fails on null.
    return pairs.filter((pair) => pair.value !== undefined);
  };
  const bound = (text: string | undefined, id: number) => {
    const type = typeOf(id);
    return text === undefined || type === undefined ? undefined : encodeValue(type, text);
  };
  return {
    content: FILE_CONTENTS.indexOf(file.content),
    file_path: file.path,
    // The specification says "parquet", but its reference implementation writes this, and all readers accept it.
    file_format: 'PARQUET',
    partition: Object.fromEntries(
      names.map((name, at) => [name, partitionValue(types[at] as PrimitiveType, file, at)]),
    ),
    record_count: file.rows,
    file_size_in_bytes: file.bytes,
    column_sizes: map(({ size }) => size),
    value_counts: map(({ values }) => values),
    null_value_counts: map(({ nulls }) => nulls),
    nan_value_counts: map(({ nans }) => nans),
    lower_bounds: map(({ lower }, id) => bound(lower, id)),
    upper_bounds: map(({ upper }, id) => bound(upper, id)),
    sort_order_id: file.content === 'data' ? 0 : null,
    referenced_data_file: file.referencedDataFile ?? null,
  };
};

const partitionValue = (type: PrimitiveType, file: ContentFile, at: number): unknown => {
  try {
    return avroValue(type, file.partition[at] ?? null);
  } catch (cause) {
    throw new TableDamaged(
      `Partition value ${at} of ${file.path} is not of the type ${type}. This is a defect of the writer: report it.`,
      { cause },
    );
  }
};

/** The types of columns by id, each looked up once; undefined for a nested column and for one that the schema lacks. */
const boundTypes = (schema: Schema): ((id: number) => PrimitiveType | undefined) => {
  const known = new Map<number, PrimitiveType | undefined>(POSITION_DELETE_TYPES);
  return (id) => {
    if (!known.has(id)) {
      const type = findField(schema, id)?.type;
      known.set(id, typeof type === 'string' ? type : undefined);
    }
    return known.get(id);
  };
};

/**
 * A function that reads the records of one manifest.
 *
 * @throws TableDamaged when a `ContentFile` cannot represent a record
 */
export const toContentFile = ({ schema, types, names, specId }: Shape & { specId: number }) => {
  const typeOf = boundTypes(schema);

  return (record: Record<string, unknown>): ContentFile => {
    const content = FILE_CONTENTS[wholeNumber(record.content, 'content')];
    if (content === undefined) throw new TableDamaged('equality deletes are not supported');
    if (String(record.file_format).toLowerCase() !== 'parquet') {
      throw new TableDamaged(`files of the format ${record.file_format} are not supported`);
    }
    if ((record.key_metadata ?? null) !== null) throw new TableDamaged('encrypted files are not supported');

    const columns: Record<number, ColumnMetrics> = {};
    const each = <T>(name: string, set: (metrics: ColumnMetrics, value: T, id: number) => void) => {
      for (const { key, value } of (record[name] ?? []) as { key: number; value: T }[]) {
        columns[key] ??= {};
        set(columns[key], value, key);
      }
    };
    const count = (name: string, of: 'size' | 'values' | 'nulls' | 'nans') =>
      each(name, (metrics, value) => {
        metrics[of] = wholeNumber(value, name);
      });
    const bound = (name: string, of: 'lower' | 'upper') =>
      each<Buffer>(name, (metrics, value, id) => {
        const type = typeOf(id);
        if (type !== undefined) metrics[of] = decodeValue(type, value);
      });
    count('column_sizes', 'size');
    count('value_counts', 'values');
    count('null_value_counts', 'nulls');
    count('nan_value_counts', 'nans');
    bound('lower_bounds', 'lower');
    bound('upper_bounds', 'upper');

    const partition = record.partition as Record<string, unknown>;
    const referenced = record.referenced_data_file as string | null | undefined;
    return {
      content,
      path: record.file_path as string,
      specId,
      partition: names.map((name, at) => textOfAvro(types[at] as PrimitiveType, partition[name])),
      rows: wholeNumber(record.record_count, 'record_count'),
      bytes: wholeNumber(record.file_size_in_bytes, 'file_size_in_bytes'),
      columns,
      ...(referenced && { referencedDataFile: referenced }),
    };
  };
};
