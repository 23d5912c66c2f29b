import type { UnassignedType } from './duckdb-types.ts';
import { decimalOf, isNested } from './schema.ts';
import type { Field, Type } from './types.ts';

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

/**
 * The table's type as far as it can become the wanted one: fields keep their ids, new ones inside structs get some.
 * What cannot change is added to the obstacles, and stays.
 */
export const changed = (
  has: Type,
  wanted: UnassignedType,
  ids: FieldIds,
  path: readonly string[],
  obstacles: Obstacle[],
): Type => {
  const refuse = (): Type => {
    obstacles.push({ path: [...path], has: shownType(has), wanted: shownType(wanted) });
    return has;
  };
  if (!isNested(has) || typeof wanted === 'string')
    return typeof wanted === 'string' && (has === wanted || widens(has, wanted)) ? wanted : refuse();
  if (has.type === 'struct' && wanted.type === 'struct')
    return {
      type: 'struct',
      fields: wanted.fields.map((field) => {
        const known = has.fields.find(({ name }) => name === field.name);
        if (known === undefined) return newField(field, ids);
        const type = changed(known.type, field.type, ids, [...path, field.name], obstacles);
        return { ...known, required: false, type };
      }),
    };
  if (has.type === 'list' && wanted.type === 'list') {
    const element = changed(has.element, wanted.element, ids, [...path, 'element'], obstacles);
    return { ...has, 'element-required': false, element };
  }
  if (has.type === 'map' && wanted.type === 'map') {
    // Keys that changed might no longer be told apart, or be found: they stay as they are.
    if (shownType(has.key) !== shownType(wanted.key)) return refuse();
    const value = changed(has.value, wanted.value, ids, [...path, 'value'], obstacles);
    return { ...has, 'value-required': false, value };
  }
  return refuse();
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
