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

test('the patterns of the contract apply below the folder of the dataset', () => {
  const patterns = ['*_manifest.json', 'archive/**'];
  expect(ignoredBecause('orders/a_manifest.json', patterns)).toBe(
    'it matches "*_manifest.json", one of the ignoredKeys of its contract',
  );
  expect(ignoredBecause('orders/archive/2024/a.csv', patterns)).toContain('"archive/**"');
  expect(ignoredBecause('archive/a.csv', patterns)).toBeUndefined();
  expect(ignoredBecause('orders/x/a_manifest.json', patterns)).toBeUndefined();
  expect(ignoredBecause('orders/_a_manifest.json', patterns)).toContain('begins with "_"');
});
