import { hiveType } from '../../../../shared/lake/catalog/hive-type.ts';
import type { Type } from '../../../../shared/lake/iceberg/types.ts';

const field = (id: number, name: string, type: Type) => ({ id, name, required: false, type });

test.each<[Type, string]>([
  ['boolean', 'boolean'],
  ['int', 'int'],
  ['long', 'bigint'],
  ['float', 'float'],
  ['double', 'double'],
  ['decimal(20, 0)', 'decimal(20,0)'],
  ['date', 'date'],
  ['time', 'string'],
  ['timestamp', 'timestamp'],
  ['timestamptz', 'timestamp'],
  ['string', 'string'],
  ['uuid', 'string'],
  ['binary', 'binary'],
  ['fixed[16]', 'binary'],
])('%s is shown as %s', (type, hive) => {
  expect(hiveType(type)).toBe(hive);
});

test('nested types are shown as they nest', () => {
  const struct: Type = {
    type: 'struct',
    fields: [field(1, 'id', 'long'), field(2, 'at:<when>', 'timestamptz')],
  };
  const list: Type = { type: 'list', 'element-id': 3, 'element-required': false, element: struct };
  const map: Type = {
    type: 'map',
    'key-id': 4,
    key: 'string',
    'value-id': 5,
    'value-required': false,
    value: list,
  };
  expect(hiveType(map)).toBe('map<string,array<struct<id:bigint,at__when_:timestamp>>>');
});
