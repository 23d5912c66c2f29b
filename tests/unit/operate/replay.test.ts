import { duckstepCost } from '../../../operate/cost/compare.ts';
import { readMeasured } from '../../../operate/cost/measured.ts';
import { estimator } from '../../../operate/replay.ts';
import { ROOT } from '../../helpers/engine.ts';

const run = (status: 'loaded' | 'quarantined', source_bytes: number, cost_usd: number) => ({
  ...{ dataset: 'd', status, source_bytes, cost_usd },
});

test('a file costs what files of its size cost, as often more as those of its dataset that were loaded', async () => {
  const measured = await readMeasured(ROOT);
  const model = (bytes: number): number => duckstepCost(measured, bytes);
  const runs = [
    run('loaded', 1_000, 3 * model(1_000)),
    run('loaded', 5e6, 3 * model(5e6)),
    run('quarantined', 1_000, 100),
    run('loaded', 1_000, 0),
  ];
  const estimate = estimator(measured, runs);
  expect(estimate({ dataset: 'd', bytes: 2e6 })).toBeCloseTo(3 * model(2e6), 10);
  expect(estimate({ dataset: 'other', bytes: 2e6 })).toBe(model(2e6));
});
