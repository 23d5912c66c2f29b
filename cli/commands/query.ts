import { type Command, Option } from 'commander';
import { InvalidInput } from '../../shared/errors.ts';
import { positiveInteger } from '../process-files.ts';
import { printResult, type ResultFormat } from '../query-result.ts';
import { renderTable } from '../render/table.ts';
import { during } from '../render/terminal.ts';
import { count } from '../render/text.ts';
import { openWorkspace, type Session } from '../session.ts';
import { exportWarehouse, withWarehouse } from '../warehouse.ts';

const HELP = `
DuckDB's SQL over silver.<dataset>, gold.<model>, quarantine.<dataset> and runs, as last committed.

Exit codes: 0, 1 when the query fails, 64 for wrong usage.

Examples:
  duckstep query "select * from runs"
  duckstep query "from gold.daily_metrics" --format csv > metrics.csv
  duckstep query --export warehouse.duckdb`;

interface Options {
  lake: string;
  format: ResultFormat;
  json?: true;
  limit?: string;
  export?: string;
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
    .addHelpText('after', HELP)
    .action(async (sql: string | undefined, _, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      if (sql === undefined && options.export === undefined)
        throw new InvalidInput('Give a query in quotes, or --export FILE.');
      const limit = options.limit === undefined ? undefined : positiveInteger(options.limit, '--limit');
      const format = options.json === true ? 'json' : options.format;
      const { terminal } = session;
      const { export: target } = options;
      await withWarehouse(openWorkspace(session, options.lake), async (db) => {
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
      });
    });
};
