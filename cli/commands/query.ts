import { type Command, Option } from 'commander';
import { isOneStatement } from '../../shared/contract/sql-text.ts';
import { UsageError } from '../../shared/errors.ts';
import type { Warehouse } from '../../shared/query/warehouse.ts';
import { parseWhen } from '../../shared/query/when.ts';
import { given, positiveInteger } from '../base/numbers.ts';
import { type PipelineOptions, pipelineOf, type Session } from '../base/session.ts';
import { renderExport } from '../render/export.ts';
import { withProgress } from '../render/progress.ts';
import { printResult, type ResultFormat } from '../render/query-result.ts';
import { withElapsed } from '../render/terminal.ts';

const HELP = `
DuckDB's SQL over silver.<dataset>, gold.<model>, quarantine.<dataset> and runs, as last committed. quarantine has the refused
rows that still stand; quarantine_history.<dataset> has those of earlier versions and runs too.
With --stage, over that stage's lake on AWS: the files of the tables that the query names are fetched first. Where the
query has a simple WHERE (columns compared with constants, joined by AND), only files that may hold such rows are
fetched.

With --at, silver and gold are shown as they were then, with the columns that they had, and runs that had finished by
then. It takes a time with its zone, a date (the end of that day in UTC), or a snapshot's id: that snapshot of its
table, the others as of its time. \`duckstep history TABLE\` lists what is kept. Quarantine shows the refused rows of the runs
that stood then, as far as they are kept.

Exit codes: 0, 1 when the query fails, 64 for wrong usage.

Examples:
  duckstep query "select * from runs"
  duckstep query "from gold.daily_metrics" --format csv > metrics.csv
  duckstep query "from silver.signups" --at 2026-11-20
  duckstep query --export warehouse.duckdb
  duckstep query --stage prod "select status, count(*) from runs group by all"`;

interface Options extends PipelineOptions {
  format: ResultFormat;
  json?: true;
  limit?: string;
  export?: string;
  at?: string;
}

export const addQuery = (program: Command, session: Session): void => {
  program
    .command('query')
    .description('query the lake in SQL')
    .argument('[sql]', 'one statement')
    .addOption(
      new Option('--format <format>', 'of the result').choices(['table', 'csv', 'json']).default('table'),
    )
    .option('--json', 'the same as --format json')
    .option('--limit <n>', 'show at most n rows')
    .option('--export <file>', 'write all tables into a DuckDB database; replaces the file')
    .option('--at <when>', 'as of a time, a day or a snapshot')
    .option('--stage <stage>', 'the lake on AWS, not the one on this machine')
    .addHelpText('after', HELP)
    .action(async (sql: string | undefined, _, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      if (sql === undefined && options.export === undefined)
        throw new UsageError('Give a query in quotes, or --export FILE.');
      if (sql !== undefined && !isOneStatement(sql))
        throw new UsageError('Give one statement: of several, only one result could be shown.');
      await query(session, options, sql);
    });
};

const query = async (session: Session, options: Options, sql: string | undefined): Promise<void> => {
  const { terminal } = session;
  const limit = given(options.limit, (text) => positiveInteger(text, '--limit'));
  const at = given(options.at, parseWhen);
  const format = options.json === true ? 'json' : options.format;
  const target = options.export;
  const work = async (warehouse: Warehouse): Promise<void> => {
    if (target !== undefined) {
      const tables = await withElapsed(terminal, `Writing ${target}`, () => warehouse.export(target));
      terminal.note([...renderExport(tables), `written to ${target}`].join('\n'));
    }
    if (sql !== undefined)
      await printResult(terminal, warehouse, sql, { format, ...(limit !== undefined && { limit }) });
  };
  const pipeline = await pipelineOf(session, options);
  // An export needs all tables; a query alone only those that it names.
  const only = target === undefined ? sql : undefined;
  await withProgress(terminal, (observe) => pipeline.query({ sql: only, at, observe }, work));
};
