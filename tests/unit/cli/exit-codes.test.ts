import { LocalPipeline } from '../../../operate/local/local-pipeline.ts';
import { ConfigurationError, InvalidInput, TableDamaged, UsageError } from '../../../shared/errors.ts';
import { runCommand } from '../../helpers/run-command.ts';
import { scratch } from '../../helpers/scratch.ts';

afterEach(() => jest.restoreAllMocks());

test.each([
  [new UsageError('why'), 64],
  [new ConfigurationError('why'), 64],
  [new TableDamaged('why'), 1],
  [new InvalidInput('why'), 1],
  [new Error('why'), 1],
])('%p exits with %i', async (error, code) => {
  jest.spyOn(LocalPipeline.prototype, 'executions').mockRejectedValue(error);
  const text = error.name === 'Error' ? 'why' : `${error.name}: why`;
  expect(await runCommand({}, '--lake', scratch(), 'executions')).toEqual({ out: '', err: text, code });
});
