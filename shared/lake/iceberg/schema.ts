import type { Field, ListType, MapType, PrimitiveType, Schema, StructType, Type } from './types.ts';

/** Whether a type contains other types. */
export const isNested = (type: Type): type is StructType | ListType | MapType => typeof type !== 'string';

/** Precision and scale of a decimal type; undefined for any other. */
export const decimalOf = (type: Type): { precision: number; scale: number } | undefined => {
  const found = typeof type === 'string' ? /^decimal\((\d+), ?(\d+)\)$/.exec(type) : null;
  return found === null ? undefined : { precision: Number(found[1]), scale: Number(found[2]) };
};

/** Bytes of a fixed type; undefined for any other. */
export const fixedLength = (type: Type): number | undefined => {
  const found = typeof type === 'string' ? /^fixed\[(\d+)\]$/.exec(type) : null;
  return found === null ? undefined : Number(found[1]);
};

/**
 * The types directly inside a type, as fields. A list's is called `element`, a map's are called `key` and `value`, as in
 * Parquet and in the specification.
 */
export const childrenOf = (type: Type): Field[] => {
  if (!isNested(type)) return [];
  if (type.type === 'struct') return type.fields;
  if (type.type === 'list') {
    const { 'element-id': id, 'element-required': required, element } = type;
    return [{ id, name: 'element', required, type: element }];
  }
  return [
    { id: type['key-id'], name: 'key', required: true, type: type.key },
    { id: type['value-id'], name: 'value', required: type['value-required'], type: type.value },
  ];
};

export interface Leaf {
  field: Field & { type: PrimitiveType };
  /** Names from the schema's field down to this one. */
  path: string[];
  /** Whether the field is inside a list or map, so that a row has any number of its values. */
  repeated: boolean;
}

/** The fields that hold values, in the order of the columns of a Parquet file. */
export const leavesOf = (fields: readonly Field[]): Leaf[] => {
  const within = (field: Field, above: readonly string[], repeated: boolean): Leaf[] => {
    const { type } = field;
    const path = [...above, field.name];
    if (!isNested(type)) return [{ field: { ...field, type }, path, repeated }];
    const many = repeated || type.type !== 'struct';
    return childrenOf(type).flatMap((child) => within(child, path, many));
  };
  return fields.flatMap((field) => within(field, [], false));
};

const search = (fields: readonly Field[], id: number): Field | undefined => {
  for (const field of fields) {
    const found = field.id === id ? field : search(childrenOf(field.type), id);
    if (found !== undefined) return found;
  }
  return undefined;
};

/** The field with this id, at any depth. */
export const findField = (schema: Schema, id: number): Field | undefined => search(schema.fields, id);

/** The highest id of the fields, at any depth; 0 without fields. */
export const highestId = (fields: readonly Field[]): number =>
  fields.reduce((most, field) => Math.max(most, field.id, highestId(childrenOf(field.type))), 0);

const sameType = (a: Type, b: Type): boolean => {
  if (!isNested(a) || !isNested(b)) return a === b;
  return a.type === b.type && sameFields(childrenOf(a), childrenOf(b));
};

const sameFields = (a: readonly Field[], b: readonly Field[]): boolean =>
  a.length === b.length &&
  a.every((field, at) => {
    const other = b[at];
    return (
      other !== undefined &&
      field.id === other.id &&
      field.name === other.name &&
      field.required === other.required &&
      field.doc === other.doc &&
      sameType(field.type, other.type)
    );
  });

/** Whether two schemas are equal, apart from their ids in the table. */
export const sameSchema = (a: Schema, b: Schema): boolean => {
  const [x, y] = [a, b].map((schema) => [...(schema['identifier-field-ids'] ?? [])].sort((m, n) => m - n));
  return String(x) === String(y) && sameFields(a.fields, b.fields);
};
