import path from 'node:path';
import type { Session } from './base/session.ts';
import { main } from './program.ts';
import { createTerminal } from './render/terminal.ts';

// A reader may close stdout when it has seen enough (`| head`). Then `start` stops; other commands run to completion,
// because their exit code still reports the result.
let gone = false;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  if (!gone && process.listenerCount('SIGTERM') > 0) process.kill(process.pid, 'SIGTERM');
  gone = true;
});

// A closed stderr loses remarks only.
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
