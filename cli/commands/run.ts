import type { Command } from 'commander';
import { uploadsOf } from '../../operate/uploads.ts';
import { FORMATS_HELP } from '../../shared/formats/formats.ts';
import { exitCodeOf, printOutcomes } from '../base/outcomes.ts';
import { type PipelineOptions, pipelineOf, type Session } from '../base/session.ts';
import { withProgress } from '../render/progress.ts';

const HELP = `
Files are copied one after the other, in the order given: of two rows with one key the later file's wins.

With --stage, the files go into that stage's raw bucket on AWS, and the command waits until their executions have ended;
needs s3:PutObject and s3:GetObject, and what \`executions\` needs. Ctrl-C ends the wait; the executions go on.

Exit codes: 0 all loaded, 1 an execution failed, 2 rows or whole files went to quarantine, 64 wrong usage.

Examples:
  duckstep run export.csv --dataset signups
  duckstep run export.csv --dataset signups --stage dev`;

interface Options extends PipelineOptions {
  dataset: string;
  json?: true;
}

export const addRun = (program: Command, session: Session): void => {
  program
    .command('run')
    .description("copy files into the lake's raw folder and process them")
    .argument('<file...>', FORMATS_HELP)
    .requiredOption('--dataset <name>', 'the dataset they belong to: a folder under sql/')
    .option('--stage <stage>', 'on AWS, not on this machine')
    .option('--json', 'print the outcomes as JSON')
    .addHelpText('after', HELP)
    .action(async (files: string[], _, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const { terminal } = session;
      const uploads = await uploadsOf(files, options.dataset);
      const pipeline = await pipelineOf(session, options);
      const outcomes = await withProgress(terminal, (observe) => pipeline.run(uploads, { observe }));
      printOutcomes(terminal, outcomes, options.json === true);
      session.exitCode = exitCodeOf(outcomes);
    });
};
