import { type Command, Option } from 'commander';
import { deployedExecutions } from '../../operate/aws/open.ts';
import { EXECUTION_STATUSES, type Execution, type ExecutionStatus } from '../../operate/execution.ts';
import { costOf } from '../../operate/execution-cost.ts';
import { counted } from '../../shared/base/text.ts';
import { UsageError } from '../../shared/errors.ts';
import { positiveInteger } from '../process-files.ts';
import { costText } from '../render/dollars.ts';
import { renderExecution, renderExecutions } from '../render/execution.ts';
import { openWorkspace, type Session } from '../session.ts';

const HELP = `
An execution is "stale" when its process died, as after kill -9: nothing runs any more, and it can be redriven.
Costs are dollars on AWS at the prices of shared/run/prices.ts (docs/costs.md); "at least" where a try failed, of which
nobody knows what it used.

With --stage, the executions of that stage on AWS; needs states:ListStateMachines, states:ListExecutions,
states:DescribeExecution and states:GetExecutionHistory.

Exit codes: 0, or 64 for wrong usage.

Examples:
  duckstep executions --status failed
  duckstep executions 20261121T010203-k3f9
  duckstep executions --stage prod --status failed`;

interface Options {
  lake: string;
  stage?: string;
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
    .option('--stage <stage>', 'on AWS, not on this machine')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(async (id: string | undefined, _, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      await (id === undefined ? list(session, options) : show(session, options, id));
    });
};

const list = async (session: Session, options: Options): Promise<void> => {
  const { terminal } = session;
  const limit = positiveInteger(options.limit, '--limit');
  const { shown, more } = await newest(session, options, limit);
  if (options.json === true) {
    const summaries = shown.map((execution) => {
      const { visits, event: _, output: __, resume, ...summary } = execution;
      return { ...summary, state: visits.at(-1)?.state ?? resume.state, cost: costOf(execution) };
    });
    terminal.print(JSON.stringify(summaries, null, 2));
    return;
  }
  if (shown.length > 0) terminal.print(renderExecutions(shown, terminal).join('\n'));
  terminal.print(
    `${counted(shown.length, 'execution')}${sumOf(shown)}${more ? '; there are more (--limit)' : ''}`,
  );
};

/** What the executions cost together. */
const sumOf = (executions: readonly Execution[]): string => {
  if (executions.length === 0) return '';
  const costs = executions.map(costOf);
  const usd = costs.reduce((sum, cost) => sum + cost.usd, 0);
  return `, ${costText({ usd, at_least: costs.some(({ at_least }) => at_least) })} in all`;
};

const newest = async (
  session: Session,
  { stage, lake, status }: Options,
  limit: number,
): Promise<{ shown: Execution[]; more: boolean }> => {
  const all =
    stage === undefined
      ? openWorkspace(session, lake).engine.list(status).toReversed()
      : await (await deployedExecutions(session, stage)).list(status, limit + 1);
  return { shown: all.slice(0, limit), more: all.length > limit };
};

const show = async (session: Session, { stage, lake, json }: Options, id: string): Promise<void> => {
  const execution =
    stage === undefined
      ? openWorkspace(session, lake).engine.find(id)
      : await (await deployedExecutions(session, stage)).find(id);
  if (execution === undefined)
    throw new UsageError(`There is no execution ${id}. \`duckstep executions\` lists them.`);
  session.terminal.print(
    json === true
      ? JSON.stringify({ ...execution, cost: costOf(execution) }, null, 2)
      : renderExecution(execution, session.terminal, stage),
  );
};
