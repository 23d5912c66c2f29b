import type { Command } from 'commander';
import type { PipelineEvent } from '../../operate/events.ts';
import type { Pipeline, ReplayOptions } from '../../operate/pipeline.ts';
import { DEFAULT_PACE } from '../../operate/replayed.ts';
import { UsageError } from '../../shared/errors.ts';
import type { ReplaySelection } from '../../shared/replay/selection.ts';
import { given, positiveInteger } from '../base/numbers.ts';
import { exitCodeOf, printOutcomes } from '../base/outcomes.ts';
import { type PipelineOptions, pipelineOf, type Session } from '../base/session.ts';
import { parseSince } from '../base/since.ts';
import { stopSignal } from '../base/stop-signal.ts';
import { withProgress } from '../render/progress.ts';
import { renderPlan, renderReplayed } from '../render/replay.ts';

const HELP = `
Runs versions of files that lie in raw, without uploading them again: after a rule was fixed, after a contract changed, and
for files that never ran. Each is as old as it was when it was uploaded: rows that later files brought stay. Of each file the
newest version runs; with --quarantined and --older-contract the one whose result stands. A file must match all options.

A file that was removed with \`duckstep remove\` comes back only if KEY names it. --missing leaves out versions that have an
execution, also one that failed (redrive it), and with --stage those of the last hour.

With --stage, AWS is asked to start the executions and the command returns, unless --wait is given; needs
s3:ListBucketVersions on raw, states:StartExecution, and what \`query\` and \`executions\` need. Ctrl-C stops after the
executions that run; the command that continues is printed. Repeating it starts nothing twice.

Exit codes: 0 all loaded (with --stage: have begun), 1 one failed, 2 rows or whole files went to quarantine, 64 wrong usage.

Examples:
  duckstep replay --quarantined --dataset signups --dry-run
  duckstep replay --missing --since 3d
  duckstep replay signups/2024-05.csv --stage prod --wait`;

interface Options extends PipelineOptions {
  dataset?: string;
  version?: string;
  quarantined?: true;
  olderContract?: true;
  since?: string;
  missing?: true;
  dryRun?: true;
  resume?: string;
  wait?: true;
  pace?: string;
  atOnce?: string;
  json?: true;
}

export const addReplay = (program: Command, session: Session): void => {
  program
    .command('replay')
    .description('run files that lie in raw again, or for the first time, as old as they are')
    .argument('[key...]', 'keys in raw; one that ends in / stands for all that begin with it')
    .option('--dataset <name>', 'files of this dataset')
    .option('--quarantined', 'files in quarantine: whole, or some of their rows')
    .option('--older-contract', 'files that another contract judged than their dataset has now')
    .option('--since <time>', 'files uploaded since: 90m, 24h, 3d, or an ISO 8601 time')
    .option('--missing', 'files that never ran')
    .option('--version <id>', 'of the only KEY, this version and not the newest')
    .option('--dry-run', 'run nothing; list what would run, what it costs, and what would not run and why')
    .option(
      '--resume <time>',
      'continue the replay of this name, which was interrupted; give its options again',
    )
    .option('--stage <stage>', 'on AWS, not on this machine')
    .option('--wait', 'with --stage: wait until the executions have ended')
    .option('--pace <n>', `with --stage: starts a second, at most (default: ${DEFAULT_PACE.perSecond})`)
    .option('--at-once <n>', `with --stage: running executions, at most (default: ${DEFAULT_PACE.atOnce})`)
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(async (keys: string[], _, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const selection = selectionOf(keys, options);
      const how = optionsOf(options);
      const pipeline = await pipelineOf(session, options);
      if (options.dryRun) await plan(session, pipeline, selection, how, options.json === true);
      else await replay(session, pipeline, selection, how, { keys, ...options });
    });
};

const selectionOf = (keys: readonly string[], options: Options): ReplaySelection => {
  const { dataset, version, quarantined, olderContract, missing } = options;
  const since = given(options.since, (text) => parseSince(text).toISOString());
  return { keys, dataset, version, quarantined, olderContract, missing, since };
};

