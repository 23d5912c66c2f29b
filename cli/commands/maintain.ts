import type { Command } from 'commander';
import type { PipelineEvent } from '../../operate/events.ts';
import type { Pipeline } from '../../operate/pipeline.ts';
import { DAY_MS } from '../../shared/base/time.ts';
import { UsageError } from '../../shared/errors.ts';
import { GRACE_MS } from '../../shared/lake/table/upkeep/orphans.ts';
import { given, positiveNumber } from '../base/numbers.ts';
import { EXIT, type PipelineOptions, pipelineOf, type Session } from '../base/session.ts';
import { renderMaintained } from '../render/maintained.ts';
import { withElapsed } from '../render/terminal.ts';

const GRACE_DAYS = GRACE_MS / DAY_MS;

const HELP = `
Puts run records into their table (gold._runs), merges small files, expires old snapshots, and removes files that no snapshot
refers to. Rows stay as they are, and files may be loaded meanwhile. Deployed, it runs by itself on a schedule; with --stage it runs here, on that stage's lake.

A failed run may be redriven for 14 days. Until then it needs the files that it has written, though no snapshot refers to
them: a file is only removed once it is older than --grace-days. On a laptop fewer days are fine where nothing runs and
nothing is to be redriven.

On this machine it also says how many files of the last days never ran (DUCKSTEP_MISSING_DAYS), and how to run them; the
deployed one starts them.
With --quarantine-days, refused rows and reports that are older are removed as well, also those of files that are still
refused; their runs stay in \`runs\`. On AWS, the parameter quarantineDays has S3 do so.

Exit codes: 0, 1 when a table could not be maintained (the others still are), 64 for wrong usage.

Examples:
  duckstep maintain --dry-run
  duckstep maintain --quarantine-days 90
  duckstep maintain --stage prod --json`;

interface Options extends PipelineOptions {
  dryRun?: true;
  graceDays: string;
  quarantineDays?: string;
  json?: true;
}

export const addMaintain = (program: Command, session: Session): void => {
  program
    .command('maintain')
    .description('merge small files, expire snapshots, remove files that no snapshot refers to')
    .option('--stage <stage>', 'the lake on AWS, not the one on this machine')
    .option('--dry-run', 'change nothing, and show what would be done')
    .option('--grace-days <n>', 'remove files that are older', String(GRACE_DAYS))
    .option('--quarantine-days <n>', 'remove refused rows and reports that are older (default: keep them)')
    .option('--json', 'print the tables as JSON')
    .addHelpText('after', HELP)
    .action(async (_, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const { terminal } = session;
      const pipeline = await pipelineOf(session, options);
      const graceMs = graceOf(options.graceDays, pipeline);
      const remarks: string[] = [];
      const observe = (event: PipelineEvent): unknown => event.type === 'remark' && remarks.push(event.text);
      const quarantineDays = given(options.quarantineDays, (text) =>
        positiveNumber(text, '--quarantine-days'),
      );
      const tables = await withElapsed(terminal, 'Maintaining tables', () =>
        pipeline.maintain({ graceMs, quarantineDays, dryRun: options.dryRun === true, observe }),
      );
      terminal.print(
        options.json === true
          ? JSON.stringify(tables, null, 2)
          : renderMaintained(tables, terminal).join('\n'),
      );
      for (const text of remarks) terminal.note(text);
      for (const { zone, table, error } of tables)
        if (error !== undefined) terminal.note(`${zone}.${table}: ${error.name}: ${error.message}`);
      if (tables.some(({ error }) => error !== undefined)) session.exitCode = EXIT.failed;
    });
};

const graceOf = (text: string, { minGraceMs }: Pipeline): number => {
  const days = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && days * DAY_MS >= minGraceMs) return days * DAY_MS;
  const where = minGraceMs > 0 ? ' with --stage' : '';
  throw new UsageError(
    `--grace-days takes a number of days, at least ${minGraceMs / DAY_MS}${where}, not "${text}".`,
  );
};
