import { ignoredBecause } from '../../../shared/run/ignored-key.ts';

test.each([
  ['orders/_SUCCESS', 'begins with "_"'],
  ['orders/_temporary/0/part-0.csv', '"_temporary"'],
  ['_orders/part-0.csv', '"_orders"'],
  ['orders/.part-0.csv.crc', 'begins with "."'],
  ['orders/.hive-staging_1/part-0.csv', '".hive-staging_1"'],
  ['orders/2024_$folder$', 'marks a folder'],
])('%s is ignored', (key, reason) => {
  expect(ignoredBecause(key)).toContain(reason);
});

test.each(['orders/part_0.csv', 'orders/year=2024/a.b.csv', 'part.csv', 'orders/a_$folder$/x.csv'])(
  '%s is not ignored',
  (key) => {
    expect(ignoredBecause(key)).toBeUndefined();
  },
);