/** @throws UsageError for options that need another one, and values that cannot be read */
const optionsOf = ({ stage, wait, pace, atOnce, resume, dryRun }: Options): ReplayOptions => {
  if (stage === undefined && (wait ?? pace ?? atOnce) !== undefined)
    throw new UsageError(
      '--wait, --pace and --at-once need --stage: a laptop runs the files itself, and waits.',
    );
  if (dryRun && resume !== undefined) throw new UsageError('--dry-run runs nothing: leave out --resume.');
  if (resume !== undefined && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(resume))
    throw new UsageError(`--resume takes the time that the replay printed when it began, not "${resume}".`);
  return {
    ...{ wait, requestedAt: resume ?? new Date().toISOString(), resume: resume !== undefined },
    perSecond: given(pace, (text) => positiveInteger(text, '--pace')),
    atOnce: given(atOnce, (text) => positiveInteger(text, '--at-once')),
  };
};

const plan = async (
  { terminal }: Session,
  pipeline: Pipeline,
  selection: ReplaySelection,
  options: ReplayOptions,
  json: boolean,
): Promise<void> => {
  const planned = await withProgress(terminal, (observe) =>
    pipeline.planReplay(selection, { ...options, observe }),
  );
  terminal.print(json ? JSON.stringify(planned, null, 2) : renderPlan(planned, terminal).join('\n'));
};

const replay = async (
  session: Session,
  pipeline: Pipeline,
  selection: ReplaySelection,
  options: ReplayOptions,
  asked: Options & { keys: readonly string[] },
): Promise<void> => {
  const { terminal } = session;
  const resume = `To continue this replay after an interruption: ${commandFor(asked, options.requestedAt ?? '')}`;
  let told = false;
  const tell = (event: PipelineEvent): void => {
    if (told || event.type !== 'progress' || event.total < 2) return;
    told = true;
    terminal.note(resume);
  };
  const result = await untilStopped(session, resume, (signal) =>
    withProgress(terminal, (observe) => pipeline.replay(selection, { ...options, observe, signal }), tell),
  );
  const outcomes = result.files.flatMap(({ outcome }) => outcome ?? []);
  if (asked.json) terminal.print(JSON.stringify(result, null, 2));
  else {
    printOutcomes(terminal, outcomes, false);
    terminal.print(renderReplayed(result, terminal).join('\n'));
  }
  session.exitCode = exitCodeOf(outcomes);
};

/** Does the work; the first Ctrl-C aborts its signal with an error of this message. */
const untilStopped = async <T>(
  { terminal }: Session,
  message: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const [stop, done] = [new AbortController(), new AbortController()];
  void stopSignal(done.signal).then(() => {
    terminal.note('Waiting for running executions. Press Ctrl-C again to stop now.');
    stop.abort(Object.assign(new Error(message), { name: 'Interrupted' }));
  });
  try {
    return await work(stop.signal);
  } finally {
    done.abort();
  }
};

/** The command line that continues a replay, with everything that selects its files. */
const commandFor = (options: Options & { keys: readonly string[] }, requestedAt: string): string => {
  const { keys, dataset, version, quarantined, olderContract, since, missing, stage } = options;
  const value = (name: string, text: string | undefined): string[] =>
    text === undefined ? [] : [name, quoted(text)];
  const flag = (name: string, is: true | undefined): string[] => (is ? [name] : []);
  return [
    ...['duckstep', 'replay', ...keys.map(quoted)],
    ...value('--dataset', dataset),
    ...value('--version', version),
    ...flag('--quarantined', quarantined),
    ...flag('--older-contract', olderContract),
    ...value(
      '--since',
      given(since, (text) => parseSince(text).toISOString()),
    ),
    ...flag('--missing', missing),
    ...value('--stage', stage),
    ...value('--resume', requestedAt),
  ].join(' ');
};

/** A word of a shell's command line. */
const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
