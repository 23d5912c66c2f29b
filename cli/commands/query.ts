import { type Command, Option } from 'commander';
import { openStage } from '../../operate/aws/open.ts';
import { count } from '../../shared/base/text.ts';
import { isOneStatement } from '../../shared/contract/sql-text.ts';
import type { Db } from '../../shared/engine/with-duckdb.ts';
import { UsageError } from '../../shared/errors.ts';
import type { AttachOptions } from '../../shared/query/attach.ts';
import { exportWarehouse, leaveOut, withWarehouse } from '../../shared/query/warehouse.ts';
import { parseWhen } from '../../shared/query/when.ts';
import { positiveInteger } from '../process-files.ts';
import { printResult, type ResultFormat } from '../query-result.ts';
import { renderTable } from '../render/table.ts';
import { during } from '../render/terminal.ts';
import { openWorkspace, type Session } from '../session.ts';

const HELP = `
DuckDB's SQL over silver.<dataset>, gold.<model>, quarantine.<dataset> and runs, as last committed.
With --stage, over that stage's lake on AWS: the files of the tables that the query names are fetched first. Of a table
that is read with a simple WHERE (columns compared with constants, joined by AND) only those that may hold such rows.

With --at, silver and gold are shown as they were then, with the columns that they had, and runs as far as they had
finished. It takes a time with its zone, a date (the end of that day in UTC), or a snapshot's id: that snapshot of its
table, the others as of its time. \`duckstep history TABLE\` lists what is kept. Quarantine has no history: it is shown
as it is.

Exit codes: 0, 1 when the query fails, 64 for wrong usage.

Examples:
  duckstep query "select * from runs"
  duckstep query "from gold.daily_metrics" --format csv > metrics.csv
  duckstep query "from silver.signups" --at 2026-11-20
  duckstep query --export warehouse.duckdb
  duckstep query --stage prod "select status, count(*) from runs group by all"`;

interface Options {
  lake: string;
  stage?: string;
  format: ResultFormat;
  json?: true;
  limit?: string;
  export?: string;
  at?: string;
}

export const addQuery = (program: Command, session: Session): void => {
  program
    .command('query')
    .description('ask the lake in SQL')
    .argument('[sql]', 'one statement')
    .addOption(
      new Option('--format <format>', 'of the result').choices(['table', 'csv', 'json']).default('table'),
    )
    .option('--json', 'the same as --format json')
    .option('--limit <n>', 'print at most so many rows')
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
      const limit = options.limit === undefined ? undefined : positiveInteger(options.limit, '--limit');
      const at = options.at === undefined ? undefined : parseWhen(options.at);
      const format = options.json === true ? 'json' : options.format;
      const { terminal } = session;
      const { export: target } = options;
      // A table must be named to be read; one that is named in vain costs its download only.
      const text = sql?.toLowerCase() ?? '';
      const wanted = (table: string): boolean => target !== undefined || text.includes(table.toLowerCase());
      const workspace = openWorkspace(session, options.lake);
      const lake =
        options.stage === undefined ? workspace.lake : (await openStage(session, options.stage)).lake;
      const work = async (db: Db): Promise<void> => {
        if (target !== undefined) {
          const tables = await during(terminal, `Writing ${target}`, () => exportWarehouse(db, target));
          const rows = tables.map(({ schema, name, rows }) => [
            schema === 'main' ? name : `${schema}.${name}`,
            count(rows),
          ]);
          const columns = [
            { name: 'table', right: false },
            { name: 'rows', right: true },
          ];
          terminal.note([...renderTable(columns, rows), `written to ${target}`].join('\n'));
        }
        if (sql !== undefined) await printResult(terminal, db, sql, { format, ...(limit && { limit }) });
      };
      // An export is to be whole; a question can be answered without tables that it does not ask for.
      const report = target === undefined ? leaveOut(terminal) : undefined;
      const attach: AttachOptions = {
        wanted,
        remark: (text) => terminal.note(text),
        ...(at !== undefined && { at }),
        ...(sql !== undefined && target === undefined && { sql }),
      };
      await withWarehouse({ lake, config: workspace.config }, work, attach, report);
    });
};
