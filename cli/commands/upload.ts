import type { Command } from 'commander';
import { openStage } from '../../operate/aws/open.ts';
import { FORMATS_HELP } from '../../shared/formats/formats.ts';
import { during } from '../render/terminal.ts';
import { count } from '../render/text.ts';
import type { Session } from '../session.ts';
import { uploadsOf, withoutIgnored } from './run.ts';

const HELP = `
One after the other, in the order given: of two rows with one key the later file's wins. S3's event starts an
execution for each; \`duckstep executions --stage STAGE\` shows them.

Exit codes: 0, 1 when an upload fails, 64 for wrong usage.

Example:
  duckstep upload export.csv --dataset signups --stage prod`;

export const addUpload = (program: Command, session: Session): void => {
  program
    .command('upload')
    .description("copy files into a stage's raw bucket on AWS, where they are processed")
    .argument('<file...>', FORMATS_HELP)
    .requiredOption('--dataset <name>', 'the dataset they belong to: a folder under sql/')
    .requiredOption('--stage <stage>', 'the stage that `sls deploy --stage` made')
    .addHelpText('after', HELP)
    .action(async (files: string[], { dataset, stage }: { dataset: string; stage: string }) => {
      const { terminal } = session;
      const uploads = withoutIgnored(terminal, await uploadsOf(files, dataset));
      const { raw } = (await openStage(session, stage)).lake;
      for (const { file, key } of uploads) {
        const size = await during(terminal, `Uploading ${file}`, () => raw.upload(file, key));
        terminal.print(`s3://${raw.name}/${key}  ${count(size)} bytes`);
      }
    });
};
