import type { Command } from 'commander';
import type { WatchEvent } from '../../operate/events.ts';
import { openLocalPipeline } from '../../operate/open/open-pipeline.ts';
import { DEFAULT_CONCURRENCY } from '../../operate/queue.ts';
import { positiveInteger } from '../base/numbers.ts';
import type { Session } from '../base/session.ts';
import { stopSignal } from '../base/stop-signal.ts';
import { countOf, QueueReport } from '../render/queue.ts';
import { renderWatchEvent } from '../render/watch.ts';

const HELP = `
Dropping a file into <lake>/raw/<dataset>/ is the upload. Files that have not been processed yet are picked up, and
executions whose process died are resumed. Small files do not wait for large ones. Where files have to wait, a line shows
how many: rewritten in place on a terminal, else every ten seconds. Ctrl-C waits for running executions. Ctrl-C again, a
second later or more, stops at once: \`duckstep executions\` shows what was cut off, and the next start resumes it.

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

const watch = async ({ root, env, terminal }: Session, lake: string, concurrency: number): Promise<void> => {
  let queue: QueueReport | undefined;
  const observe = (event: WatchEvent): void => {
    const text = renderWatchEvent(event, terminal);
    if (text !== undefined && (event.type === 'error' || event.type === 'ignored')) terminal.note(text);
    else if (text !== undefined) terminal.print(text);
    queue?.show();
  };
  const watching = await openLocalPipeline({ root, env, lake }).watch({ concurrency, observe });
  queue = new QueueReport(terminal, watching.load);
  const ticking = setInterval(() => queue?.tick(), QueueReport.TICK_MS);
  const stopped = stopSignal();
  await watching.ready;
  terminal.print(`Watching ${watching.folder}. Drop files into its folders; Ctrl-C ends.`);
  if (watching.concurrency < concurrency)
    terminal.note(
      `--concurrency ${concurrency}: the machine has memory for ${watching.concurrency} at a time.`,
    );
  await stopped;
  clearInterval(ticking);
  const queued = countOf(watching.load().waiting);
  terminal.note(
    `Waiting for running executions. Press Ctrl-C again to stop now.${queued > 0 ? ` ${queued} queued file${queued === 1 ? ' is' : 's are'} processed at the next start.` : ''}`,
  );
  await watching.close();
  terminal.status(undefined);
};
