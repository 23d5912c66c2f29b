import { type Command, Option } from 'commander';
import { InvalidInput } from '../../shared/errors.ts';
import { EXECUTION_STATUSES, type ExecutionStatus } from '../local/execution.ts';
import { positiveInteger } from '../process-files.ts';
import { renderExecution, renderExecutions } from '../render/execution.ts';
import { counted } from '../render/text.ts';
import { openWorkspace, type Session } from '../session.ts';

const HELP = `
An execution is "stale" when its process died, as after kill -9: nothing runs any more, and it can be redriven.

Exit codes: 0, or 64 for wrong usage.

Examples:
  duckstep executions --status failed
  duckstep executions 20261121T010203-k3f9`;

interface Options {
  lake: string;
  status?: ExecutionStatus;
  limit: string;
  json?: true;
}

export const addExecutions = (program: Command, session: Session): void => {
  program
    .command('executions')
    .description('list executions, the newest first, or show one with every input, output, error and attempt')
    .argument('[id]', 'the execution to show')
    .addOption(new Option('--status <status>', 'only these').choices(EXECUTION_STATUSES))
    .option('--limit <n>', 'at most so many', '50')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action((id: string | undefined, _, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      if (id === undefined) list(session, options);
      else show(session, options, id);
    });
};

const list = (session: Session, options: Options): void => {
  const { terminal } = session;
  const limit = positiveInteger(options.limit, '--limit');
  const all = openWorkspace(session, options.lake).engine.list(options.status).toReversed();
  const shown = all.slice(0, limit);
  if (options.json === true) {
    const summaries = shown.map(({ visits, event: _, output: __, resume, ...summary }) => ({
      ...summary,
      state: visits.at(-1)?.state ?? resume.state,
    }));
    terminal.print(JSON.stringify(summaries, null, 2));
    return;
  }
  if (all.length > 0) terminal.print(renderExecutions(shown, terminal).join('\n'));
  const more = all.length > shown.length ? `, ${shown.length} shown (--limit)` : '';
  terminal.print(`${counted(all.length, 'execution')}${more}`);
};

const show = (session: Session, options: Options, id: string): void => {
  const execution = openWorkspace(session, options.lake).engine.find(id);
  if (execution === undefined)
    throw new InvalidInput(`There is no execution ${id}. \`duckstep executions\` lists them.`);
  session.terminal.print(
    options.json === true ? JSON.stringify(execution, null, 2) : renderExecution(execution, session.terminal),
  );
};
