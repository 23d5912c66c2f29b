import type { Command } from 'commander';
import { openStage } from '../../operate/aws/open.ts';
import { loadAll } from '../../shared/contract/load.ts';
import { UsageError } from '../../shared/errors.ts';
import { Table } from '../../shared/lake/table/commit/table.ts';
import { historyOf } from '../../shared/query/history.ts';
import { fullName, type LakeTable, lakeTables } from '../../shared/query/lake-tables.ts';
import { leaveOut } from '../../shared/query/warehouse.ts';
import { loadGoldModels } from '../../shared/stages/load-to-gold/gold/model-header.ts';
import { positiveInteger } from '../process-files.ts';
import { renderHistory } from '../render/history.ts';
import { counted } from '../render/text.ts';
import { openWorkspace, type Session } from '../session.ts';

const HELP = `
The snapshots of a table, the newest first: each commit leaves one. Kept are the newest 60, and of those before the last
of each hour for a day and of each day for 30 days. Rows are those that a query sees; added and removed ones are counted
as they lie in files, where rows may be hidden by later ones of the same primary key. Times are UTC.

The id of a snapshot, or a time, is what \`duckstep query --at\` takes.

Exit codes: 0, or 64 for wrong usage.

Examples:
  duckstep history silver.signups
  duckstep history daily_metrics --limit 5
  duckstep history gold.daily_metrics --stage prod --json`;

interface Options {
  lake: string;
  stage?: string;
  limit?: string;
  json?: true;
}

export const addHistory = (program: Command, session: Session): void => {
  program
    .command('history')
    .description('list the snapshots of a table, the newest first')
    .argument('<table>', 'silver.<dataset> or gold.<model>; the name alone where only one is called so')
    .option('--limit <n>', 'at most so many')
    .option('--stage <stage>', 'the lake on AWS, not the one on this machine')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(async (name: string, _, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const { terminal } = session;
      const limit = options.limit === undefined ? undefined : positiveInteger(options.limit, '--limit');
      const workspace = openWorkspace(session, options.lake);
      const lake =
        options.stage === undefined ? workspace.lake : (await openStage(session, options.stage)).lake;
      const { sqlDir } = workspace.config;
      const report = leaveOut(terminal);
      const contracts = await loadAll(sqlDir, report);
      const models = await loadGoldModels(sqlDir, undefined, report);
      const table = tableCalled(name, lakeTables(lake, contracts, models));
      const newest = await new Table(table.store, table.name).current();
      const entries = newest === undefined ? [] : historyOf(newest);
      const shown = entries.slice(0, limit);
      if (options.json === true) {
        terminal.print(JSON.stringify(shown, null, 2));
        return;
      }
      if (newest === undefined) {
        terminal.print(`Nothing is committed to ${fullName(table)} yet.`);
        return;
      }
      terminal.print(renderHistory(shown, terminal).join('\n'));
      const gone = newest.version - entries.length;
      terminal.print(
        [
          counted(entries.length, 'snapshot'),
          ...(shown.length < entries.length ? [`${shown.length} shown (--limit)`] : []),
          ...(gone > 0 ? [`${counted(gone, 'older one')} no longer kept`] : []),
        ].join(', '),
      );
    });
};

/** SQL does not tell names apart by case, and neither does this. */
const tableCalled = <T extends LakeTable>(text: string, tables: readonly T[]): T => {
  const wanted = text.toLowerCase();
  const found = tables.filter(
    (table) => fullName(table).toLowerCase() === wanted || table.name.toLowerCase() === wanted,
  );
  const [table] = found;
  const names = (found.length > 1 ? found : tables).map(fullName).toSorted().join(', ');
  if (found.length > 1) throw new UsageError(`There are several tables ${text}: say which of ${names}.`);
  if (table === undefined)
    throw new UsageError(`There is no table ${text} with a history. There are ${names || 'none'}.`);
  return table;
};
