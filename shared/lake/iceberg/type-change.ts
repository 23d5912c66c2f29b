import { childrenOf, decimalOf, findField, isNested } from './schema.ts';
import type { Field, Schema, Type, UnassignedType } from './types.ts';

/** How the types of a table's fields become wanted ones (specification, "Schema Evolution"). */

/** What stands in the way of a change: the path of the field, and the types there. */
export interface Obstacle {
  path: string[];
  has: string;
  wanted: string;
}

/** Gives out field ids, from the one after the table's last. */
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
export const assigned = (type: UnassignedType, ids: FieldIds): Type => {
  if (typeof type === 'string') return type;
  if (type.type === 'list')
    return {
      type: 'list',
      'element-id': ids.next(),
      'element-required': false,
      element: assigned(type.element, ids),
    };
  if (type.type === 'map')
    return {
      type: 'map',
      'key-id': ids.next(),
      key: assigned(type.key, ids),
      'value-id': ids.next(),
      'value-required': false,
      value: assigned(type.value, ids),
    };
  return { type: 'struct', fields: type.fields.map((field) => newField(field, ids)) };
};

const newField = ({ name, type }: { name: string; type: UnassignedType }, ids: FieldIds): Field => ({
  id: ids.next(),
  name,
  required: false,
  type: assigned(type, ids),
});

export interface Change {
  ids: FieldIds;
  /** What cannot change is added here. */
  obstacles: Obstacle[];
  /** Earlier schemas of the table, oldest first. */
  history: readonly Schema[];
}

/**
 * The type of the table's field as far as it can become the wanted one: nested fields keep their ids, new ones inside
 * structs get some. What cannot change stays.
 */
export const changed = (
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
    // DuckDB reads no struct of a file that shares no field with the wanted one.
    if (!former.every((fields) => wanted.fields.some(({ name }) => named(fields, name) !== undefined)))
      return refuse();
    return {
      type: 'struct',
      fields: wanted.fields.map((next) => {
        const known = latest(former, next.name);
        if (known === undefined) return newField(next, change.ids);
        const type = changed(known, next.type, change, [...path, next.name]);
        return { ...known, name: next.name, required: false, type };
      }),
    };
  }
  const [first, second] = childrenOf(has);
  if (has.type === 'list' && wanted.type === 'list' && first !== undefined) {
    const element = changed(first, wanted.element, change, [...path, 'element']);
    return { ...has, 'element-required': false, element };
  }
  if (has.type === 'map' && wanted.type === 'map' && second !== undefined) {
    // Keys that changed might no longer be told apart, or be found: they stay as they are.
    if (shownType(has.key) !== shownType(wanted.key)) return refuse();
    const value = changed(second, wanted.value, change, [...path, 'value']);
    return { ...has, 'value-required': false, value };
  }
  return refuse();
};

/** DuckDB does not tell names apart by case. */
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
 * The field that a struct has under this name, or had last. DuckDB finds fields inside structs by name, so in old files
 * it finds one that was dropped since: it comes back under its old id, for other readers to find it too.
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

/** A type as messages show it, and as two types are compared whatever their ids. */
const shownType = (type: Type | UnassignedType): string => {
  if (typeof type === 'string') return type;
  if (type.type === 'list') return `list<${shownType(type.element)}>`;
  if (type.type === 'map') return `map<${shownType(type.key)}, ${shownType(type.value)}>`;
  return `struct<${type.fields.map((field) => `${field.name}: ${shownType(field.type)}`).join(', ')}>`;
};
