import { exitCodeOf } from '../../../../cli/base/outcomes.ts';
import { outcomeOf } from '../../../../operate/outcome.ts';
import { cleanSteps, engineOn, failing, someEvent } from '../../../helpers/engine.ts';
import { scratch } from '../../../helpers/scratch.ts';

const failed = () =>
  engineOn(scratch(), {
    steps: { ...cleanSteps(), Transform: failing('StorageUnavailable', {}) },
  }).run(someEvent());

test('exit codes: a failure outweighs a quarantine', async () => {
  const bad = outcomeOf(await failed());
  const good = outcomeOf(await engineOn(scratch()).run(someEvent()));
  const partly = { ...good, quarantine: { scope: 'rows' as const, rows: 1, summary: 'x' } };
  expect(good).toMatchObject({ status: 'succeeded', execution: expect.any(String) });
  expect([exitCodeOf([good]), exitCodeOf([good, partly]), exitCodeOf([partly, bad]), exitCodeOf([])]).toEqual(
    [0, 2, 1, 0],
  );
});
