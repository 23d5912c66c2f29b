import type { Command } from 'commander';
import { uploadsOf } from '../../operate/uploads.ts';
import { count } from '../../shared/base/text.ts';
import { FORMATS_HELP } from '../../shared/formats/formats.ts';
import { type PipelineOptions, pipelineOf, type Session } from '../base/session.ts';
import { withProgress } from '../render/progress.ts';

const HELP = `
Files are copied one after the other, in the order given: of two rows with one key the later file's wins. They are
processed by \`duckstep start\`, which may run already or be started later.

With --stage, they go into that stage's raw bucket on AWS, where each starts an execution;
\`duckstep executions --stage STAGE\` shows them.

Exit codes: 0, 1 when an upload fails, 64 for wrong usage.

Examples:
  duckstep upload export.csv --dataset signups
  duckstep upload export.csv --dataset signups --stage prod`;

export const addUpload = (program: Command, session: Session): void => {
  program
    .command('upload')
    .description("copy files into the lake's raw folder, without waiting for them to be processed")
    .argument('<file...>', FORMATS_HELP)
    .requiredOption('--dataset <name>', 'the dataset they belong to: a folder under sql/')
    .option('--stage <stage>', 'on AWS: the stage that `sls deploy --stage` made')
    .addHelpText('after', HELP)
    .action(async (files: string[], _, command: Command) => {
      const options = command.optsWithGlobals<PipelineOptions & { dataset: string }>();
      const { terminal } = session;
      const uploads = await uploadsOf(files, options.dataset);
      const pipeline = await pipelineOf(session, options);
      await withProgress(
        terminal,
        (observe) => pipeline.upload(uploads, { observe }),
        (event) => {
          if (event.type === 'uploaded')
            terminal.print(`${event.file.location}  ${count(event.file.bytes)} bytes`);
        },
      );
    });
};
