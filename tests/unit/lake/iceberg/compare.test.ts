import { compareValues } from '../../../../shared/lake/iceberg/compare.ts';
import type { PrimitiveType } from '../../../../shared/lake/iceberg/types.ts';

test.each<[PrimitiveType, ...string[]]>([
  ['int', '-2147483648', '-10', '-9', '0', '9', '10', '2147483647'],
  ['long', '-9223372036854775808', '-1', '9007199254740992', '9007199254740993', '9223372036854775807'],
  ['decimal(20, 0)', '9007199254740992', '9007199254740993', '18446744073709551615'],
  ['decimal(9, 2)', '-10.50', '-9.99', '0.00', '0.01', '9.99', '10.00'],
  ['double', '-Infinity', '-1e300', '-1.5', '0.0', '1e-5', '1.5', '1e300', 'Infinity'],
  ['float', '-1.5', '2.25', '10.0'],
  ['string', '', ' ', 'A', 'Z', 'a', 'ab', 'b', 'é', '\uFFFD', '😀'],
  ['boolean', 'false', 'true'],
  ['date', '0001-01-01', '1969-12-31', '2024-01-31', '2024-02-01', '9999-12-31'],
  [
    'timestamp',
    '2024-01-31 23:59:59',
    '2024-01-31 23:59:59.5',
    '2024-01-31 23:59:59.51',
    '2024-02-01 00:00:00',
  ],
  ['timestamptz', '2024-01-31 23:59:59+00', '2024-02-01 00:00:00+00', '2024-02-01 00:00:01+00'],
])('%s: each value comes before those that follow, and is equal to itself', (type, ...values) => {
  for (const [i, a] of values.entries())
    for (const [j, b] of values.entries())
      expect([a, b, Math.sign(compareValues(type, a, b))]).toEqual([a, b, Math.sign(i - j)]);
});

test.each<[PrimitiveType, string, string]>([
  ['date', '10000-01-01', '2024-01-01'],
  ['date', '0044-03-15 (BC)', '0001-01-01'],
  ['timestamp', '2024-01-01 00:00:00', '-infinity'],
  ['timestamptz', '2024-01-01 00:00:00+00', '2024-01-01 01:00:00+02'],
  ['uuid', '00000000-0000-0000-0000-000000000001', 'f0000000-0000-0000-0000-000000000001'],
  ['binary', '\\x01', 'a'],
  ['time', '10:00:00', '09:00:00'],
])('%s: the texts %s and %s show no order', (type, a, b) => {
  expect(compareValues(type, a, b)).toBe(0);
  expect(compareValues(type, b, a)).toBe(0);
});

test('a float is one value, whatever the digits of its text', () => {
  for (const [a, b] of [
    ['0.1', '0.10000000149011612'],
    ['3.4028235e+38', '3.4028234663852886e+38'],
  ] as const)
    expect([compareValues('float', a, b), compareValues('float', b, a)]).toEqual([0, 0]);
  expect(compareValues('double', '0.1', '0.10000000149011612')).toBe(-1);
});

test('rounding may make values equal, but never reverses their order', () => {
  const [a, b] = ['12345678901234567890.11', '12345678901234567890.12'];
  expect(compareValues('decimal(30, 2)', a, b)).toBe(0);
  expect(compareValues('decimal(30, 2)', a, '99999999999999999999.00')).toBe(-1);
});

test('a text that is not a number is neither before nor after one', () => {
  for (const text of ['nan', 'NaN', '']) expect(compareValues('double', text, 'x')).toBe(0);
});
