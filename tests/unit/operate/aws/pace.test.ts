import { pace } from '../../../../operate/aws/pace.ts';

test('a few go at once, the next one after the other, a late one at once', async () => {
  let clock = 1_000;
  const waits: number[] = [];
  const turn = pace(
    2,
    5,
    () => clock,
    async (ms) => waits.push(ms),
  );
  await Promise.all([turn(), turn(), turn(), turn()]);
  expect(waits).toEqual([200, 400]);
  clock = 5_000;
  await turn();
  expect(waits).toHaveLength(2);
});
