import type { Command } from 'commander';
import { type PipelineOptions, pipelineOf, type Session } from '../base/session.ts';
import { withProgress } from '../render/progress.ts';
import { renderRemoved } from '../render/removed.ts';

const HELP = `
A key is that of a file in raw: orders/2024-05.csv. A prefix ends in "/": orders/2024/ is every file below it.

The rows of the files leave silver and gold, in one commit for each dataset, which \`duckstep history\` shows; rows of other
files that theirs superseded show again. The files leave raw: on AWS they get a delete marker, on a laptop their versions
stay in raw/.versions. A late event, an execution under way and a redrive do not bring them back. A file that is uploaded
later is loaded. A command that was interrupted is finished by the next \`remove\` or \`maintain\`.

With --stage it runs here, on that stage's lake; needs the rights of docs/remove-policy.json.

Exit codes: 0, 1 failed, 64 wrong usage, or nothing to remove.

Examples:
  duckstep remove orders/2024-05.csv --dry-run
  duckstep remove orders/2024/ --stage prod`;

interface Options extends PipelineOptions {
  keepRaw?: true;
  dryRun?: true;
  json?: true;
}

export const addRemove = (program: Command, session: Session): void => {
  program
    .command('remove')
    .description('take files and their rows out of the lake')
    .argument('<key...>', 'keys of files in raw, or prefixes that end in "/"')
    .option('--keep-raw', 'leave the files in raw')
    .option('--dry-run', 'change nothing, and show what would be removed')
    .option('--stage <stage>', 'the lake on AWS, not the one on this machine')
    .option('--json', 'print the files as JSON')
    .addHelpText('after', HELP)
    .action(async (keys: string[], _, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const { terminal } = session;
      const pipeline = await pipelineOf(session, options);
      const dryRun = options.dryRun === true;
      const keepRaw = options.keepRaw === true;
      const reports = await withProgress(terminal, (observe) =>
        pipeline.remove(keys, { observe, keepRaw, dryRun }),
      );
      terminal.print(
        options.json === true
          ? JSON.stringify(reports, null, 2)
          : renderRemoved(reports, { ...terminal, dryRun }).join('\n'),
      );
    });
};
