import type { Command } from 'commander';
import { InvalidInput } from '../../shared/errors.ts';
import { exitCodeOf, printOutcomes, redriveAll } from '../process-files.ts';
import type { Session } from '../session.ts';

const HELP = `
Runs the state again in which the execution failed, with the input it had, and goes on from there. So does AWS.

Exit codes: 0 all went through, 1 one failed again, 2 rows or whole files went to quarantine, 64 wrong usage.

Example:
  duckstep redrive 20261121T010203-k3f9`;

export const addRedrive = (program: Command, session: Session): void => {
  program
    .command('redrive')
    .description('resume failed executions where they failed')
    .argument('[id]', 'the execution; `duckstep executions` lists them')
    .option('--all-failed', 'every failed execution, and every one whose process died')
    .option('--json', 'print the outcomes as JSON')
    .addHelpText('after', HELP)
    .action(async (id: string | undefined, _, command: Command) => {
      const options = command.optsWithGlobals<{ allFailed?: true; json?: true; lake: string }>();
      if ((id === undefined) === (options.allFailed === undefined))
        throw new InvalidInput('Give either the id of an execution, or --all-failed.');
      const outcomes = await redriveAll(session, options.lake, (executions) =>
        id === undefined
          ? executions
              .filter(({ status }) => status === 'failed' || status === 'stale')
              .map((each) => each.id)
          : [id],
      );
      if (outcomes.length === 0 && options.json !== true) session.terminal.print('Nothing has failed.');
      else printOutcomes(session.terminal, outcomes, options.json === true);
      session.exitCode = exitCodeOf(outcomes);
    });
};
