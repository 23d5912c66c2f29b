import path from 'node:path';
import { main } from './program.ts';
import { createTerminal } from './render/terminal.ts';
import type { Session } from './session.ts';

// A reader that has seen enough (`| head`) is no error. Who watches has nobody to tell any more and stops; others go on
// to their end, as their exit code says what became of the work.
let gone = false;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  if (!gone && process.listenerCount('SIGTERM') > 0) process.kill(process.pid, 'SIGTERM');
  gone = true;
});

// Remarks that nobody reads are no reason to stop.
process.stderr.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

const session: Session = {
  root: path.resolve(import.meta.dirname, '..'),
  env: process.env,
  terminal: { ...createTerminal(process.stdout, process.stderr, process.env), isGone: () => gone },
  exitCode: 0,
};
await main(session, process.argv.slice(2));
process.exitCode = session.exitCode;
