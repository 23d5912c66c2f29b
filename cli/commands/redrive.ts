import type { Command } from 'commander';
import type { FailedSelection, Redriven } from '../../operate/pipeline.ts';
import { counted } from '../../shared/base/text.ts';
import { UsageError } from '../../shared/errors.ts';
import { given } from '../base/numbers.ts';
import { exitCodeOf, printOutcomes } from '../base/outcomes.ts';
import { EXIT, type PipelineOptions, pipelineOf, type Session } from '../base/session.ts';
import { parseSince } from '../base/since.ts';
import { withProgress } from '../render/progress.ts';
import type { Terminal } from '../render/terminal.ts';

const HELP = `
Runs the state that failed again, with the input it had, and goes on from there. With --stage, AWS is asked to redrive
and the command returns at once; needs states:RedriveExecution, and what \`executions\` needs.

Exit codes: 0 all went through (with --stage: have begun), 1 one failed again or was refused, 2 rows or whole files
went to quarantine, 64 wrong usage.

Examples:
  duckstep redrive 20261121T010203-k3f9
  duckstep redrive --stage prod --all-failed --since 24h --error StorageUnavailable`;

interface Options extends PipelineOptions {
  allFailed?: true;
  since?: string;
  error?: string;
  json?: true;
}

export const addRedrive = (program: Command, session: Session): void => {
  program
    .command('redrive')
    .description('resume failed executions where they failed')
    .argument('[id]', 'the execution; `duckstep executions` lists them')
    .option('--all-failed', 'every failed execution, and every one whose process died')
    .option('--since <time>', 'of these, those that ended since: 90m, 24h, 3d, or an ISO 8601 time')
    .option('--error <name>', 'of these, those that failed with this error')
    .option('--stage <stage>', 'on AWS, not on this machine')
    .option('--json', 'print the outcomes as JSON')
    .addHelpText('after', HELP)
    .action(async (id: string | undefined, _, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const which = selectionOf(id, options);
      const { terminal } = session;
      const pipeline = await pipelineOf(session, options);
      const redriven = await withProgress(terminal, (observe) => pipeline.redrive(which, { observe }));
      if (options.json === true) terminal.print(JSON.stringify(jsonOf(redriven), null, 2));
      else printRedriven(terminal, redriven, options);
      session.exitCode = redriven.some(({ refused }) => refused !== undefined)
        ? EXIT.failed
        : exitCodeOf(redriven.flatMap(({ outcome }) => outcome ?? []));
    });
};

/** @throws UsageError unless the options name one execution, or all failed ones */
const selectionOf = (
  id: string | undefined,
  { allFailed, since, error }: Options,
): { id: string } | FailedSelection => {
  if ((id === undefined) === (allFailed === undefined))
    throw new UsageError('Give either the id of an execution, or --all-failed.');
  if (id !== undefined && (since ?? error) !== undefined)
    throw new UsageError('--since and --error choose among --all-failed.');
  if (id !== undefined) return { id };
  return { since: given(since, (text) => parseSince(text).toISOString()), error };
};

/** Outcomes first, then the executions that have none. */
const jsonOf = (redriven: readonly Redriven[]): object[] => [
  ...redriven.flatMap(({ outcome }) => outcome ?? []),
  ...redriven.flatMap(({ execution, outcome, refused }) => {
    if (refused !== undefined) return { execution, redriven: false, reason: refused };
    return outcome === undefined ? { execution, redriven: true } : [];
  }),
];

const printRedriven = (
  terminal: Terminal,
  redriven: readonly Redriven[],
  { since, error }: Pick<Options, 'since' | 'error'>,
): void => {
  const outcomes = redriven.flatMap(({ outcome }) => outcome ?? []);
  if (redriven.length === 0) {
    terminal.print((since ?? error) === undefined ? 'Nothing has failed.' : 'Nothing that failed matches.');
    return;
  }
  printOutcomes(terminal, outcomes, false);
  for (const { execution, outcome, refused } of redriven) {
    if (refused !== undefined) terminal.print(`${execution}  refused: ${refused}`);
    else if (outcome === undefined) terminal.print(`${execution}  resumes`);
  }
  if (outcomes.length === 0) terminal.print(counted(redriven.length, 'execution'));
};
