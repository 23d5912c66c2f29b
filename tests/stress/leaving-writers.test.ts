import { setTimeout } from 'node:timers/promises';
import { CommitConflict } from '../../shared/errors.ts';
import { expectAll, sourcesFor, stagedLake } from '../commit/lake.ts';
import { type Load, type LoadContext, load } from '../commit/load.ts';
import { loadDefinition } from '../helpers/engine.ts';

const WRITERS = 200;

/** A fifth of what functions on AWS have: they leave sooner, and notice a dead writer sooner. */
const LEAVING = { patienceMs: 2_000, leaseMs: 1_000 };

/** The retrier of `CommitConflict` in the deployed definition, with a quarter of its time. */
const retrierOf = () => {
  const { LoadToGold } = loadDefinition().States;
  const retriers = LoadToGold !== undefined && 'Retry' in LoadToGold ? (LoadToGold.Retry ?? []) : [];
  const found = retriers.find(({ ErrorEquals }) => ErrorEquals.includes('CommitConflict'));
  if (found === undefined) throw new Error('CommitConflict is not retried');
  const { IntervalSeconds = 1, BackoffRate = 2, MaxAttempts = 3, MaxDelaySeconds = 60 } = found;
  const delayMs = (retry: number): number =>
    250 * Math.random() * Math.min(MaxDelaySeconds, IntervalSeconds * BackoffRate ** (retry - 1));
  return { maxAttempts: 1 + MaxAttempts, delayMs };
};

/** How many attempts a run takes until it is loaded. */
const attemptsOf = async (each: Load, context: LoadContext): Promise<number> => {
  const { maxAttempts, delayMs } = retrierOf();
  for (let attempt = 1; ; attempt += 1) {
    try {
      expect(await load(each, { ...context, options: LEAVING })).toMatchObject({ status: 'loaded' });
      return attempt;
    } catch (error) {
      if (!(error instanceof CommitConflict) || attempt === maxAttempts) throw error;
      await setTimeout(delayMs(attempt));
    }
  }
};

test(`${WRITERS} writers at once that leave, and are tried again as Step Functions does it: all are loaded, and leave nothing behind`, async () => {
  const lake = await stagedLake(sourcesFor(WRITERS));
  const attempts = await Promise.all(lake.loads.map((each) => attemptsOf(each, lake.context)));
  // Some did leave; that none needed more attempts than it has is what `attemptsOf` expects.
  expect(Math.max(...attempts)).toBeGreaterThan(1);
  await expectAll(lake.context, lake, WRITERS);
});
