import { Command, CommanderError, Option } from 'commander';
import { EXIT, type Session } from './base/session.ts';
import { addCost } from './commands/cost.ts';
import { addDemo } from './commands/demo.ts';
import { addExecutions } from './commands/executions.ts';
import { addForget } from './commands/forget.ts';
import { addHistory } from './commands/history.ts';
import { addInfer } from './commands/infer.ts';
import { addMaintain } from './commands/maintain.ts';
import { addQuarantine } from './commands/quarantine.ts';
import { addQuery } from './commands/query.ts';
import { addRebuild } from './commands/rebuild.ts';
import { addRedrive } from './commands/redrive.ts';
import { addRemove } from './commands/remove.ts';
import { addReplay } from './commands/replay.ts';
import { addRollback } from './commands/rollback.ts';
import { addRun } from './commands/run.ts';
import { addRuns } from './commands/runs.ts';
import { addStart } from './commands/start.ts';
import { addUpload } from './commands/upload.ts';

const HELP = `
Set DUCKSTEP_DEBUG=1 to see where an error comes from, NO_COLOR=1 for plain text.

Exit codes: 0 ok, 1 failed, 2 something went to quarantine, 64 wrong usage.

Example:
  duckstep demo && duckstep query "select * from runs"`;

/** Errors that the caller can fix by calling differently. */
const USAGE_ERRORS = ['UsageError', 'ConfigurationError'];

/** The terminal ends each text with a line break itself. */
const withoutLastBreak = (text: string): string => text.replace(/\n$/, '');

const createProgram = (session: Session): Command => {
  const { terminal } = session;
  const program = new Command('duckstep')
    .configureOutput({
      writeOut: (text) => terminal.print(withoutLastBreak(text)),
      writeErr: (text) => terminal.note(withoutLastBreak(text)),
    })
    .description('Files from raw to gold: checked, deduplicated, queryable. The AWS pipeline, on a laptop.')
    .addOption(new Option('--lake <folder>', 'the lake').env('DUCKSTEP_LAKE').default('./lake'))
    .addHelpText('after', HELP)
    .helpCommand(false)
    .showHelpAfterError('(--help shows how)')
    .exitOverride();
  for (const add of [
    addDemo,
    addStart,
    addRun,
    addMaintain,
    addQuery,
    addQuarantine,
    addHistory,
    addExecutions,
    addRuns,
    addCost,
    addRedrive,
    addReplay,
    addRollback,
    addForget,
    addRebuild,
    addRemove,
    addInfer,
    addUpload,
  ])
    add(program, session);
  return program;
};

/** Runs one command, and leaves the exit code of the process in the session. */
export const main = async (session: Session, argv: readonly string[]): Promise<void> => {
  try {
    await createProgram(session).parseAsync([...argv], { from: 'user' });
  } catch (error) {
    session.terminal.status(undefined);
    session.exitCode = report(session, error);
  }
};

/** Prints an error, unless Commander has printed it already. Returns the exit code. */
const report = ({ terminal, env }: Session, error: unknown): number => {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  // DuckDB's own errors have no name; their text begins with one.
  const text = name === 'Error' ? message : `${name}: ${message}`;
  terminal.note(env.DUCKSTEP_DEBUG === '1' && stack !== undefined ? stack : text);
  return USAGE_ERRORS.includes(name) ? EXIT.usage : EXIT.failed;
};
