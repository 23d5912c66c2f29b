import type { Command } from 'commander';
import { counted } from '../../shared/base/text.ts';
import { given, positiveInteger } from '../base/numbers.ts';
import { type PipelineOptions, pipelineOf, type Session } from '../base/session.ts';
import { renderHistory } from '../render/history.ts';
import { withProgress } from '../render/progress.ts';

const HELP = `
The snapshots of a table, the newest first: each commit makes one. The newest 60 are kept, and of older ones the last of
each hour for a day and the last of each day for 30 days. "rows" are those that a query sees; "added" and "removed" count
rows as they lie in files, where later rows of the same primary key may hide some. Times are UTC.

\`duckstep query --at\` takes the id of a snapshot, or a time.

Exit codes: 0, or 64 for wrong usage.

Examples:
  duckstep history silver.signups
  duckstep history daily_metrics --limit 5
  duckstep history gold.daily_metrics --stage prod --json`;

interface Options extends PipelineOptions {
  limit?: string;
  json?: true;
}

export const addHistory = (program: Command, session: Session): void => {
  program
    .command('history')
    .description('list the snapshots of a table, the newest first')
    .argument('<table>', 'silver.<dataset> or gold.<model>; the name alone where only one table has it')
    .option('--limit <n>', 'show at most n')
    .option('--stage <stage>', 'the lake on AWS, not the one on this machine')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(async (name: string, _, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const { terminal } = session;
      const limit = given(options.limit, (text) => positiveInteger(text, '--limit'));
      const pipeline = await pipelineOf(session, options);
      const { table, entries, kept, committed } = await withProgress(terminal, (observe) =>
        pipeline.history(name, { limit, observe }),
      );
      if (options.json === true) {
        terminal.print(JSON.stringify(entries, null, 2));
        return;
      }
      if (committed === 0) {
        terminal.print(`Nothing is committed to ${table} yet.`);
        return;
      }
      terminal.print(renderHistory(entries, terminal).join('\n'));
      const expired = committed - kept;
      terminal.print(
        [
          counted(kept, 'snapshot'),
          ...(entries.length < kept ? [`${entries.length} shown (--limit)`] : []),
          ...(expired > 0 ? [`${counted(expired, 'older one')} no longer kept`] : []),
        ].join(', '),
      );
    });
};
