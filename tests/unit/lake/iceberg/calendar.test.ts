import fc from 'fast-check';
import {
  civilFromDays,
  dateOfDays,
  daysOfDate,
  microsOfTime,
  microsOfTimestamp,
  timeOfMicros,
  timestampOfMicros,
} from '../../../../shared/lake/iceberg/calendar.ts';

test('days are those of JavaScript, as far as its dates go', () => {
  fc.assert(
    fc.property(fc.integer({ min: -100_000_000, max: 100_000_000 }), (days) => {
      const date = new Date(days * 86_400_000);
      expect(civilFromDays(days)).toEqual({
        year: date.getUTCFullYear(),
        month: date.getUTCMonth() + 1,
        day: date.getUTCDate(),
      });
      expect(daysOfDate(dateOfDays(days))).toBe(days);
    }),
  );
});

test.each([
  ['0001-01-01', -719162],
  ['0001-12-31 (BC)', -719163],
  ['2000-02-29', 11016],
  ['1900-02-28', -25509],
  ['10000-01-01', 2932897],
])('%s', (text, days) => {
  expect(daysOfDate(text)).toBe(days);
  expect(dateOfDays(days)).toBe(text);
});

test.each([
  '1900-02-29',
  '2012-13-01',
  '2012-00-10',
  '0000-01-01',
  '012-01-01',
  '2012-1-1',
  '5881580-07-11',
  '',
])('%j is no date', (text) => {
  expect(daysOfDate(text)).toBeUndefined();
});

test('the fraction of a second has no trailing zeros', () => {
  expect([0n, 500_000n, 1n, 86_399_999_999n].map(timeOfMicros)).toEqual([
    '00:00:00',
    '00:00:00.5',
    '00:00:00.000001',
    '23:59:59.999999',
  ]);
  expect(microsOfTime('00:00:00.50')).toBe(500_000n);
});

test('times before 1970 belong to the day they are on', () => {
  expect(timestampOfMicros(-1n)).toBe('1969-12-31 23:59:59.999999');
  expect(microsOfTimestamp('1969-12-31 23:59:59.999999')).toBe(-1n);
});
