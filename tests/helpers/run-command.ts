import type { Session } from '../../cli/base/session.ts';
import { main } from '../../cli/program.ts';
import { ROOT } from './engine.ts';

/** Runs a command of the program in this process; returns its output and its exit code. */
export const runCommand = async (env: NodeJS.ProcessEnv, ...args: string[]) => {
  const [printed, noted]: [string[], string[]] = [[], []];
  const session: Session = {
    root: ROOT,
    env,
    exitCode: 0,
    terminal: {
      print: (text) => void printed.push(text),
      note: (text) => void noted.push(text),
      style: (_, text) => text,
      status: () => undefined,
    },
  };
  await main(session, args);
  return { out: printed.join('\n'), err: noted.join('\n'), code: session.exitCode };
};
