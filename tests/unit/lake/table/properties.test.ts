import { TableDamaged } from '../../../../shared/errors.ts';
import {
  type ColumnIds,
  columnIdProperties,
  columnIdsIn,
  touchedIn,
  touchedProperty,
} from '../../../../shared/lake/table/properties.ts';

const none: ColumnIds = { current: {}, retired: {} };

test('identities of columns are read back as they were written', () => {
  const ids: ColumnIds = {
    current: { id: 1, constructor: 2, 'with "quotes"': 3 },
    retired: {
      tostring: { id: 4, name: 'toString', required: false, type: 'string', doc: 'what it was' },
      nested: {
        id: 5,
        name: 'nested',
        required: false,
        type: { type: 'struct', fields: [{ id: 6, name: 'x', required: false, type: 'decimal(9, 2)' }] },
      },
    },
  };
  expect(columnIdsIn(columnIdProperties(ids))).toEqual(ids);
  expect(columnIdsIn(columnIdProperties(none))).toEqual(none);
});

test('a table of another writer has none', () => {
  expect(columnIdsIn({ 'write.format.default': 'parquet' })).toEqual(none);
});

test.each([
  ['duckstep.column-ids', '{"id":'],
  ['duckstep.column-ids', '{"id":"1"}'],
  ['duckstep.column-ids', '[]'],
  ['duckstep.retired-columns', '{"id":1}'],
])('a property %s of %s is an error', (name, text) => {
  expect(() => columnIdsIn({ [name]: text })).toThrow(TableDamaged);
  expect(() => columnIdsIn({ [name]: text })).toThrow(`property ${name} cannot be read`);
});

test('touched partitions come back as they were written', () => {
  for (const touched of [
    'all',
    [],
    [{}],
    [
      { day: null, 'a b': '"x"' },
      { day: '2024-01-01', 'a b': '' },
    ],
  ] as const)
    expect(touchedIn(touchedProperty(touched))).toEqual(touched);
});

test('more partitions than fit into a summary become all', () => {
  const days = (count: number) => Array.from({ length: count }, (_, i) => ({ day: String(1_000_000 + i) }));
  expect(touchedIn(touchedProperty(days(200)))).toEqual(days(200));
  expect(touchedIn(touchedProperty(days(300)))).toBe('all');
});

test('a summary without touched partitions means all; nonsense is an error', () => {
  expect(touchedIn({})).toBe('all');
  expect(() => touchedIn({ 'duckstep.touched': '[{"day":1}]' })).toThrow(TableDamaged);
  expect(() => touchedIn({ 'duckstep.touched': 'some' })).toThrow(TableDamaged);
});
