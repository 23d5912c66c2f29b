import type { Command } from 'commander';
import { DEFAULT_REFUSALS } from '../../operate/refusals.ts';
import { counted } from '../../shared/base/text.ts';
import { positiveInteger } from '../base/numbers.ts';
import { type PipelineOptions, pipelineOf, type Session } from '../base/session.ts';
import { withProgress } from '../render/progress.ts';
import { renderRefusal, renderReport } from '../render/quarantine.ts';

const HELP = `
The files that were refused whole, and those with refused rows, the newest run first: the rules, and the values that each
refused most often. Values of columns that the contract classifies (other than public or internal) are not shown.

Listed are the runs that stand: of each file the newest version, and of that version its last run. --history lists the
others too, such as the version that a corrected file has replaced. The rows themselves are in the tables
quarantine.<dataset> and quarantine_history.<dataset>. Executions that are under way or failed have no run yet: see
\`duckstep executions\`.

Exit codes: 0, or 64 for wrong usage.

Examples:
  duckstep quarantine
  duckstep quarantine signups --limit 5
  duckstep quarantine --key signups/2024-01.csv --history
  duckstep quarantine --run d5835dd2b1a426d11c9afd4e --stage prod`;

const NOTHING = 'Nothing is in quarantine that matches.';

interface Options extends PipelineOptions {
  key?: string;
  run?: string;
  history?: true;
  limit: string;
  json?: true;
}

export const addQuarantine = (program: Command, session: Session): void => {
  program
    .command('quarantine')
    .description('list what was refused, with the reasons and the refused values')
    .argument('[dataset]', 'only this one')
    .option('--key <key>', 'only the file of this key in raw')
    .option('--run <id>', 'the whole report of one run')
    .option('--history', 'also runs that do not stand any more')
    .option('--limit <n>', 'show at most n', String(DEFAULT_REFUSALS))
    .option('--stage <stage>', 'the lake on AWS, not the one on this machine')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(async (dataset: string | undefined, _, command: Command) => {
      const { key, run, history, json, ...options } = command.optsWithGlobals<Options>();
      const { terminal } = session;
      const limit = positiveInteger(options.limit, '--limit');
      const pipeline = await pipelineOf(session, options);
      const { refusals, more } = await withProgress(terminal, (observe) =>
        pipeline.quarantine({ dataset, key, run, history, limit, observe }),
      );
      if (json === true) {
        terminal.print(JSON.stringify(refusals, null, 2));
        return;
      }
      const render = run === undefined ? renderRefusal : renderReport;
      for (const refusal of refusals) terminal.print(render(refusal, terminal));
      if (refusals.length === 0) terminal.print(NOTHING);
      else if (run === undefined)
        terminal.print(`${counted(refusals.length, 'run')}${more ? '; there are more (--limit)' : ''}`);
    });
};
