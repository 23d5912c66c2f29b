import type { Command } from 'commander';
import { deployedExecutions } from '../../operate/aws/open.ts';
import type { Execution } from '../../operate/execution.ts';
import type { Outcome } from '../../operate/outcome.ts';
import { counted } from '../../shared/base/text.ts';
import { UsageError } from '../../shared/errors.ts';
import { exitCodeOf, printOutcomes, redriveAll } from '../process-files.ts';
import { during } from '../render/terminal.ts';
import { EXIT, type Session } from '../session.ts';
import { parseSince } from '../since.ts';

const HELP = `
Runs the state again in which the execution failed, with the input it had, and goes on from there. So does AWS:
with --stage it is told to, and goes on by itself; needs states:RedriveExecution, and what \`executions\` needs.

Exit codes: 0 all went through (with --stage: have begun), 1 one failed again or was refused, 2 rows or whole files
went to quarantine, 64 wrong usage.

Examples:
  duckstep redrive 20261121T010203-k3f9
  duckstep redrive --stage prod --all-failed --since 24h --error StorageUnavailable`;

interface Options {
  lake: string;
  stage?: string;
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
      if ((id === undefined) === (options.allFailed === undefined))
        throw new UsageError('Give either the id of an execution, or --all-failed.');
      if (id !== undefined && (options.since ?? options.error) !== undefined)
        throw new UsageError('--since and --error choose among --all-failed.');
      const wanted: Wanted = {
        id,
        since: options.since === undefined ? undefined : parseSince(options.since).toISOString(),
        error: options.error,
      };
      await (options.stage === undefined
        ? redriveHere(session, options, wanted)
        : redriveOnAws(session, options, options.stage, wanted));
    });
};

/** One execution, or all that failed since a time in ISO 8601, with an error. */
interface Wanted {
  id: string | undefined;
  since: string | undefined;
  error: string | undefined;
}

const chosen = (executions: readonly Execution[], { id, since, error }: Wanted): string[] => {
  if (id !== undefined) return [id];
  return executions
    .filter(({ status }) => status === 'failed' || status === 'stale')
    .filter(({ ended = '' }) => since === undefined || ended >= since)
    .filter((execution) => error === undefined || execution.error?.Error === error)
    .map((execution) => execution.id);
};

/** Among all, another process may be faster with one; to name one that cannot be redriven is a mistake. */
const redriveHere = async (session: Session, { lake, json }: Options, wanted: Wanted): Promise<void> => {
  const { terminal } = session;
  const outcomes: Outcome[] = [];
  const refusals: Refusal[] = [];
  for (const { execution, result } of await redriveAll(session, lake, (all) => chosen(all, wanted))) {
    if (result.status === 'fulfilled') outcomes.push(result.value);
    else if (wanted.id === undefined) refusals.push(refusalOf(execution, result.reason));
    else throw result.reason;
  }
  if (json === true) terminal.print(JSON.stringify([...outcomes, ...refusals], null, 2));
  else if (outcomes.length + refusals.length === 0) terminal.print(nothing(wanted));
  else {
    printOutcomes(terminal, outcomes, false);
    for (const { execution, reason } of refusals) terminal.print(`${execution}  refused: ${reason}`);
  }
  session.exitCode = refusals.length > 0 ? EXIT.failed : exitCodeOf(outcomes);
};

const nothing = ({ since, error }: Wanted): string =>
  since === undefined && error === undefined ? 'Nothing has failed.' : 'Nothing that failed matches.';

/** An execution that was not redriven, and why. */
interface Refusal {
  execution: string;
  redriven: false;
  reason: string;
}

const refusalOf = (execution: string, error: unknown): Refusal => {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return { execution, redriven: false, reason: `${name}: ${message}` };
};

/** Goes on when AWS refuses one, which it does with executions that are past its 14 days, and tells of it. */
const redriveOnAws = async (
  session: Session,
  { json }: Options,
  stage: string,
  wanted: Wanted,
): Promise<void> => {
  const { terminal } = session;
  const executions = await deployedExecutions(session, stage);
  const ids =
    wanted.id === undefined
      ? await during(terminal, 'Looking for what has failed', () => executions.failed(wanted))
      : [wanted.id];
  const results: ({ execution: string; redriven: true; reason?: undefined } | Refusal)[] = [];
  for (const execution of ids) {
    try {
      await executions.redrive(execution);
      results.push({ execution, redriven: true });
    } catch (error) {
      results.push(refusalOf(execution, error));
    }
    terminal.status(`Redriving: ${results.length} of ${ids.length}`);
  }
  if (json === true) terminal.print(JSON.stringify(results, null, 2));
  else {
    for (const { execution, reason } of results)
      terminal.print(reason === undefined ? `${execution}  resumes` : `${execution}  refused: ${reason}`);
    terminal.print(results.length === 0 ? nothing(wanted) : counted(results.length, 'execution'));
  }
  session.exitCode = results.every(({ redriven }) => redriven) ? EXIT.ok : EXIT.failed;
};
