import {
  findField,
  highestId,
  isNested,
  leavesOf,
  sameSchema,
} from '../../../../shared/lake/iceberg/schema.ts';
import type { Field, Schema } from '../../../../shared/lake/iceberg/types.ts';

const field = (id: number, name: string, type: Field['type'], required = false): Field => ({
  id,
  name,
  required,
  type,
});

const schema: Schema = {
  type: 'struct',
  'schema-id': 3,
  'identifier-field-ids': [1, 2],
  fields: [
    field(1, 'id', 'long', true),
    field(2, 'key', 'string', true),
    field(3, 's', { type: 'struct', fields: [field(4, 'x', 'int'), field(5, 'd', 'date')] }),
    field(6, 'l', {
      type: 'list',
      'element-id': 7,
      'element-required': true,
      element: { type: 'struct', fields: [field(8, 'y', 'int')] },
    }),
    field(9, 'm', {
      type: 'map',
      'key-id': 10,
      key: 'string',
      'value-id': 11,
      'value-required': false,
      value: 'double',
    }),
  ],
};

test.each([
  [1, 'id'],
  [5, 'd'],
  [7, 'element'],
  [8, 'y'],
  [10, 'key'],
  [11, 'value'],
  [12, undefined],
])('field %i is found: %s', (id, name) => {
  expect(findField(schema, id)?.name).toBe(name);
});

test('leaves are in the order of a file’s columns, and tell whether they repeat', () => {
  expect(
    leavesOf(schema.fields).map(({ field: { id }, path, repeated }) => [id, path.join('.'), repeated]),
  ).toEqual([
    [1, 'id', false],
    [2, 'key', false],
    [4, 's.x', false],
    [5, 's.d', false],
    [8, 'l.element.y', true],
    [10, 'm.key', true],
    [11, 'm.value', true],
  ]);
});

test('the highest id may be a nested field’s', () => {
  expect([highestId(schema.fields), highestId([])]).toEqual([11, 0]);
});

test('lists, maps and structs are nested', () => {
  expect(schema.fields.map(({ type }) => isNested(type))).toEqual([false, false, true, true, true]);
});

describe('schemas are the same', () => {
  const changed = (change: (copy: Schema) => void): Schema => {
    const copy = structuredClone(schema);
    change(copy);
    return copy;
  };
  const first = (copy: Schema): Field => copy.fields[0] as Field;

  test.each<[string, (copy: Schema) => void]>([
    ['with another number', (copy) => Object.assign(copy, { 'schema-id': 4 })],
    ['with identifiers in another order', (copy) => copy['identifier-field-ids']?.reverse()],
  ])('%s', (_, change) => {
    expect(sameSchema(schema, changed(change))).toBe(true);
  });

  test.each<[string, (copy: Schema) => void]>([
    ['with another name', (copy) => Object.assign(first(copy), { name: 'other' })],
    ['with another id', (copy) => Object.assign(first(copy), { id: 99 })],
    ['with another type', (copy) => Object.assign(first(copy), { type: 'int' })],
    ['with another description', (copy) => Object.assign(first(copy), { doc: 'what it is' })],
    ['where a field became optional', (copy) => Object.assign(first(copy), { required: false })],
    ['in another order', (copy) => copy.fields.reverse()],
    ['with a field less', (copy) => copy.fields.pop()],
    ['with another nested type', (copy) => Object.assign(findField(copy, 3)?.type as object, { fields: [] })],
    ['without identifiers', (copy) => delete copy['identifier-field-ids']],
  ])('not %s', (_, change) => {
    expect(sameSchema(schema, changed(change))).toBe(false);
  });
});
