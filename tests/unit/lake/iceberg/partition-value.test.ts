import { avroPartitionType, avroValue, textOfAvro } from '../../../../shared/lake/iceberg/partition-value.ts';
import type { PrimitiveType } from '../../../../shared/lake/iceberg/types.ts';

const UUID = 'f79c3e09-677c-4bbd-a479-3f349cb785e7';
const hex = (digits: string) => Buffer.from(digits, 'hex');

test.each<[PrimitiveType, string, unknown]>([
  ['boolean', 'false', false],
  ['int', '-5', -5],
  ['long', '9007199254740993', 9007199254740993n],
  ['long', '-5', -5],
  ['float', '0.1', 0.1],
  ['double', '-inf', Number.NEGATIVE_INFINITY],
  ['double', 'nan', Number.NaN],
  ['date', '1969-12-31', -1],
  ['date', 'infinity', 2147483647],
  ['time', '00:00:01.5', 1_500_000],
  ['timestamp', '1969-12-31 23:59:59.999999', -1],
  ['timestamptz', '2012-01-31 00:00:00+00', 1327968000000000],
  ['timestamptz', 'infinity', 9223372036854775807n],
  ['string', '', ''],
  ['uuid', UUID, hex(UUID.replaceAll('-', ''))],
  ['binary', 'a\\x00', hex('6100')],
  ['fixed[2]', 'a\\x00', hex('6100')],
  ['decimal(9, 2)', '-0.01', hex('ffffffff')],
  ['decimal(9, 2)', '14.20', hex('0000058c')],
  ['decimal(20, 0)', '18446744073709551615', hex('00ffffffffffffffff')],
])('%s %s in Avro, and back', (type, text, value) => {
  expect(avroValue(type, text)).toEqual(value);
  expect(textOfAvro(type, type === 'float' ? Math.fround(0.1) : value)).toBe(text);
});

test.each<PrimitiveType>(['int', 'string', 'decimal(9, 2)'])('%s may be NULL', (type) => {
  expect([avroValue(type, null), textOfAvro(type, null), textOfAvro(type, undefined)]).toEqual([
    null,
    null,
    null,
  ]);
});

test.each<[PrimitiveType, string]>([
  ['boolean', '1'],
  ['int', '1.5'],
  ['date', '2012'],
  ['uuid', 'x'],
  ['decimal(3, 2)', '10.00'],
])('a text that is no %s fails, and is not shown', (type, text) => {
  expect(() => avroValue(type, text)).toThrow(
    new RangeError(`A partition value is not a value of the type ${type}.`),
  );
});

// As PyIceberg 0.12 spells them.
test.each<[PrimitiveType, unknown]>([
  ['boolean', 'boolean'],
  ['int', 'int'],
  ['long', 'long'],
  ['float', 'float'],
  ['double', 'double'],
  ['string', 'string'],
  ['binary', 'bytes'],
  ['date', { type: 'int', logicalType: 'date' }],
  ['time', { type: 'long', logicalType: 'time-micros' }],
  ['timestamp', { type: 'long', logicalType: 'timestamp-micros', 'adjust-to-utc': false }],
  ['timestamptz', { type: 'long', logicalType: 'timestamp-micros', 'adjust-to-utc': true }],
  ['uuid', { type: 'fixed', size: 16, logicalType: 'uuid', name: 'uuid_fixed' }],
  ['fixed[5]', { type: 'fixed', size: 5, name: 'fixed_5' }],
  [
    'decimal(9, 2)',
    { type: 'fixed', size: 4, logicalType: 'decimal', precision: 9, scale: 2, name: 'decimal_9_2' },
  ],
  [
    'decimal(38, 10)',
    { type: 'fixed', size: 16, logicalType: 'decimal', precision: 38, scale: 10, name: 'decimal_38_10' },
  ],
  [
    'decimal(2, 0)',
    { type: 'fixed', size: 1, logicalType: 'decimal', precision: 2, scale: 0, name: 'decimal_2_0' },
  ],
  [
    'decimal(19, 0)',
    { type: 'fixed', size: 9, logicalType: 'decimal', precision: 19, scale: 0, name: 'decimal_19_0' },
  ],
])('the Avro type of %s', (type, avro) => {
  expect(avroPartitionType(type)).toEqual(avro);
});
