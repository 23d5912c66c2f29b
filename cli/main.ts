import path from 'node:path';
import { main } from './program.ts';
import { createTerminal } from './render/terminal.ts';
import type { Session } from './session.ts';

// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const session: Session = {
  root: path.resolve(import.meta.dirname, '..'),
  env: process.env,
  terminal: createTerminal(process.stdout, process.stderr, process.env),
  exitCode: 0,
};
await main(session, process.argv.slice(2));
process.exitCode = session.exitCode;
