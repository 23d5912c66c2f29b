import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { messageOf } from '../../operate/local/execution.ts';
import type { AttemptHeader, ExecutionEvent } from '../../operate/local/execution-events.ts';
import { tidyUp } from '../../operate/local/expire.ts';
import { sharesOf } from '../../operate/local/shares.ts';
import { watchRaw } from '../../operate/local/watch.ts';
import { outcomeOf } from '../../operate/outcome.ts';
import { listDatasets } from '../../shared/contract/load.ts';
import { DEFAULT_CONCURRENCY, positiveInteger } from '../process-files.ts';
import { renderOutcome } from '../render/outcome.ts';
import { countOf, QueueReport } from '../render/queue.ts';
import type { Terminal } from '../render/terminal.ts';
import { gist, printable } from '../render/text.ts';
import { openWorkspace, type Session } from '../session.ts';

const HELP = `
Dropping a file into <lake>/raw/<dataset>/ is the upload. Files that nobody processed yet are picked up, and
executions whose process died are resumed. Small files do not wait for large ones. Where files have to wait, a line
says how many: rewritten in place on a terminal, else every ten seconds as long as it lasts. Ctrl-C waits for what is running; another one, a second later or
more, does not: then \`duckstep executions\` shows what was cut off, and the next start resumes it.

Exit codes: 0 after Ctrl-C or SIGTERM, 64 for wrong usage.

Example:
  duckstep start
  cp export.csv lake/raw/signups/`;

export const addStart = (program: Command, session: Session): void => {
  program
    .command('start')
    .description("watch the lake's raw folder and process what is dropped into it")
    .option('--concurrency <n>', 'files at a time', String(DEFAULT_CONCURRENCY))
    .addHelpText('after', HELP)
    .action(async (_, command: Command) => {
      const options = command.optsWithGlobals<{ lake: string; concurrency: string }>();
      const concurrency = positiveInteger(options.concurrency, '--concurrency');
      await watch(session, options.lake, concurrency);
    });
};

const watch = async (session: Session, lakeFolder: string, concurrency: number): Promise<void> => {
  const { terminal } = session;
  const workspace = openWorkspace(session, lakeFolder, (attempt, event) => {
    transition(terminal, attempt, event);
    queue.show();
  });
  await tidyUp(workspace);
  const raw = path.join(workspace.lakeFolder, 'raw');
  for (const dataset of await listDatasets(workspace.config.sqlDir))
    await mkdir(path.join(raw, dataset), { recursive: true });

  const shares = sharesOf(workspace.config, concurrency);
  const watching = watchRaw({
    ...workspace,
    shares,
    onEnd: (execution) => {
      terminal.print(renderOutcome(outcomeOf(execution), terminal));
      queue.show();
    },
    onFailedEarlier: ({ id, key }) =>
      terminal.print(`${printable(key)} failed earlier. To resume it: duckstep redrive ${id}`),
    onIgnored: (key, reason) => terminal.note(`${printable(key)} was ignored: ${reason}.`),
    onError: (key, error) =>
      terminal.note(
        `${key === '' ? raw : printable(key)}: ${error instanceof Error ? `${error.name}: ${error.message}` : error}`,
      ),
  });
  const queue = new QueueReport(terminal, watching.load);
  const ticking = setInterval(() => queue.tick(), QueueReport.TICK_MS);
  const stopped = stopSignal();
  await watching.ready;
  terminal.print(`Watching ${raw}. Drop files into its folders; Ctrl-C ends.`);
  if (shares.concurrency < concurrency)
    terminal.note(
      `--concurrency ${concurrency}: the machine has memory for ${shares.concurrency} at a time.`,
    );
  await stopped;
  clearInterval(ticking);
  const left = countOf(watching.load().waiting);
  terminal.note(
    `Waiting for running executions. Ctrl-C again leaves them.${left > 0 ? ` Files that wait, ${left}, are for the next start.` : ''}`,
  );
  await watching.close();
  terminal.status(undefined);
};

/** npm passes on a Ctrl-C that the terminal has sent already: for so long a second one is the first. */
const ECHO_MS = 1_000;

/** Resolves at the first signal; soon after that the next one kills, as it does without a listener. */
const stopSignal = (): Promise<void> =>
  new Promise((resolve) => {
    const signals = ['SIGINT', 'SIGTERM'] as const;
    let stopping = false;
    const stop = (): void => {
      if (stopping) return;
      stopping = true;
      resolve();
      setTimeout(() => {
        for (const signal of signals) process.off(signal, stop);
      }, ECHO_MS).unref();
    };
    for (const signal of signals) process.on(signal, stop);
  });

/** One line per transition. */
const transition = (terminal: Terminal, { event }: AttemptHeader, entry: ExecutionEvent): void => {
  const key = printable(event.detail.object.key);
  const say = (text: string): void => terminal.print(`${entry.at.slice(11, 23)}  ${key}  ${text}`);
  switch (entry.type) {
    case 'StateEntered':
      say(entry.state);
      break;
    case 'StateFailed':
      say(`${entry.state} ${entry.Error}: ${gist(messageOf(entry))}`);
      break;
    case 'StateRetried':
      say(`${entry.state}, again`);
      break;
  }
};
