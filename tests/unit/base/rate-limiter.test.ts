import { rateLimiter } from '../../../shared/base/rate-limiter.ts';

test('a few go at once, the next one after the other, a late one at once', async () => {
  let clock = 1_000;
  const waits: number[] = [];
  const admitted = rateLimiter(
    2,
    5,
    () => clock,
    async (ms) => waits.push(ms),
  );
  await Promise.all([admitted(), admitted(), admitted(), admitted()]);
  expect(waits).toEqual([200, 400]);
  clock = 5_000;
  await admitted();
  expect(waits).toHaveLength(2);
});
