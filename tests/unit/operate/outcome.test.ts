import { outcomeOf } from '../../../operate/outcome.ts';
import { cleanSteps, engineOn, failing, someEvent } from '../../helpers/engine.ts';
import { scratch } from '../../helpers/scratch.ts';

const failed = () =>
  engineOn(scratch(), {
    steps: { ...cleanSteps(), Transform: failing('StorageUnavailable', {}) },
  }).run(someEvent());

test('a failed execution says where it failed, and why', async () => {
  const execution = await failed();
  const outcome = outcomeOf(execution);
  expect(outcome).toMatchObject({
    verdict: 'failed',
    error: { name: 'StorageUnavailable', message: 'StorageUnavailable happened', state: 'Transform' },
    states: [
      { state: 'Validate', tries: 1 },
      { state: 'QualityScore', tries: 1 },
      { state: 'Transform', tries: 6 },
    ],
  });
});

test('a file in quarantine: what was caught, and where, whatever Quarantine had to try again', async () => {
  const quarantined = { scope: 'file', rows: 0, records: 'r', report: 'r', summary: 's' };
  const execution = await engineOn(scratch(), {
    steps: {
      ...cleanSteps(),
      Validate: failing('UnreadableFile', {}),
      Quarantine: failing('StorageUnavailable', quarantined, 1),
    },
  }).run(someEvent());
  expect(outcomeOf(execution)).toMatchObject({
    verdict: 'quarantined',
    error: { name: 'UnreadableFile', state: 'Validate' },
  });
});

test('a file that could not be quarantined: what failed is said, not what had been caught before', async () => {
  const execution = await engineOn(scratch(), {
    steps: {
      ...cleanSteps(),
      Validate: failing('UnreadableFile', {}),
      Quarantine: failing('AccessDenied', {}),
    },
  }).run(someEvent());
  const outcome = outcomeOf(execution);
  expect(outcome).toMatchObject({
    verdict: 'failed',
    reason: 'AccessDenied: AccessDenied happened',
    error: { name: 'AccessDenied', message: 'AccessDenied happened', state: 'Quarantine' },
  });
});

test('a key that is ignored is neither loaded nor in quarantine', async () => {
  const execution = await engineOn(scratch(), {
    steps: { ...cleanSteps(), Validate: failing('KeyIgnored', {}) },
  }).run(someEvent());
  expect(outcomeOf(execution)).toMatchObject({ status: 'succeeded', verdict: 'ignored', quarantine: null });
});
