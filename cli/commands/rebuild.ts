import type { Command } from 'commander';
import type { Rebuilt } from '../../operate/rebuilt.ts';
import { counted } from '../../shared/base/text.ts';
import { EXIT, type PipelineOptions, pipelineOf, type Session } from '../base/session.ts';
import { stopSignal } from '../base/stop-signal.ts';
import { renderGold } from '../render/gold.ts';
import { withProgress } from '../render/progress.ts';

const HELP = `
Makes silver and gold of a dataset again from the files in raw, in the order of their uploads and under the contract as it is
now: after the primary key, the partitions or the type of a column changed, and where a table was lost. The new rows are
made beside the table, which can be read and loaded all the while; one commit puts them in its place. Of a file whose newest
version the contract refuses, the version before it is loaded. Files that \`remove\` took out, and versions that
\`rollback\` took out, stay out.

A rebuild that was interrupted goes on with the same command, as long as the contract is the same. It stops before it
begins where silver has rows of files that are not in raw any more; --drop-lost goes on without them. Do not call
\`maintain --grace-days 0\` meanwhile.

With --stage it runs here, file by file, on that stage's lake: every file of the dataset is downloaded. Needs what
\`maintain --stage\` needs, s3:ListBucketVersions and s3:GetObjectVersion on raw, and s3:PutObject on quarantine.

Exit codes: 0 all loaded, 1 interrupted or failed, 2 some files are in quarantine, 64 wrong usage.

Examples:
  duckstep rebuild signups --dry-run
  duckstep rebuild signups`;

interface Options extends PipelineOptions {
  dropLost?: true;
  dryRun?: true;
  json?: true;
}

export const addRebuild = (program: Command, session: Session): void => {
  program
    .command('rebuild')
    .description('make silver and gold of a dataset again from raw')
    .argument('<dataset>')
    .option('--dry-run', 'change nothing, and count the files')
    .option('--drop-lost', 'go on though rows leave whose files are not in raw any more')
    .option('--stage <stage>', 'the lake on AWS, not the one on this machine')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', HELP)
    .action(async (dataset: string, _, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const { terminal } = session;
      const { dropLost, dryRun } = options;
      const pipeline = await pipelineOf(session, options);
      const stop = new AbortController();
      void stopSignal().then(() =>
        stop.abort(new Error('Interrupted. The same command goes on from there.')),
      );
      const rebuilt = await withProgress(terminal, (observe) =>
        pipeline.rebuild(dataset, { dropLost, dryRun, signal: stop.signal, observe }),
      );
      if (options.json === true) terminal.print(JSON.stringify(rebuilt, null, 2));
      else for (const line of linesOf(rebuilt, dryRun === true)) terminal.print(line);
      if (rebuilt.files.refused > 0) session.exitCode = EXIT.quarantined;
    });
};

const linesOf = ({ dataset, resumed, files, silver_version, gold }: Rebuilt, dryRun: boolean): string[] => {
  const { loaded, refused, lost } = files;
  const without = lost === 0 ? [] : [`${counted(lost, 'file')} with rows in silver: not in raw any more.`];
  if (dryRun) return [`${counted(loaded, 'file')} of raw/${dataset}/ would be loaded.`, ...without];
  return [
    `silver.${dataset} was rebuilt${resumed ? ', going on where it was interrupted' : ''}: ${counted(loaded, 'file')} loaded, ${refused} in quarantine (version ${silver_version ?? 0}).`,
    ...without,
    ...renderGold(gold),
  ];
};
