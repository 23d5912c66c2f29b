import type { Command } from 'commander';
import { UsageError } from '../../shared/errors.ts';
import { type PipelineOptions, pipelineOf, type Session } from '../base/session.ts';
import { withProgress } from '../render/progress.ts';
import { renderReceipt } from '../render/receipt.ts';

const HELP = `
Removes rows for good, for requests of erasure: the rows that fulfil the condition leave silver and gold, all earlier
snapshots of these tables, quarantine, and what runs have staged. The files that held them are written again without them
and deleted. There is no way back: time travel ends at this commit. A row of the same key that does not fulfil the
condition, and was hidden by one that does, shows again.

The condition is SQL over the columns of the silver table. Its text is in no log; the receipt has a hash of it, and counts.
Raw versions that brought the rows are listed. As long as they are there, \`replay\` under another contract and \`rebuild\`
bring the rows back: --raw deletes those whose other rows are in silver. A redrive of an execution of the dataset that ended
before finds nothing staged any more.

An interrupted request goes on with the same command. Do not call \`maintain\` meanwhile. With --stage it runs here, on that
stage's lake: every data file of the dataset is downloaded. Needs what \`maintain --stage\` needs, s3:ListBucketVersions
and s3:DeleteObjectVersion on all four buckets, and s3:PutObject and s3:DeleteObject on quarantine.

Exit codes: 0 done, 1 interrupted or failed, 64 wrong usage.

Examples:
  duckstep forget signups --where "email = 'ada@example.com'" --dry-run
  duckstep forget signups --where "email = 'ada@example.com'" --raw --note "request 17" --yes`;

interface Options extends PipelineOptions {
  where: string;
  note?: string;
  quarantineText?: string;
  raw?: true;
  dryRun?: true;
  yes?: true;
  json?: true;
}

export const addForget = (program: Command, session: Session): void => {
  program
    .command('forget')
    .description('remove rows for good, with their history')
    .argument('<dataset>')
    .requiredOption('--where <condition>', 'SQL over the columns of the silver table')
    .option('--raw', 'delete the raw versions too, where their other rows are in silver')
    .option('--quarantine-text <text>', 'remove records in quarantine whose text contains this')
    .option('--note <text>', 'a text for the receipt, like the number of a ticket')
    .option('--dry-run', 'change nothing, and count')
    .option('--yes', 'required unless it is a dry run: there is no way back')
    .option('--stage <stage>', 'the lake on AWS, not the one on this machine')
    .option('--json', 'print the receipt as JSON')
    .addHelpText('after', HELP)
    .action(async (dataset: string, _, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const { where, note, quarantineText, raw, dryRun, yes } = options;
      if (dryRun !== true && yes !== true)
        throw new UsageError(
          'forget removes rows for good. See what it would do with --dry-run; then say --yes.',
        );
      const pipeline = await pipelineOf(session, options);
      const receipt = await withProgress(session.terminal, (observe) =>
        pipeline.forget(dataset, where, { note, quarantineText, raw, dryRun, observe }),
      );
      const lines = options.json === true ? [JSON.stringify(receipt, null, 2)] : renderReceipt(receipt);
      for (const line of lines) session.terminal.print(line);
    });
};
