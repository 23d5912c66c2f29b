import path from 'node:path';
import type { Command } from 'commander';
import type { Outcome } from '../../operate/outcome.ts';
import { sampleFiles } from '../../operate/samples.ts';
import { count, counted } from '../../shared/base/text.ts';
import { ident } from '../../shared/engine/sql.ts';
import { listTables, withWarehouse } from '../../shared/query/warehouse.ts';
import { processFiles } from '../process-files.ts';
import { dollars } from '../render/dollars.ts';
import { renderOutcome } from '../render/outcome.ts';
import { resultCells, resultColumns } from '../render/result.ts';
import { renderTable } from '../render/table.ts';
import type { Terminal } from '../render/terminal.ts';
import { fraction } from '../render/text.ts';
import { openWorkspace, type Session } from '../session.ts';

const HELP = `
Real data, and real dirt: months of sign-ups, Seattle's weather, 3,201 films, 3 million flights. Some rows and one
whole file end in quarantine, as they should.

Exit codes: 0 when every execution ended well, 1 when one failed, 64 for wrong usage.

Example:
  duckstep demo && duckstep query "select * from runs"`;

const PREVIEW_ROWS = 5;

export const addDemo = (program: Command, session: Session): void => {
  program
    .command('demo')
    .description('process sample files, and show what became of them')
    .option('--json', 'print the outcomes as JSON, without the tables')
    .addHelpText('after', HELP)
    .action(async (_, command: Command) => {
      const { lake, json } = command.optsWithGlobals<{ lake: string; json?: true }>();
      const { terminal } = session;
      const uploads = await sampleFiles(session.root);
      if (json !== true)
        terminal.print(`${counted(uploads.length, 'file')} into ${path.join(lake, 'raw')}\n`);
      const outcomes = await processFiles(session, lake, uploads, (outcome) => {
        if (json !== true) terminal.print(`${renderOutcome(outcome, terminal)}\n`);
      });
      if (json === true) terminal.print(JSON.stringify(outcomes, null, 2));
      else {
        await printGold(session, lake);
        printSummary(terminal, outcomes);
      }
      session.exitCode = outcomes.some((outcome) => outcome.verdict === 'failed') ? 1 : 0;
    });
};

/** The first rows of every gold table. */
const printGold = async (session: Session, lake: string): Promise<void> => {
  const { terminal } = session;
  await withWarehouse(openWorkspace(session, lake), async (db) => {
    for (const { schema, name } of (await listTables(db)).filter((table) => table.schema === 'gold')) {
      const table = `${ident(schema)}.${ident(name)}`;
      const { rows } = await db.one<{ rows: number }>(`SELECT count(*) AS rows FROM ${table}`);
      const columns = resultColumns(await db.describe(`FROM ${table}`));
      const first = await db.all(`FROM ${table} ORDER BY ALL LIMIT ${PREVIEW_ROWS}`);
      terminal.print(terminal.style('cyan', `gold.${name}, ${counted(rows, 'row')}`));
      const cells = first.map((row) => resultCells(columns, row));
      terminal.print(`${renderTable(columns, cells, terminal).join('\n')}\n`);
    }
  });
};

const printSummary = (terminal: Terminal, outcomes: readonly Outcome[]): void => {
  const columns = [
    'file',
    'verdict',
    'score',
    'read',
    'accepted',
    'rejected',
    'duplicate',
    'filtered',
    'silver',
    'cost',
  ];
  const rows = outcomes.map(({ key, verdict, score, rows, cost }) => [
    key,
    verdict,
    score === null ? undefined : fraction(score),
    ...(['read', 'accepted', 'rejected', 'duplicate', 'filtered', 'silver'] as const).map((name) =>
      rows === null ? undefined : count(rows[name]),
    ),
    dollars(cost.usd),
  ]);
  const table = renderTable(
    columns.map((name, i) => ({ name, right: i > 1 })),
    rows,
    terminal,
  );
  terminal.print(table.join('\n'));
  terminal.print(`\nGo on with: npx duckstep query "select * from runs"`);
};
