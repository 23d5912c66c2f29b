import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { openLake } from '../../../../operate/local/lake.ts';
import { runCommand } from '../../../helpers/run-command.ts';
import { scratch } from '../../../helpers/scratch.ts';

test('upload puts files into raw, with a version and without an execution', async () => {
  const [lake, folder] = [scratch(), scratch()];
  const file = path.join(folder, 'a.csv');
  writeFileSync(file, 'id\n1\n');
  expect(await runCommand({}, '--lake', lake, 'upload', file, '--dataset', 'signups')).toEqual({
    out: `${path.join(lake, 'raw/signups/a.csv')}  5 bytes`,
    err: '',
    code: 0,
  });
  expect(await openLake(lake).raw.versions('signups/a.csv')).toHaveLength(1);
  expect(await runCommand({}, '--lake', lake, 'executions')).toMatchObject({ out: '0 executions' });
});
