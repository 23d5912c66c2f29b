import { avroPartitionType } from './partition-value.ts';
import type { PartitionField, PrimitiveType } from './types.ts';

/**
 * Avro schemas of manifests and manifest lists (Iceberg specification, "Manifests" and "Manifest Lists"; "Appendix A" for
 * optional fields, lists and maps). The numbers are the specification's field ids.
 */

const required = (id: number, name: string, type: unknown) => ({ name, type, 'field-id': id });
const optional = (id: number, name: string, type: unknown) => ({
  name,
  type: ['null', type],
  default: null,
  'field-id': id,
});
const list = (elementId: number, items: unknown) => ({ type: 'array', items, 'element-id': elementId });
/** A map as a list of key-value records, since the keys of Avro's maps can only be text. */
const byColumn = (keyId: number, valueId: number, value: string) => ({
  type: 'array',
  logicalType: 'map',
  items: {
    type: 'record',
    name: `k${keyId}_v${valueId}`,
    fields: [required(keyId, 'key', 'int'), required(valueId, 'value', value)],
  },
});

const MAP_FIELDS = [
  optional(108, 'column_sizes', byColumn(117, 118, 'long')),
  optional(109, 'value_counts', byColumn(119, 120, 'long')),
  optional(110, 'null_value_counts', byColumn(121, 122, 'long')),
  optional(137, 'nan_value_counts', byColumn(138, 139, 'long')),
  optional(125, 'lower_bounds', byColumn(126, 127, 'bytes')),
  optional(128, 'upper_bounds', byColumn(129, 130, 'bytes')),
];

/** The schema of a manifest's entries, for a partition spec and the types of its fields' values. */
export const entrySchema = (fields: readonly PartitionField[], types: readonly PrimitiveType[]) => ({
  type: 'record',
  name: 'manifest_entry',
  fields: [
    required(0, 'status', 'int'),
    optional(1, 'snapshot_id', 'long'),
    optional(3, 'sequence_number', 'long'),
    optional(4, 'file_sequence_number', 'long'),
    required(2, 'data_file', {
      type: 'record',
      name: 'r2',
      fields: [
        required(134, 'content', 'int'),
        required(100, 'file_path', 'string'),
        required(101, 'file_format', 'string'),
        required(102, 'partition', { type: 'record', name: 'r102', fields: partitionSchema(fields, types) }),
        required(103, 'record_count', 'long'),
        required(104, 'file_size_in_bytes', 'long'),
        ...MAP_FIELDS,
        optional(131, 'key_metadata', 'bytes'),
        optional(132, 'split_offsets', list(133, 'long')),
        optional(135, 'equality_ids', list(136, 'int')),
        optional(140, 'sort_order_id', 'int'),
        optional(143, 'referenced_data_file', 'string'),
      ],
    }),
  ],
});

const partitionSchema = (fields: readonly PartitionField[], types: readonly PrimitiveType[]) => {
  const names = avroNames(fields);
  const defined = new Set<string>();
  return fields.map((field, at) => {
    const id = field['field-id'];
    const type = avroPartitionType(types[at] as PrimitiveType);
    const column = optional(id, names[at] as string, uniquelyNamed(type, id, defined));
    // The reference implementation records a name that Avro does not allow in this attribute.
    return column.name === field.name ? column : { ...column, 'iceberg-field-name': field.name };
  });
};

/**
 * Avro wants a second use of a named type to refer to the first, which not every reader supports. So the second use gets a
 * definition under its own name.
 */
const uniquelyNamed = (type: object | string, id: number, defined: Set<string>): object | string => {
  if (typeof type === 'string' || !('name' in type)) return type;
  const name = defined.has(String(type.name)) ? `${type.name}_${id}` : String(type.name);
  defined.add(name);
  return { ...type, name };
};

/**
 * The names under which partition fields are written. Avro allows letters, digits and underscores only. Readers use the
 * field's id, so any names will do if no two are equal.
 */
export const avroNames = (fields: readonly PartitionField[]): string[] => {
  const taken = new Set(['__proto__']);
  return fields.map((field) => {
    const safe = field.name
      .replace(/[^A-Za-z0-9_]/g, (char) => `_x${char.charCodeAt(0).toString(16).toUpperCase()}`)
      .replace(/^(?=\d|$)/, '_');
    const name = taken.has(safe) ? `${safe}_${field['field-id']}` : safe;
    taken.add(name);
    return name;
  });
};

export const MANIFEST_FILE_SCHEMA = {
  type: 'record',
  name: 'manifest_file',
  fields: [
    required(500, 'manifest_path', 'string'),
    required(501, 'manifest_length', 'long'),
    required(502, 'partition_spec_id', 'int'),
    required(517, 'content', 'int'),
    required(515, 'sequence_number', 'long'),
    required(516, 'min_sequence_number', 'long'),
    required(503, 'added_snapshot_id', 'long'),
    required(504, 'added_files_count', 'int'),
    required(505, 'existing_files_count', 'int'),
    required(506, 'deleted_files_count', 'int'),
    required(512, 'added_rows_count', 'long'),
    required(513, 'existing_rows_count', 'long'),
    required(514, 'deleted_rows_count', 'long'),
    optional(
      507,
      'partitions',
      list(508, {
        type: 'record',
        name: 'r508',
        fields: [
          required(509, 'contains_null', 'boolean'),
          optional(518, 'contains_nan', 'boolean'),
          optional(510, 'lower_bound', 'bytes'),
          optional(511, 'upper_bound', 'bytes'),
        ],
      }),
    ),
    optional(519, 'key_metadata', 'bytes'),
  ],
};

const namesIn = (schema: unknown): [number, string][] => {
  if (typeof schema !== 'object' || schema === null) return [];
  const inner = Object.values(schema).flatMap(namesIn);
  if (!('field-id' in schema) || !('name' in schema)) return inner;
  return [[Number(schema['field-id']), String(schema.name)], ...inner];
};

const NAMES = new Map(namesIn([entrySchema([], []), MANIFEST_FILE_SCHEMA]));

/** The name of a field in the schemas above, by its id; `p<id>` for a partition field. A file may use other names. */
export const nameOf = (id: number): string | undefined =>
  NAMES.get(id) ?? (id >= 1000 ? `p${id}` : undefined);
