import { childrenOf, decimalOf, findField, isNested } from './schema.ts';
import type { Field, Schema, Type, UnassignedType } from './types.ts';

/** Changes of the types of a table's fields (specification, "Schema Evolution"). */

/** A field whose type cannot change as wanted: its path and both types. */
export interface Obstacle {
  path: string[];
  has: string;
  wanted: string;
}

/** Assigns field ids, beginning after the table's last one. */
export class FieldIds {
  last: number;
  constructor(last: number) {
    this.last = last;
  }
  next(): number {
    this.last += 1;
    return this.last;
  }
}

/** The type with new ids for all its fields. */
export const assignIds = (type: UnassignedType, ids: FieldIds): Type => {
  if (typeof type === 'string') return type;
  if (type.type === 'list')
    return {
      type: 'list',
      'element-id': ids.next(),
      'element-required': false,
      element: assignIds(type.element, ids),
    };
  if (type.type === 'map')
    return {
      type: 'map',
      'key-id': ids.next(),
      key: assignIds(type.key, ids),
      'value-id': ids.next(),
      'value-required': false,
      value: assignIds(type.value, ids),
    };
  return { type: 'struct', fields: type.fields.map((field) => newField(field, ids)) };
};

const newField = ({ name, type }: { name: string; type: UnassignedType }, ids: FieldIds): Field => ({
  id: ids.next(),
  name,
  required: false,
  type: assignIds(type, ids),
});

export interface Change {
  ids: FieldIds;
  /** Fields that cannot change are added here. */
  obstacles: Obstacle[];
  /** Earlier schemas of the table, the oldest first. */
  history: readonly Schema[];
}

/**
 * Changes the type of a table's field to the wanted one. Nested fields keep their ids, and new fields inside structs get
 * new ids. A type that cannot change stays, and is reported as an obstacle.
 */
export const changeType = (
  field: Pick<Field, 'id' | 'type'>,
  wanted: UnassignedType,
  change: Change,
  path: readonly string[],
): Type => {
  const has = field.type;
  const refuse = (): Type => {
    change.obstacles.push({ path: [...path], has: shownType(has), wanted: shownType(wanted) });
    return has;
  };
  if (!isNested(has) || typeof wanted === 'string')
    return typeof wanted === 'string' && (has === wanted || widens(has, wanted)) ? wanted : refuse();
  if (has.type === 'struct' && wanted.type === 'struct') {
    const former = [...formerFields(field.id, change.history), has.fields];
    // DuckDB cannot read a struct from a file in which it shares no field with the wanted one.
    if (!former.every((fields) => wanted.fields.some(({ name }) => named(fields, name) !== undefined)))
      return refuse();
    return {
      type: 'struct',
      fields: wanted.fields.map((next) => {
        const known = latest(former, next.name);
        if (known === undefined) return newField(next, change.ids);
        const type = changeType(known, next.type, change, [...path, next.name]);
        return { ...known, name: next.name, required: false, type };
      }),
    };
  }
  const [first, second] = childrenOf(has);
  if (has.type === 'list' && wanted.type === 'list' && first !== undefined) {
    const element = changeType(first, wanted.element, change, [...path, 'element']);
    return { ...has, 'element-required': false, element };
  }
  if (has.type === 'map' && wanted.type === 'map' && second !== undefined) {
    // After a change two keys might be equal, or lookups might fail, so keys cannot change.
    if (shownType(has.key) !== shownType(wanted.key)) return refuse();
    const value = changeType(second, wanted.value, change, [...path, 'value']);
    return { ...has, 'value-required': false, value };
  }
  return refuse();
};

/** The field with this name. DuckDB ignores case in names. */
const named = (fields: readonly Field[], name: string): Field | undefined =>
  fields.find((field) => field.name === name) ??
  fields.find((field) => field.name.toLowerCase() === name.toLowerCase());

/** The fields that a struct had in each of the schemas that it was part of. */
const formerFields = (struct: number, history: readonly Schema[]): Field[][] =>
  history.flatMap((schema) => {
    const type = findField(schema, struct)?.type;
    return type !== undefined && isNested(type) && type.type === 'struct' ? [type.fields] : [];
  });

/**
 * The field that a struct has with this name, or had last. DuckDB finds fields inside structs by name, so it finds a dropped
 * field in old files. The field therefore returns with its former id, so that other readers find it too.
 */
const latest = (former: readonly Field[][], name: string): Field | undefined => {
  for (const fields of former.toReversed()) {
    const found = named(fields, name);
    if (found !== undefined) return found;
  }
  return undefined;
};

const widens = (has: Type, wanted: UnassignedType): boolean => {
  if (has === 'int') return wanted === 'long';
  if (has === 'float') return wanted === 'double';
  const [from, to] = [decimalOf(has), typeof wanted === 'string' ? decimalOf(wanted) : undefined];
  return from !== undefined && to !== undefined && from.scale === to.scale && from.precision < to.precision;
};

/** A type as messages show it. Two types are equal apart from their ids if this is equal. */
const shownType = (type: Type | UnassignedType): string => {
  if (typeof type === 'string') return type;
  if (type.type === 'list') return `list<${shownType(type.element)}>`;
  if (type.type === 'map') return `map<${shownType(type.key)}, ${shownType(type.value)}>`;
  return `struct<${type.fields.map((field) => `${field.name}: ${shownType(field.type)}`).join(', ')}>`;
};
