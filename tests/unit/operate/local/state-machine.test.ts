import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { loadStateMachine, taskStates } from '../../../../operate/local/state-machine.ts';
import { ConfigurationError } from '../../../../shared/errors.ts';
import { DEFINITION } from '../../../helpers/engine.ts';
import { scratch } from '../../../helpers/scratch.ts';

test('loads the deployed definition, with an ARN for each function', () => {
  const definition = loadStateMachine(DEFINITION);
  expect(definition.StartAt).toBe('Validate');
  expect(taskStates(definition)).toEqual([
    ...['Validate', 'ValidateLarge', 'QualityScore', 'QualityScoreLarge'],
    ...['Transform', 'TransformLarge', 'LoadToGold', 'LoadToGoldLarge', 'Quarantine'],
  ]);
  expect(definition.States.LoadToGold).toMatchObject({
    Resource: 'arn:aws:lambda:us-east-1:000000000000:function:LoadToGold',
    // From a YAML anchor.
    Parameters: { 'execution.$': '$$.Execution.Name', 'state.$': '$' },
  });
});

test('what is not a state machine is refused with the file and the reason', () => {
  const file = path.join(scratch(), 'broken.asl.yml');
  writeFileSync(file, 'StartAt: Nowhere\nStates:\n  Done: { Type: Succeed }\n');
  expect(() => loadStateMachine(file)).toThrow(
    expect.objectContaining({ name: 'ConfigurationError', message: expect.stringContaining(file) }),
  );
});

test('a definition is found valid once; another text is checked again, and a broken one each time', () => {
  const cache = scratch();
  mkdirSync(cache, { recursive: true });
  const definition = loadStateMachine(DEFINITION, cache);
  const known = readdirSync(cache);
  expect(known).toHaveLength(1);
  expect(loadStateMachine(DEFINITION, cache)).toEqual(definition);
  const file = path.join(scratch(), 'edited.asl.yml');
  const text = readFileSync(DEFINITION, 'utf8');
  writeFileSync(file, text.replace(/^StartAt: .*$/m, 'StartAt: Nowhere'));
  for (const _ of ['first', 'again']) expect(() => loadStateMachine(file, cache)).toThrow(ConfigurationError);
  expect(readdirSync(cache)).toEqual(known);
});

test('a definition is found valid where the cache is no folder', () => {
  expect(loadStateMachine(DEFINITION, path.join(scratch(), 'nowhere', 'at all')).StartAt).toBe('Validate');
});
