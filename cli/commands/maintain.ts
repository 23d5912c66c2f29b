import type { Command } from 'commander';
import { stageCatalog } from '../../operate/aws/catalog.ts';
import { openStage } from '../../operate/aws/open.ts';
import { DAY_MS } from '../../shared/base/time.ts';
import { UsageError } from '../../shared/errors.ts';
import { GRACE_MS } from '../../shared/lake/table/upkeep/orphans.ts';
import { type MaintainedTable, type MaintainOptions, maintain } from '../../shared/maintenance/maintain.ts';
import { maintenanceReport } from '../../shared/maintenance/maintenance-report.ts';
import { renderTable } from '../render/table.ts';
import { during } from '../render/terminal.ts';
import { count } from '../render/text.ts';
import { EXIT, openWorkspace, type Session } from '../session.ts';

const GRACE_DAYS = GRACE_MS / DAY_MS;

const HELP = `
Merges small files, lets old snapshots go, and removes files that no snapshot refers to. Rows stay as they are, and
nobody has to stop for it. Deployed, it runs by itself on a schedule; with --stage it runs here, on that stage's lake.

A failed run may be redriven for 14 days, and what it has written lies there, unnamed, until then: files are only removed
once they are older than --grace-days. On a laptop fewer are fine where nothing runs and nothing is to be redriven.

Exit codes: 0, 1 when a table could not be maintained, the others still are, 64 for wrong usage.

Examples:
  duckstep maintain --dry-run
  duckstep maintain --stage prod --json`;

interface Options {
  lake: string;
  stage?: string;
  dryRun?: true;
  graceDays: string;
  json?: true;
}

export const addMaintain = (program: Command, session: Session): void => {
  program
    .command('maintain')
    .description('merge small files, expire snapshots, remove what nothing refers to')
    .option('--stage <stage>', 'the lake on AWS, not the one on this machine')
    .option('--dry-run', 'only say what would be done')
    .option('--grace-days <n>', 'remove files that are older', String(GRACE_DAYS))
    .option('--json', 'print the tables as JSON')
    .addHelpText('after', HELP)
    .action(async (_, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const graceMs = graceOf(options);
      const { terminal } = session;
      const { lake, config } = openWorkspace(session, options.lake);
      const stage =
        options.stage === undefined
          ? {}
          : {
              lake: (await openStage(session, options.stage)).lake,
              catalog: stageCatalog(options.stage, session.env),
            };
      const work: MaintainOptions = {
        lake,
        config,
        ...stage,
        graceMs,
        ...(options.dryRun && { dryRun: true }),
      };
      const done = await during(terminal, 'Maintaining tables', () => maintain(work));
      const { tables, failure } = maintenanceReport(done);
      terminal.print(
        options.json === true
          ? JSON.stringify(tables, null, 2)
          : renderTable(COLUMNS, done.map(line), {
              ...(terminal.width !== undefined && { width: terminal.width }),
              style: (style, text) => terminal.style(style, text),
            }).join('\n'),
      );
      for (const { zone, table, error } of tables)
        if (error !== undefined) terminal.note(`${zone}.${table}: ${error.name}: ${error.message}`);
      if (failure !== undefined) session.exitCode = EXIT.failed;
    });
};

/** On AWS others may redrive at any time. */
const graceOf = ({ graceDays, stage }: Options): number => {
  const least = stage === undefined ? 0 : GRACE_DAYS;
  const days = Number(graceDays);
  if (/^\d+(\.\d+)?$/.test(graceDays) && days >= least) return days * DAY_MS;
  throw new UsageError(
    `--grace-days takes a number of days, at least ${least}${stage === undefined ? '' : ' with --stage'}, not "${graceDays}".`,
  );
};

const COLUMNS = ['table', 'files', 'rows', 'snapshots expired', 'orphans removed', 'bytes freed'].map(
  (name, i) => ({ name, right: i > 0 }),
);

const line = ({ zone, table, summary, error }: MaintainedTable): string[] => {
  const name = `${zone}.${table}${error === undefined ? '' : ' (failed)'}`;
  if (summary === undefined) return [name];
  return [
    name,
    change(summary.files_before, summary.files_after),
    change(summary.rows_before, summary.rows_after),
    count(summary.snapshots_expired),
    count(summary.orphans_removed),
    count(summary.bytes_freed),
  ];
};

/** `200 → 3`, or the number that stayed. */
const change = (before: number, after: number): string =>
  before === after ? count(after) : `${count(before)} → ${count(after)}`;
