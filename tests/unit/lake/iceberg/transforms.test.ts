import {
  allowedSources,
  canTransform,
  fieldName,
  parseTransform,
  partsOf,
  resultType,
} from '../../../../shared/lake/iceberg/transforms.ts';
import type { PrimitiveType, Transform } from '../../../../shared/lake/iceberg/types.ts';

test.each(['identity', 'year', 'month', 'day', 'void', 'bucket[16]', 'truncate[4]', 'bucket[2147483647]'])(
  '%s is a transform',
  (text) => {
    expect(parseTransform(text)).toBe(text);
  },
);

test.each([
  'hour',
  'days',
  'bucket',
  'bucket[0]',
  'bucket[-1]',
  'truncate[2147483648]',
  'bucket[1.5]',
  'DAY',
  '',
])('%j is not a transform', (text) => {
  expect(parseTransform(text)).toBeUndefined();
});

test('leading zeros of a number go', () => {
  expect(parseTransform('bucket[016]')).toBe('bucket[16]');
});

test.each<[Transform, string, number]>([
  ['bucket[16]', 'bucket', 16],
  ['truncate[4]', 'truncate', 4],
  ['day', 'day', 0],
])('%s has its parts', (transform, kind, number) => {
  expect(partsOf(transform)).toEqual({ kind, number });
});

test.each<[Transform, PrimitiveType, string, PrimitiveType]>([
  ['identity', 'decimal(5, 1)', 'c', 'decimal(5, 1)'],
  ['year', 'date', 'c_year', 'int'],
  ['month', 'timestamp', 'c_month', 'int'],
  ['day', 'timestamptz', 'c_day', 'date'],
  ['bucket[4]', 'fixed[3]', 'c_bucket_4', 'int'],
  ['truncate[4]', 'decimal(5, 1)', 'c_trunc_4', 'decimal(5, 1)'],
  ['void', 'double', 'c_null', 'double'],
])('%s of %s is called %s and is %s', (transform, source, name, result) => {
  expect(canTransform(transform, source)).toBe(true);
  expect(fieldName('c', transform)).toBe(name);
  expect(resultType(transform, source)).toBe(result);
});

test.each<[Transform, PrimitiveType]>([
  ['year', 'time'],
  ['day', 'string'],
  ['bucket[4]', 'double'],
  ['bucket[4]', 'boolean'],
  ['truncate[4]', 'date'],
  ['truncate[4]', 'uuid'],
  ['truncate[4]', 'fixed[4]'],
])('%s takes no %s', (transform, source) => {
  expect(canTransform(transform, source)).toBe(false);
  expect(allowedSources(transform).length).toBeGreaterThan(0);
});
