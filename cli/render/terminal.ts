import { styleText } from 'node:util';
import { printable } from '../../shared/base/text.ts';
import { cut } from './text.ts';

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** Where a command writes. Colour and rewritten lines only where a person looks. */
export interface Terminal {
  /** Results. */
  print(text: string): void;
  /** Progress and remarks: they do not belong to the result. */
  note(text: string): void;
  style(style: Style, text: string): string;
  /** Whether nobody reads results any more. */
  isGone?(): boolean;
  /** Columns of the screen; undefined where the result goes into a file or a pipe. */
  width?: number;
  /** Shows a line that the next one replaces; undefined removes it. Nothing where nobody looks. */
  status(text: string | undefined): void;
}

/** For a terminal that does not tell. */
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

/** Tells what takes so long, once it does: more than a second. Plain text, one line, where nobody looks. */
export const during = async <T>(terminal: Terminal, what: string, work: () => Promise<T>): Promise<T> => {
  const started = performance.now();
  const seconds = (): number => Math.round((performance.now() - started) / 1_000);
  const timer = setInterval(() => terminal.status(`${what} … ${seconds()} s`), 1_000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    terminal.status(undefined);
  }
};
