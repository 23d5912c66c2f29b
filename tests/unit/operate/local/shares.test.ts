import fc from 'fast-check';
import { sharesOf, sizeClassOf } from '../../../../operate/local/shares.ts';

const MB = 2 ** 20;

test.each([
  ['signups/a.csv', 200_000, 'small'],
  ['signups/a.csv', 8 * MB - 1, 'small'],
  ['signups/a.csv', 8 * MB, 'large'],
  ['signups/a.csv.gz', 2 * MB - 1, 'small'],
  ['signups/a.csv.gz', 2 * MB, 'large'],
  ['flights/A.PARQUET', 2 * MB, 'large'],
  ['signups/a.ndjson.zst', 0, 'small'],
])('%s of %i bytes is %s', (key, bytes, size) => {
  expect(sizeClassOf(key, bytes)).toBe(size);
});

// memoryMb, asked, machine → shares
test.each([
  ['a laptop: everyone has a quarter', 4096, 3, 16_384, [3, 2, 4096, 4096]],
  ['many at a time: small ones divide the rest', 4096, 10, 16_384, [10, 2, 512, 4096]],
  ['more than fit: fewer run', 4096, 100, 16_384, [10, 2, 512, 4096]],
  ['two: one slot for large ones, one for small ones', 4096, 2, 16_384, [2, 1, 4096, 4096]],
  ['one has what there is', 4096, 1, 16_384, [1, 1, 4096, 4096]],
  ['a step that takes nearly all', 12_000, 3, 16_384, [2, 1, 512, 12_000]],
  ['a step that takes more than all', 20_000, 3, 16_384, [2, 1, 512, 20_000]],
  ['a small machine', 512, 3, 1024, [2, 1, 512, 512]],
  ['little was asked for', 128, 3, 16_384, [3, 2, 128, 128]],
] as const)('%s', (_, memoryMb, asked, machine, [concurrency, large, small, most]) => {
  expect(sharesOf({ memoryMb }, asked, machine)).toEqual({
    concurrency,
    large,
    memoryMb: { small, large: most },
  });
});

test('whatever runs at once fits, small files always have a slot, and none has too little', () => {
  const sizes = fc.record({
    memoryMb: fc.integer({ min: 128, max: 65_536 }),
    asked: fc.integer({ min: 2, max: 1000 }),
    machine: fc.integer({ min: 512, max: 262_144 }),
  });
  fc.assert(
    fc.property(sizes, ({ memoryMb, asked, machine }) => {
      const { concurrency, large, memoryMb: share } = sharesOf({ memoryMb }, asked, machine);
      const least = Math.min(512, memoryMb);
      const bound = Math.max(machine * 0.75, memoryMb + least);
      for (let n = 0; n <= large; n += 1)
        expect(n * share.large + (concurrency - n) * share.small).toBeLessThanOrEqual(bound);
      expect(concurrency).toBeLessThanOrEqual(asked);
      expect(large).toBeGreaterThanOrEqual(1);
      expect(large).toBeLessThan(concurrency);
      expect(share.small).toBeGreaterThanOrEqual(least);
      expect(share.large).toBe(memoryMb);
    }),
  );
});
