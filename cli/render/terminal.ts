import { styleText } from 'node:util';
import { printable } from '../../shared/base/text.ts';
import { cut } from './text.ts';

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** The output of a command. Colours and rewritten lines appear only on a screen. */
export interface Terminal {
  /** Results. */
  print(text: string): void;
  /** Progress and remarks, which are no part of the result. */
  note(text: string): void;
  style(style: Style, text: string): string;
  /** Whether the reader of the results has closed the pipe. */
  isGone?(): boolean;
  /** Columns of the screen; undefined where results go into a file or a pipe. */
  width?: number;
  /** Shows a line that the next one replaces; undefined removes it. Only on a screen. */
  status(text: string | undefined): void;
}

/** For a terminal that does not report its width. */
const DEFAULT_WIDTH = 80;

export const createTerminal = (
  out: NodeJS.WriteStream,
  err: NodeJS.WriteStream,
  env: NodeJS.ProcessEnv,
): Terminal => {
  const coloured = out.isTTY && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
  let shown = false;
  const status = (text: string | undefined): void => {
    if (!err.isTTY || (text === undefined && !shown)) return;
    const line = text === undefined ? '' : cut(printable(text), (err.columns || DEFAULT_WIDTH) - 1);
    err.write(`\r\u001b[2K${line}`);
    shown = text !== undefined;
  };
  return {
    print: (text) => {
      status(undefined);
      out.write(`${text}\n`);
    },
    note: (text) => {
      status(undefined);
      err.write(`${text}\n`);
    },
    style: (style, text) => (coloured ? styleText(style, text, { validateStream: false }) : text),
    ...(out.isTTY && { width: out.columns || DEFAULT_WIDTH }),
    status,
  };
};

/** Shows a line about work that takes longer than a second, until the returned function is called. */
export const elapsed = (terminal: Pick<Terminal, 'status'>, what: string): (() => void) => {
  const started = performance.now();
  const seconds = (): number => Math.round((performance.now() - started) / 1_000);
  const timer = setInterval(() => terminal.status(`${what} … ${seconds()} s`), 1_000);
  return () => {
    clearInterval(timer);
    terminal.status(undefined);
  };
};

/** Shows a line while the work runs, once it takes longer than a second. */
export const withElapsed = async <T>(
  terminal: Pick<Terminal, 'status'>,
  what: string,
  work: () => Promise<T>,
): Promise<T> => {
  const stop = elapsed(terminal, what);
  try {
    return await work();
  } finally {
    stop();
  }
};
