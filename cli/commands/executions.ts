import { type Command, Option } from 'commander';
import { EXECUTION_STATUSES, type ExecutionStatus } from '../../operate/execution.ts';
import { DEFAULT_LIMIT } from '../../operate/pipeline.ts';
import { counted } from '../../shared/base/text.ts';
import { UsageError } from '../../shared/errors.ts';
import { positiveInteger } from '../base/numbers.ts';
import { type PipelineOptions, pipelineOf, type Session } from '../base/session.ts';
import { costText } from '../render/dollars.ts';
import { renderExecution, renderExecutions } from '../render/execution.ts';

const HELP = `
An execution is "stale" when its process died, as after kill -9. It no longer runs, and can be redriven.
Costs are dollars on AWS at the prices of shared/run/prices.ts (docs/costs.md); "at least" where a try failed, because
the usage of failed tries is unknown.

With --stage, the executions of that stage on AWS; needs states:ListStateMachines, states:ListTagsForResource,
states:ListExecutions, states:DescribeExecution and states:GetExecutionHistory.

Exit codes: 0, or 64 for wrong usage.

Examples:
  duckstep executions --status failed
  duckstep executions 20261121T010203-k3f9
  duckstep executions --stage prod --status failed`;

interface Options extends PipelineOptions {
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
    .option('--limit <n>', 'show at most n', String(DEFAULT_LIMIT))
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
  const pipeline = await pipelineOf(session, options);
  const { executions, more, cost } = await pipeline.executions({ status: options.status, limit });
  if (options.json === true) {
    terminal.print(JSON.stringify(executions, null, 2));
    return;
  }
  if (executions.length > 0) terminal.print(renderExecutions(executions, terminal).join('\n'));
  const total = executions.length > 0 ? `, ${costText(cost)} in all` : '';
  terminal.print(
    `${counted(executions.length, 'execution')}${total}${more ? '; there are more (--limit)' : ''}`,
  );
};

const show = async (session: Session, options: Options, id: string): Promise<void> => {
  const { terminal } = session;
  const pipeline = await pipelineOf(session, options);
  const execution = await pipeline.execution(id);
  if (execution === undefined)
    throw new UsageError(`There is no execution ${id}. \`duckstep executions\` lists them.`);
  terminal.print(
    options.json === true
      ? JSON.stringify(execution, null, 2)
      : renderExecution(execution, terminal, options.stage),
  );
};
