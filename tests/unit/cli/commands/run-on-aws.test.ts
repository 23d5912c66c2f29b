import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { cleanSteps, engineOn, failing } from '../../../helpers/engine.ts';
import { fakeAws } from '../../../helpers/fake-aws.ts';
import { runCommand } from '../../../helpers/run-command.ts';
import { scratch } from '../../../helpers/scratch.ts';

test('run with a stage waits for the executions there, and exits as on a laptop', async () => {
  const steps = { ...cleanSteps(), Validate: failing('Fault', {}) };
  fakeAws(engineOn(scratch(), { steps }));
  const file = path.join(scratch(), 'a.csv');
  writeFileSync(file, 'id\n1\n');
  const args = ['run', file, '--dataset', 'signups', '--stage', 'test', '--json'];
  const { code, out } = await runCommand({ AWS_REGION: 'eu-west-1' }, ...args);
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject([
    { key: 'signups/a.csv', verdict: 'failed', error: { name: 'Fault', state: 'Validate' } },
  ]);
});
