import path from 'node:path';
import type { Command } from 'commander';
import type { Outcome } from '../../operate/outcome.ts';
import { sampleFiles } from '../../operate/samples.ts';
import { count, counted } from '../../shared/base/text.ts';
import { ident } from '../../shared/engine/sql.ts';
import type { Warehouse } from '../../shared/query/warehouse.ts';
import { EXIT, pipelineOf, type Session } from '../base/session.ts';
import { dollars } from '../render/dollars.ts';
import { renderOutcome } from '../render/outcome.ts';
import { withProgress } from '../render/progress.ts';
import { resultCells, resultColumns } from '../render/result.ts';
import { renderTable } from '../render/table.ts';
import type { Terminal } from '../render/terminal.ts';
import { fraction } from '../render/text.ts';

const HELP = `
Real data with real mistakes: months of sign-ups, Seattle's weather, 3,201 films, 3 million flights. Some rows and one
whole file go to quarantine, as they should.

Exit codes: 0 when every execution ended well, 1 when one failed, 64 for wrong usage.

Example:
  duckstep demo && duckstep query "select * from runs"`;

const PREVIEW_ROWS = 5;

export const addDemo = (program: Command, session: Session): void => {
  program
    .command('demo')
    .description('process sample files, and show the result of each')
    .option('--json', 'print the outcomes as JSON, without the tables')
    .addHelpText('after', HELP)
    .action(async (_, command: Command) => {
      const { lake, json } = command.optsWithGlobals<{ lake: string; json?: true }>();
      const { terminal } = session;
      const pipeline = await pipelineOf(session, { lake });
      const uploads = await sampleFiles(session.root);
      if (json !== true)
        terminal.print(`${counted(uploads.length, 'file')} into ${path.join(lake, 'raw')}\n`);
      const outcomes = await withProgress(
        terminal,
        (observe) => pipeline.run(uploads, { observe }),
        (event) => {
          if (event.type === 'outcome' && json !== true)
            terminal.print(`${renderOutcome(event.outcome, terminal)}\n`);
        },
      );
      if (json === true) terminal.print(JSON.stringify(outcomes, null, 2));
      else {
        await pipeline.query({}, (warehouse) => printGold(terminal, warehouse));
        printSummary(terminal, outcomes);
      }
      session.exitCode = outcomes.some((outcome) => outcome.verdict === 'failed') ? EXIT.failed : EXIT.ok;
    });
};

/** The first rows of every gold table. */
const printGold = async (terminal: Terminal, warehouse: Warehouse): Promise<void> => {
  for (const { schema, name } of (await warehouse.tables()).filter((table) => table.schema === 'gold')) {
    const result = await warehouse.result(`FROM ${ident(schema)}.${ident(name)} ORDER BY ALL`);
    const rows = await result.read(0, PREVIEW_ROWS);
    terminal.print(terminal.style('cyan', `gold.${name}, ${counted(result.rows, 'row')}`));
    const cells = rows.map((row) => resultCells(result.columns, row));
    terminal.print(`${renderTable(resultColumns(result.columns), cells, terminal).join('\n')}\n`);
  }
};

const COLUMNS = [
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
].map((name, i) => ({ name, right: i > 1 }));

const printSummary = (terminal: Terminal, outcomes: readonly Outcome[]): void => {
  const rows = outcomes.map(({ key, verdict, score, rows, cost }) => [
    key,
    verdict,
    score === null ? undefined : fraction(score),
    ...(['read', 'accepted', 'rejected', 'duplicate', 'filtered', 'silver'] as const).map((name) =>
      rows === null ? undefined : count(rows[name]),
    ),
    dollars(cost.usd),
  ]);
  terminal.print(renderTable(COLUMNS, rows, terminal).join('\n'));
  terminal.print(`\nGo on with: npx duckstep query "select * from runs"`);
};
